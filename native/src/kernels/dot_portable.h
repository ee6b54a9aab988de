// Dot products in plain C++.
//
// A `Dot` multiplies weights of one format: `prepare` makes loaded weights its operands, `open` starts with a sum so
// far, `step` adds the products of four inputs, up to kHalfGroup inputs in all, and `close` gives the sum with them.
// `kZero` is what is to be taken out of each weight by starting from -kZero * sum(x).
#pragma once

#include <cstdint>

#include "inlining.h"
#include "int_portable.h"
#include "layout.h"

namespace mim {
namespace {

template <int kZeroPoint>
struct UnsignedDot {
    static constexpr int kZero = kZeroPoint;
    using Partial = Int::Sums;

    static MIM_INLINE Int::Weights prepare(const Int::Weights& weights) { return weights; }
    static MIM_INLINE Partial open(const Int::Sums& sums) { return sums; }
    static MIM_INLINE Partial step(Partial partial, const Int::Weights& weights, const Int::Inputs& inputs) {
        for (int i = 0; i < Int::kWidth; ++i) {
            for (int k = 0; k < 4; ++k) {
                partial.lane[i] += static_cast<std::int32_t>(weights.word[i] >> 8 * k & 255u) * inputs.value[k];
            }
        }
        return partial;
    }
    static MIM_INLINE Int::Sums close(const Int::Sums&, const Partial& partial) { return partial; }
};

using Int8Dot = UnsignedDot<kInt8Zero>;
using Int4Dot = UnsignedDot<kInt4Zero>;

// Rows of a block, whose sums are kept in registers, and panels for which they are where rows are many.
constexpr int kBlockRows = 1;
constexpr int kManyPanels = 1;
// Words times rows from which on the dot products of a line take about as long as reading it from memory.
constexpr int kStepsForPrefetch = 4;

}  // namespace
}  // namespace mim
