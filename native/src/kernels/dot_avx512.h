// Dot products of AVX-512 VNNI. See dot_portable.h for what each function means.
#pragma once

#include "inlining.h"
#include "int_avx512.h"
#include "layout.h"

namespace mim {
namespace {

template <int kZeroPoint>
struct VnniDot {
    static constexpr int kZero = kZeroPoint;
    using Partial = Int::Sums;

    static MIM_INLINE Int::Weights prepare(Int::Weights weights) { return weights; }
    static MIM_INLINE Partial open(Int::Sums sums) { return sums; }
    static MIM_INLINE Partial step(Partial partial, Int::Weights weights, Int::Inputs inputs) {
        return _mm512_dpbusd_epi32(partial, weights, inputs);
    }
    static MIM_INLINE Int::Sums close(Int::Sums, Partial partial) { return partial; }
};

using Int8Dot = VnniDot<kInt8Zero>;
using Int4Dot = VnniDot<kInt4Zero>;

// Sums for the 32 registers.
constexpr int kFewRows = 8;
constexpr int kManyRows = 7;
constexpr int kManyPanels = 2;
constexpr int kStepsForPrefetch = 6;

}  // namespace
}  // namespace mim
