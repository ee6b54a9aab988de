// Integer vectors of 8 outputs in AVX2. See int_portable.h for what each function means.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Int {
    using Sums = __m256i;
    using Weights = __m256i;
    using Inputs = __m256i;
    static constexpr int kWidth = 8;

    static MIM_INLINE Sums broadcast(std::int32_t value) { return _mm256_set1_epi32(value); }
    static MIM_INLINE __m256 to_float(Sums values) { return _mm256_cvtepi32_ps(values); }
    static MIM_INLINE __m256 float16_to_float(const std::uint16_t* values) {
        return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values)));
    }

    static MIM_INLINE Inputs load_inputs(const std::int8_t* x) {
        std::int32_t word;
        std::memcpy(&word, x, sizeof word);
        return _mm256_set1_epi32(word);
    }
    static MIM_INLINE Weights load(const std::uint8_t* line) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(line));
    }
    static MIM_INLINE void load_nibbles(const std::uint8_t* line, Weights& low, Weights& high) {
        const __m256i mask = _mm256_set1_epi8(15);
        const __m256i pairs = load(line);
        low = _mm256_and_si256(pairs, mask);
        high = _mm256_and_si256(_mm256_srli_epi16(pairs, 4), mask);
    }
};

}  // namespace
}  // namespace mim
