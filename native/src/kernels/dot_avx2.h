// Dot products of AVX2 without VNNI. See dot_portable.h for what each function means.
#pragma once

#include "inlining.h"
#include "int_avx2.h"
#include "layout.h"

namespace mim {
namespace {

// Makes GCC add in the order written. It likes to turn a chain of additions into a tree, whose operands then overflow
// the registers: int4 was 1.4 times slower.
MIM_INLINE __m256i keep(__m256i sums) {
#if defined(__GNUC__)
    __asm__("" : "+x"(sums));
#endif
    return sums;
}

// Weights with a sign, as absolute values whose signs are moved to the inputs: a pair of products, at most
// 2 * 128 * 127, then fits 16 bits, whereas pairs of unsigned weights up to 255 would be clipped.
struct Int8Dot {
    static constexpr int kZero = 0;
    using Partial = Int::Sums;

    static MIM_INLINE Int::Weights prepare(Int::Weights weights) {
        return _mm256_xor_si256(weights, _mm256_set1_epi8(static_cast<char>(kInt8Zero)));
    }
    static MIM_INLINE Partial open(Int::Sums sums) { return sums; }
    static MIM_INLINE Partial step(Partial partial, Int::Weights weights, Int::Inputs inputs) {
        const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(inputs, weights));
        return keep(_mm256_add_epi32(partial, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
    }
    static MIM_INLINE Int::Sums close(Int::Sums, Partial partial) { return partial; }
};

// Sums of pairs over kHalfGroup inputs fit 16 bits: 8 * 2 * 15 * 127 = 30480.
struct Int4Dot {
    static constexpr int kZero = kInt4Zero;
    using Partial = __m256i;

    static MIM_INLINE Int::Weights prepare(Int::Weights weights) { return weights; }
    static MIM_INLINE Partial open(Int::Sums) { return _mm256_setzero_si256(); }
    static MIM_INLINE Partial step(Partial partial, Int::Weights weights, Int::Inputs inputs) {
        return keep(_mm256_add_epi16(partial, _mm256_maddubs_epi16(weights, inputs)));
    }
    static MIM_INLINE Int::Sums close(Int::Sums sums, Partial partial) {
        return _mm256_add_epi32(sums, _mm256_madd_epi16(partial, _mm256_set1_epi16(1)));
    }
};

// Sums for the 16 registers.
constexpr int kBlockRows = 4;
constexpr int kManyPanels = 1;
constexpr int kStepsForPrefetch = 2;

}  // namespace
}  // namespace mim
