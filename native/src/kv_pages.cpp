#include "kv_pages.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace mim {
namespace {

// Without a branch, so that a loop of it becomes one over vectors.
inline Bf16 round_to_bf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    constexpr std::uint32_t kQuiet = 0x40;  // keeps a NaN whose other bits are cut off from becoming an infinity
    const std::uint32_t nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return static_cast<Bf16>(value != value ? bits >> 16 | kQuiet : nearest);
}

void round_all(const float* x, int n, Bf16* out) {
    for (int i = 0; i < n; ++i) out[i] = round_to_bf16(x[i]);
}

}  // namespace

Bf16 to_bf16(float value) { return round_to_bf16(value); }

float from_bf16(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

void append_key(Bf16* keys, int token, const float* key, int width) {
    Bf16 rounded[kMaxHead];
    round_all(key, width, rounded);
    for (int channel = 0; channel < width; channel += 2) {
        std::memcpy(keys + key_index(token, channel, width), rounded + channel, 2 * sizeof(Bf16));
    }
}

void append_value(Bf16* values, int token, const float* value, int width) {
    Bf16 rounded[kMaxHead];
    round_all(value, width, rounded);
    Bf16* first = values + value_index(token, 0, width);
    for (int channel = 0; channel < width; ++channel) first[2 * channel] = rounded[channel];
}

void read_key(const Bf16* keys, int token, int width, float* out) {
    for (int channel = 0; channel < width; ++channel) out[channel] = from_bf16(keys[key_index(token, channel, width)]);
}

void read_value(const Bf16* values, int token, int width, float* out) {
    for (int channel = 0; channel < width; ++channel) out[channel] = from_bf16(values[value_index(token, channel, width)]);
}

}  // namespace mim
