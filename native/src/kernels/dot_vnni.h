// Dot products of processors that multiply unsigned by signed bytes and add the products of four to a sum: AVX-VNNI and
// AVX-512 VNNI. Included behind `add_products`, which is theirs. See dot_portable.h for what each function means.
#pragma once

#include "inlining.h"
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
        return add_products(partial, weights, inputs);
    }
    static MIM_INLINE Int::Sums close(Int::Sums, Partial partial) { return partial; }
};

using Int8Dot = VnniDot<kInt8Zero>;
using Int4Dot = VnniDot<kInt4Zero>;

}  // namespace
}  // namespace mim
