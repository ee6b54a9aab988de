// Dot products of ARM's NEON with the dot product extension. See dot_portable.h for what each function means.
#pragma once

#include "inlining.h"
#include "int_neon.h"
#include "layout.h"

namespace mim {
namespace {

struct SignedDot {
    using Partial = Int::Sums;

    static MIM_INLINE Partial open(Int::Sums sums) { return sums; }
    static MIM_INLINE Partial step(Partial partial, Int::Weights weights, Int::Inputs inputs) {
        return vdotq_s32(partial, vreinterpretq_s8_u8(weights), inputs);
    }
    static MIM_INLINE Int::Sums close(Int::Sums, Partial partial) { return partial; }
};

struct Int8Dot : SignedDot {
    static constexpr int kZero = 0;
    // Flipping the sign bit gives the weight itself.
    static MIM_INLINE Int::Weights prepare(Int::Weights weights) { return veorq_u8(weights, vdupq_n_u8(kInt8Zero)); }
};

struct Int4Dot : SignedDot {
    static constexpr int kZero = kInt4Zero;
    static MIM_INLINE Int::Weights prepare(Int::Weights weights) { return weights; }
};

// Sums for the 32 registers.
constexpr int kBlockRows = 5;
constexpr int kManyPanels = 1;
constexpr int kStepsForPrefetch = 6;

}  // namespace
}  // namespace mim
