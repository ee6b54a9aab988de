#include "kv_pages.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include "check.h"

namespace {

using namespace mim;

void test_rounding() {
    CHECK_EQUAL(to_bf16(1.0f), 0x3f80);
    CHECK_EQUAL(to_bf16(-2.5f), 0xc020);
    CHECK_EQUAL(to_bf16(0.0f), 0);
    CHECK_EQUAL(to_bf16(-0.0f), 0x8000);
    // Half way between two neighbours: to the even one.
    CHECK_EQUAL(to_bf16(std::bit_cast<float>(0x3f808000u)), 0x3f80);
    CHECK_EQUAL(to_bf16(std::bit_cast<float>(0x3f818000u)), 0x3f82);
    CHECK_EQUAL(to_bf16(std::bit_cast<float>(0x3f808001u)), 0x3f81);
    CHECK_EQUAL(to_bf16(std::bit_cast<float>(0x3f817fffu)), 0x3f81);
}

void test_values_that_are_no_numbers() {
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK_EQUAL(from_bf16(to_bf16(infinity)), infinity);
    CHECK_EQUAL(from_bf16(to_bf16(-infinity)), -infinity);
    CHECK_EQUAL(from_bf16(to_bf16(std::numeric_limits<float>::max())), infinity);
    CHECK(std::isnan(from_bf16(to_bf16(std::numeric_limits<float>::quiet_NaN()))));
    CHECK(std::isnan(from_bf16(to_bf16(std::bit_cast<float>(0x7f800001u)))));
    CHECK(std::isnan(from_bf16(to_bf16(std::bit_cast<float>(0xffffffffu)))));
}

// Every element of a page belongs to one channel of one token.
template <class Index>
void test_indices(Index index, int width) {
    std::set<std::size_t> seen;
    for (int token = 0; token < kPageTokens; ++token) {
        for (int channel = 0; channel < width; ++channel) seen.insert(index(token, channel, width));
    }
    CHECK_EQUAL(seen.size(), page_half_size(width));
    CHECK_EQUAL(*seen.rbegin(), page_half_size(width) - 1);
}

void test_layout() {
    // Keys: the pair of channels of 16 neighbouring tokens side by side, then the next pair, then the next 16 tokens.
    CHECK_EQUAL(key_index(0, 1, 64), 1u);
    CHECK_EQUAL(key_index(1, 0, 64), 2u);
    CHECK_EQUAL(key_index(0, 2, 64), 32u);
    CHECK_EQUAL(key_index(16, 0, 64), 16u * 64);
    // Values: the two tokens of a pair side by side, then the next channel, then the next pair.
    CHECK_EQUAL(value_index(1, 0, 64), 1u);
    CHECK_EQUAL(value_index(0, 1, 64), 2u);
    CHECK_EQUAL(value_index(2, 0, 64), 128u);
}

float content(int token, int channel) { return static_cast<float>(token - 60) + static_cast<float>(channel) / 256; }

// Tokens written in any order come back, and no others change.
template <class Append, class Read>
void test_tokens(Append append, Read read, int width) {
    std::vector<Bf16> page(page_half_size(width));
    std::vector<float> token_content(width), back(width);
    constexpr int kStride = 37;  // has no divisor in common with kPageTokens, so all tokens come up once
    for (int i = 0; i < kPageTokens; ++i) {
        const int token = i * kStride % kPageTokens;
        const std::vector<Bf16> before = page;
        for (int channel = 0; channel < width; ++channel) token_content[channel] = content(token, channel);
        append(page.data(), token, token_content.data(), width);
        int changed = 0;
        for (std::size_t e = 0; e < page.size(); ++e) changed += page[e] != before[e];
        CHECK(changed <= width);
    }
    for (int token = 0; token < kPageTokens; ++token) {
        read(page.data(), token, width, back.data());
        bool same = true;
        for (int channel = 0; channel < width; ++channel) {
            same = same && back[channel] == from_bf16(to_bf16(content(token, channel)));
        }
        CHECK(same);
    }
}

}  // namespace

int main() {
    test_rounding();
    test_values_that_are_no_numbers();
    test_layout();
    for (int width : {16, 64, 80, 128}) {
        test_indices(key_index, width);
        test_indices(value_index, width);
        test_tokens(append_key, read_key, width);
        test_tokens(append_value, read_value, width);
    }
    return check::report();
}
