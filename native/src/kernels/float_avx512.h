// Vectors of 16 floats in AVX-512. See float_portable.h for what each function means.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Float {
    using Vector = __m512;
    static constexpr int kWidth = 16;
    static constexpr int kTile = 4;

    static MIM_INLINE Vector broadcast(float x) { return _mm512_set1_ps(x); }
    static MIM_INLINE Vector load(const float* x) { return _mm512_loadu_ps(x); }
    static MIM_INLINE void store(float* out, Vector x) { _mm512_storeu_ps(out, x); }

    static MIM_INLINE Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
    static MIM_INLINE Vector subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
    static MIM_INLINE Vector multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
    static MIM_INLINE Vector divide(Vector a, Vector b) { return _mm512_div_ps(a, b); }
    static MIM_INLINE Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
    static MIM_INLINE Vector max(Vector a, Vector b) { return _mm512_max_ps(b, a); }
    static MIM_INLINE Vector min(Vector a, Vector b) { return _mm512_min_ps(b, a); }

    static MIM_INLINE float sum(Vector x) { return _mm512_reduce_add_ps(x); }
    static MIM_INLINE float largest(Vector x) { return _mm512_reduce_max_ps(x); }

    static MIM_INLINE Vector max_magnitude(Vector a, Vector x) {
        const __m512i magnitude = _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff));
        return _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(a), magnitude));
    }
    static MIM_INLINE float largest_magnitude(Vector x) {
        return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(_mm512_reduce_max_epi32(_mm512_castps_si512(x)))));
    }

    static MIM_INLINE Vector low_byte_as_exponent(Vector x) {
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 23));
    }
    static MIM_INLINE void store_int8(std::int8_t* out, Vector x) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(x)));
    }

    static MIM_INLINE Vector first_of_pairs(const Bf16* pairs) {
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(pairs), 16));
    }
    static MIM_INLINE Vector second_of_pairs(const Bf16* pairs) {
        const __m512i mask = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
        return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(pairs), mask));
    }
};

}  // namespace
}  // namespace mim
