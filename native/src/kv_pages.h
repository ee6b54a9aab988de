// Where a token's key and value lie in a cache page of one layer and one key-value head. See layout.h.
//
// A cut row keeps its pages, so the slots behind its last token may hold keys and values of cut tokens. Attention gives
// those a probability of exactly 0, which takes them out because they are finite: zeros in a new page, else results of
// an earlier pass. (An infinite or NaN value there means that the model itself had already produced such results.)
#pragma once

#include <cstddef>

#include "layout.h"

namespace mim {

// `width` is always E, padded to kHeadAlign, and `token` the index in the page, 0 <= token < kPageTokens.

// Elements of one page's keys, and as many of its values.
constexpr std::size_t page_half_size(int width) {
    return static_cast<std::size_t>(kPageTokens) * static_cast<std::size_t>(width);
}

// Index into a page's keys of one channel of a token.
constexpr std::size_t key_index(int token, int channel, int width) {
    const int block = token / kKeyBlock;
    return (static_cast<std::size_t>(block) * (width / 2) + channel / 2) * (2 * kKeyBlock) +
           token % kKeyBlock * 2 + channel % 2;
}

// Index into a page's values of one channel of a token.
constexpr std::size_t value_index(int token, int channel, int width) {
    return (static_cast<std::size_t>(token / 2) * width + channel) * 2 + token % 2;
}

// The nearest bfloat16, ties to even; a magnitude above the largest becomes infinity, NaN stays NaN.
Bf16 to_bf16(float value);
float from_bf16(Bf16 value);

// Write one token's key (already rotated) or value; all other tokens stay as they are.
void append_key(Bf16* keys, int token, const float* key, int width);
void append_value(Bf16* values, int token, const float* value, int width);

// Read back what was written.
void read_key(const Bf16* keys, int token, int width, float* out);
void read_value(const Bf16* values, int token, int width, float* out);

}  // namespace mim
