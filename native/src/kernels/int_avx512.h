// Integer vectors of 16 outputs in AVX-512. See int_portable.h for what each function means.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Int {
    using Sums = __m512i;
    using Weights = __m512i;
    using Inputs = __m512i;
    static constexpr int kWidth = 16;

    static MIM_INLINE Sums broadcast(std::int32_t value) { return _mm512_set1_epi32(value); }
    static MIM_INLINE __m512 to_float(Sums values) { return _mm512_cvtepi32_ps(values); }
    static MIM_INLINE __m512 float16_to_float(const std::uint16_t* values) {
        return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
    }

    static MIM_INLINE Inputs load_inputs(const std::int8_t* x) {
        std::int32_t word;
        std::memcpy(&word, x, sizeof word);
        return _mm512_set1_epi32(word);
    }
    static MIM_INLINE Weights load(const std::uint8_t* line) { return _mm512_loadu_si512(line); }
    static MIM_INLINE void load_nibbles(const std::uint8_t* line, Weights& low, Weights& high) {
        const __m512i mask = _mm512_set1_epi8(15);
        const __m512i pairs = load(line);
        low = _mm512_and_si512(pairs, mask);
        high = _mm512_and_si512(_mm512_srli_epi16(pairs, 4), mask);
    }
};

}  // namespace
}  // namespace mim
