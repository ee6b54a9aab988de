// Dot products of AVX-512 VNNI. See dot_portable.h for what each function means.
#pragma once

#include "inlining.h"
#include "int_avx512.h"

namespace mim {
namespace {

MIM_INLINE Int::Sums add_products(Int::Sums sums, Int::Weights weights, Int::Inputs inputs) {
    return _mm512_dpbusd_epi32(sums, weights, inputs);
}

// Sums for the 32 registers.
constexpr int kBlockRows = 8;
constexpr int kManyPanels = 2;
constexpr int kStepsForPrefetch = 1;  // every line: with one in four, few rows take 1.2 times as long on Zen 5

}  // namespace
}  // namespace mim

#include "dot_vnni.h"
