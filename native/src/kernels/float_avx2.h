// Vectors of 8 floats in AVX2 with FMA. See float_portable.h for what each function means.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Float {
    using Vector = __m256;
    static constexpr int kWidth = 8;
    static constexpr int kTile = 2;

    static MIM_INLINE Vector broadcast(float x) { return _mm256_set1_ps(x); }
    static MIM_INLINE Vector load(const float* x) { return _mm256_loadu_ps(x); }
    static MIM_INLINE void store(float* out, Vector x) { _mm256_storeu_ps(out, x); }

    static MIM_INLINE Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
    static MIM_INLINE Vector subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
    static MIM_INLINE Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
    static MIM_INLINE Vector divide(Vector a, Vector b) { return _mm256_div_ps(a, b); }
    static MIM_INLINE Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
    static MIM_INLINE Vector max(Vector a, Vector b) { return _mm256_max_ps(b, a); }
    static MIM_INLINE Vector min(Vector a, Vector b) { return _mm256_min_ps(b, a); }

    static MIM_INLINE float sum(Vector x) {
        __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        half = _mm_add_ps(half, _mm_movehl_ps(half, half));
        return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
    }
    static MIM_INLINE float largest(Vector x) {
        __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        half = _mm_max_ps(half, _mm_movehl_ps(half, half));
        return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
    }

    static MIM_INLINE Vector max_magnitude(Vector a, Vector x) {
        const __m256i magnitude = _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fffffff));
        return _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(a), magnitude));
    }
    static MIM_INLINE float largest_magnitude(Vector x) {
        const __m256i bits = _mm256_castps_si256(x);
        __m128i half = _mm_max_epi32(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
        half = _mm_max_epi32(half, _mm_unpackhi_epi64(half, half));
        half = _mm_max_epi32(half, _mm_srli_epi64(half, 32));
        return _mm_cvtss_f32(_mm_castsi128_ps(half));
    }

    static MIM_INLINE Vector low_byte_as_exponent(Vector x) {
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 23));
    }
    static MIM_INLINE void store_int8(std::int8_t* out, Vector x) {
        const __m256i ints = _mm256_cvtps_epi32(x);
        const __m128i shorts = _mm_packs_epi32(_mm256_castsi256_si128(ints), _mm256_extracti128_si256(ints, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packs_epi16(shorts, shorts));
    }

    static MIM_INLINE Vector first_of_pairs(const Bf16* pairs) {
        return _mm256_castsi256_ps(_mm256_slli_epi32(load_pairs(pairs), 16));
    }
    // Not by a mask: attention needs all the registers for its sums.
    static MIM_INLINE Vector second_of_pairs(const Bf16* pairs) {
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_srli_epi32(load_pairs(pairs), 16), 16));
    }

  private:
    static MIM_INLINE __m256i load_pairs(const Bf16* pairs) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(pairs));
    }
};

}  // namespace
}  // namespace mim
