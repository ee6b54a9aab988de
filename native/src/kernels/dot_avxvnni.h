// Dot products of AVX-VNNI. See dot_portable.h for what each function means.
#pragma once

#include "inlining.h"
#include "int_avx2.h"

namespace mim {
namespace {

MIM_INLINE Int::Sums add_products(Int::Sums sums, Int::Weights weights, Int::Inputs inputs) {
    return _mm256_dpbusd_avx_epi32(sums, weights, inputs);
}

// Sums for the 16 registers.
constexpr int kBlockRows = 6;
constexpr int kManyPanels = 1;
constexpr int kStepsForPrefetch = 4;

}  // namespace
}  // namespace mim

#include "dot_vnni.h"
