// Dot products of AVX-VNNI. See dot_portable.h for what each function means.
#pragma once

#include "inlining.h"
#include "int_avx2.h"
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
        return _mm256_dpbusd_avx_epi32(partial, weights, inputs);
    }
    static MIM_INLINE Int::Sums close(Int::Sums, Partial partial) { return partial; }
};

using Int8Dot = VnniDot<kInt8Zero>;
using Int4Dot = VnniDot<kInt4Zero>;

// Sums for the 16 registers.
constexpr int kFewRows = 6;
constexpr int kManyRows = 6;
constexpr int kManyPanels = 1;
constexpr int kStepsForPrefetch = 4;

}  // namespace
}  // namespace mim
