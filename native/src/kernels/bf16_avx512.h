// Attention's products in AVX512_BF16: two products of bfloat16 added to a float32, in each lane, in one instruction.
// Included after float_avx512.h; hence the unnamed namespace.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstring>

#include "attention.h"

namespace mim {
namespace {

// A pair of bfloat16 coefficients is kept in the bits of one float.
struct Bf16Pairs {
    static constexpr int kSteps = 1;

    static MIM_INLINE __m512 load(const Bf16* pairs, int) { return _mm512_loadu_ps(pairs); }
    static MIM_INLINE __m512 multiply_add(__m512 pairs, __m512 coefficient, __m512 sum) {
        return _mm512_dpbf16_ps(sum, as_bf16(pairs), as_bf16(coefficient));
    }

    // The queries as coefficients for pairs of channels, times log2(e), so that 2^score is what exp would be.
    class Queries {
      public:
        explicit Queries(const AttentionTask& task) {
            for (int q = 0; q < task.n_queries; ++q) {
                for (int i = 0; i < task.head_width; i += 16) {
                    const __m512 x = _mm512_loadu_ps(task.queries + q * task.head_width + i);
                    const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_mul_ps(x, _mm512_set1_ps(kLog2E)));
                    std::memcpy(rows_[q] + i / 2, &rounded, sizeof rounded);
                }
            }
        }
        QueryRows<const float> rows() const { return {rows_[0], kMaxHead / 2}; }

      private:
        static constexpr float kLog2E = 1.44269504f;
        float rows_[kMaxQueries][kMaxHead / 2];
    };

    // As WidenedPairs has it. The sum is that of the rounded probabilities, so that they add up to 1.
    static float exponentiate(float* scores, int n, float largest) {
        const __m512 ones = _mm512_castsi512_ps(_mm512_set1_epi32(0x3f803f80));
        const __m512 shift = _mm512_set1_ps(largest);
        __m512 sum = _mm512_setzero_ps();
        for (int i = 0; i < n; i += 32) {
            const __m512 first = exp2(_mm512_sub_ps(_mm512_loadu_ps(scores + i), shift));
            const __m512 second = exp2(_mm512_sub_ps(_mm512_loadu_ps(scores + i + 16), shift));
            const __m512 rounded = as_float(_mm512_cvtne2ps_pbh(second, first));
            _mm512_storeu_ps(scores + i / 2, rounded);
            sum = multiply_add(rounded, ones, sum);
        }
        return _mm512_reduce_add_ps(sum);
    }

  private:
    // 2^x with a relative error below 1e-4, enough for what becomes bfloat16; 0 for minus infinity.
    static MIM_INLINE __m512 exp2(__m512 x) {
        // Of least relative error for 0 <= x <= 1.
        constexpr float kCoefficients[] = {0.9999252186f, 0.6958335405f, 0.2260671554f, 0.07802452264f};
        constexpr int kMinusFloor = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
        return _mm512_scalef_ps(polynomial(_mm512_reduce_ps(x, kMinusFloor), kCoefficients), x);
    }

    static MIM_INLINE __m512bh as_bf16(__m512 x) {
        __m512bh result;
        std::memcpy(&result, &x, sizeof result);
        return result;
    }
    static MIM_INLINE __m512 as_float(__m512bh x) {
        __m512 result;
        std::memcpy(&result, &x, sizeof result);
        return result;
    }
};

}  // namespace
}  // namespace mim
