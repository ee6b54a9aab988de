// The memory layouts that packing, kernels and caches agree on.
//
// Legend: T tokens of a pass, K input channels, N output channels, E width of a head, C tokens in a row's cache.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mim {

// Output channels that lie side by side in a packed panel.
inline constexpr int kPanel = 16;
// Input channels that share one activation scale. With one scale for a whole token, eight greedy middles in a hundred
// differ from those of float32 activations; see docs/experiments.md for what the finer scales leave.
inline constexpr int kGroup = 64;
// Input channels whose activations are summed together, and the smallest group of int4 weights.
inline constexpr int kHalfGroup = 32;
// Weights are kept unsigned: value + kInt8Zero, or value + kInt4Zero in a nibble.
inline constexpr int kInt8Zero = 128;
inline constexpr int kInt4Zero = 8;

// Keys that lie side by side in a key block, and tokens of one cache page.
inline constexpr int kKeyBlock = 16;
inline constexpr int kPageTokens = 128;
// Heads are padded with zeros to a multiple of this width, and are at most so wide.
inline constexpr int kHeadAlign = 16;
inline constexpr int kMaxHead = 256;

inline constexpr std::size_t kCacheLine = 64;

constexpr int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

// Activations of T tokens, quantized: x[t][k] ~ values[t][k] * scales[t][k / kGroup].
// Values lie in -127..127; channels from K up to groups * kGroup are zero. Does not own its memory.
struct QuantizedRows {
    const std::int8_t* values;   // [rows][groups * kGroup]
    const float* scales;         // [rows][groups]
    const std::int32_t* sums;    // [rows][2 * groups], sum of each kHalfGroup values
    int rows;
    int groups;
    int step = 1;                // 2: these are every other row of what lies there
};

// A weight matrix (N outputs, K inputs) in panels of kPanel outputs. Does not own its memory.
//
// int8: a panel is [stride / 4][kPanel][4] bytes, w = (byte - kInt8Zero) * row_scales[n]. Padding is kInt8Zero.
// int4: a panel is [stride / 8][kPanel][4] bytes; the low nibbles hold inputs 8j..8j+3, the high nibbles 8j+4..8j+7, and
//       w = (nibble - kInt4Zero) * group_scales[panel][k / weight_group][n % kPanel]. Padding is kInt4Zero.
// with stride = groups * kGroup inputs.
struct PackedMatrix {
    const std::uint8_t* panels;
    const float* row_scales;             // int8: [round_up(N, kPanel)], else null
    const std::uint16_t* group_scales;   // int4: float16 [panels][stride / weight_group][kPanel], else null
    int outputs;                         // N
    int groups;                          // of kGroup inputs
    int weight_group;                    // int4: kHalfGroup or kGroup; int8: 0

    bool is_int4() const { return group_scales != nullptr; }
    int stride() const { return groups * kGroup; }
    int n_panels() const { return (outputs + kPanel - 1) / kPanel; }
    std::size_t panel_bytes() const {
        return static_cast<std::size_t>(stride()) * kPanel / (is_int4() ? 2 : 1);
    }
};

// One page of a row's cache for one layer and one key-value head, bfloat16, E padded to kHeadAlign:
//   keys:   [kPageTokens / kKeyBlock][E / 2][kKeyBlock][2]   pairs of channels, so that a dot product runs down a block
//   values: [kPageTokens / 2][E][2]                          pairs of tokens
// A page holds keys, then values; both have kPageTokens * E elements.
using Bf16 = std::uint16_t;

}  // namespace mim
