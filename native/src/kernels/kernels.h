// The inner loops, one table of them for each instruction set; `choose_kernels` is the only place that looks at the
// processor. All tables compute the same: integer parts bit for bit, float parts up to the order of rounding. Within one
// table a token's result never depends on how many others are computed with it, nor on which thread does it.
#pragma once

#include <string>
#include <vector>

#include "layout.h"

namespace mim {

// Query rows of one attention call at most: with 16-wide vectors their accumulators just fit the registers.
inline constexpr int kMaxQueries = 6;

// Attention of up to kMaxQueries query vectors that share one key-value head.
struct AttentionTask {
    const float* queries;           // [n_queries][head_width], already rotated and scaled by 1 / sqrt(E)
    const int* visible;             // [n_queries]: each sees the first visible[i] >= 1 tokens
    const Bf16* const* keys;        // for each page its keys of this layer and head
    const Bf16* const* values;      // for each page its values
    float* scores;                  // scratch, [n_queries][round_up(max visible, kPageTokens)]
    float* out;                     // [n_queries] rows, out_stride floats apart
    int n_queries;
    int head_width;                 // E, padded to kHeadAlign
    int out_stride;
};

struct Kernels {
    const char* name;

    // out[t * out_stride + n - first_panel * kPanel] = sum_k x[t][k] w[n][k] for the outputs of panels
    // first_panel .. last_panel - 1, padding outputs included. Any number of rows: few are bound by reading w, many by
    // arithmetic.
    void (*matmul)(const QuantizedRows& x, const PackedMatrix& w, int first_panel, int last_panel, float* out,
                   int out_stride);

    // Quantizes n floats into round_up(n, kGroup) values, their scales and half-group sums (see QuantizedRows).
    void (*quantize)(const float* x, int n, std::int8_t* values, float* scales, std::int32_t* sums);

    // out[i] = x[i] * weight[i] / sqrt(mean(x^2) + eps)   (RMSNorm, Zhang and Sennrich 2019)
    void (*rms_norm)(const float* x, const float* weight, int n, float eps, float* out);

    // out[i] = silu(gate[i]) * up[i]   (SwiGLU, Shazeer 2020)
    void (*silu_multiply)(const float* gate, const float* up, int n, float* out);

    // out[i] += x[i]
    void (*add)(const float* x, int n, float* out);

    // In place: x[i] - log(sum_j exp(x[j]))
    void (*log_softmax)(float* x, int n);

    void (*attend)(const AttentionTask& task);
};

// The fastest table that this processor can run. `MIM_KERNELS` in the environment names another one, for tests and for
// measurements.
const Kernels& choose_kernels();

// Every table that this processor can run, the fastest first; the portable one is last.
std::vector<const Kernels*> usable_kernels();

// What of the processor the choice looks at, for `mim-lsp doctor`: "avx2 fma avx512f ...".
std::string processor_features();

}  // namespace mim
