// The product of a block of staged rows and one panel of weights, or a few, over the dot products of `dot_*.h`.
//
// What it computes is the same everywhere, operation by operation, so that a token's result depends neither on how many
// rows are computed together nor on how the work is cut. For one row and one output:
//   total = 0
//   for each group of weights, ascending (int8: kGroup inputs; int4: weight_group inputs):
//       sum = the exact integer dot product of (w - zero) and x
//       int8: total = fma(sum, x_scale, total)
//       int4: total = fma(sum * w_scale, x_scale, total)
//   int8: total = total * row_scale
//
// Included by one file for each instruction set, after its `float_*.h` and `dot_*.h`; hence the unnamed namespace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

constexpr int kLineBytes = kPanel * 4;  // a word for each output of a panel
constexpr int kVectorBytes = Int::kWidth * 4;
constexpr int kPanelVectors = kPanel / Int::kWidth;

// How far ahead weights and their scales are asked for.
constexpr int kPrefetchBytes = 8192;
constexpr int kPrefetchScales = 512;

// A format of weights. A line of a panel has kWords words of four inputs for each output.
template <class D, int kGroupInputs>
struct Format {
    using Dot = D;
    static constexpr bool kIsInt4 = std::is_same_v<D, Int4Dot>;
    static constexpr int kWords = kIsInt4 ? 2 : 1;
    static constexpr int kWeightGroup = kGroupInputs;
    static constexpr int kParts = kGroup / kWeightGroup;      // weight groups of an activation group
    static constexpr int kHalves = kWeightGroup / kHalfGroup;
    static constexpr int kHalfLines = kHalfGroup / 4 / kWords;
};
using Int8 = Format<Int8Dot, kGroup>;
template <int kWeightGroup>
using Int4 = Format<Int4Dot, kWeightGroup>;

// What R rows have of one group of inputs.
template <int R>
struct StagedGroup {
    std::int8_t values[R][kGroup];
    std::int32_t start[R][2];  // of each weight group's sum: takes out what the weights' zero adds
    float scales[R];
};

// Some groups of inputs of one panel, or of more that follow each other.
struct PanelPart {
    const std::uint8_t* lines;          // of the first group
    std::size_t panel_bytes;            // from one panel to the next
    const std::uint16_t* group_scales;  // int4: of the first group
    std::size_t panel_scales;           // from one panel to the next
    const float* row_scales;            // int8, in the part with the last group; else null
    bool is_first;                      // has group 0
    int n_groups;
};

// Outputs of R rows. All parts but the first go on from what is there.
struct OutputBlock {
    float* first;
    std::ptrdiff_t stride;
};

template <class Format, int R>
void stage(const QuantizedRows& x, int first_row, int first_group, int last_group, StagedGroup<R>* staged) {
    for (int group = first_group; group < last_group; ++group, ++staged) {
        for (int r = 0; r < R; ++r) {
            const std::ptrdiff_t source = static_cast<std::ptrdiff_t>(first_row + r) * x.step * x.groups + group;
            const std::int32_t* sums = x.sums + source * 2;
            std::memcpy(staged->values[r], x.values + source * kGroup, kGroup);
            staged->start[r][0] = -Format::Dot::kZero * (Format::kParts == 1 ? sums[0] + sums[1] : sums[0]);
            staged->start[r][1] = -Format::Dot::kZero * sums[1];
            staged->scales[r] = x.scales[source];
        }
    }
}

// Asks for weights before they are needed. Each line when the dot products of a line take about as long as memory does,
// so that they never wait; else one in four, which tells the processor's own prefetcher what comes, and in time.
template <class Format, int R>
MIM_INLINE void prefetch_line(const std::uint8_t* lines, int line) {
    constexpr int kEvery = R * Format::kWords >= kStepsForPrefetch ? 1 : 4;
    if (line % kEvery == 0) MIM_PREFETCH(lines + kPrefetchBytes);
}

template <class Format, int V>
MIM_INLINE void load_line(const std::uint8_t* lines, std::size_t panel_bytes,
                          Int::Weights (&weights)[Format::kWords][V]) {
    MIM_UNROLL
    for (int v = 0; v < V; ++v) {
        const std::uint8_t* source = lines + v / kPanelVectors * panel_bytes + v % kPanelVectors * kVectorBytes;
        if constexpr (Format::kIsInt4) {
            Int::load_nibbles(source, weights[0][v], weights[1][v]);
        } else {
            weights[0][v] = Format::Dot::prepare(Int::load(source));
        }
    }
}

// Adds the products of kHalfGroup inputs to the sums of R rows and V vectors of outputs.
template <class Format, int R, int V>
MIM_INLINE void add_half_group(const std::uint8_t* lines, std::size_t panel_bytes, const StagedGroup<R>& x, int input,
                               Int::Sums (&sums)[R][V]) {
    using Dot = typename Format::Dot;
    typename Dot::Partial partial[R][V];
    MIM_UNROLL
    for (int r = 0; r < R; ++r) {
        MIM_UNROLL
        for (int v = 0; v < V; ++v) partial[r][v] = Dot::open(sums[r][v]);
    }
    MIM_UNROLL
    for (int line = 0; line < Format::kHalfLines; ++line, lines += kLineBytes) {
        MIM_UNROLL
        for (int v = 0; v < V; v += kPanelVectors) {
            prefetch_line<Format, R>(lines + v / kPanelVectors * panel_bytes, line);
        }
        Int::Weights weights[Format::kWords][V];
        load_line<Format>(lines, panel_bytes, weights);
        MIM_UNROLL
        for (int word = 0; word < Format::kWords; ++word, input += 4) {
            MIM_UNROLL
            for (int r = 0; r < R; ++r) {
                const Int::Inputs inputs = Int::load_inputs(&x.values[r][input]);
                MIM_UNROLL
                for (int v = 0; v < V; ++v) partial[r][v] = Dot::step(partial[r][v], weights[word][v], inputs);
            }
        }
    }
    MIM_UNROLL
    for (int r = 0; r < R; ++r) {
        MIM_UNROLL
        for (int v = 0; v < V; ++v) sums[r][v] = Dot::close(sums[r][v], partial[r][v]);
    }
}

// Turns the sums of one group of weights into floats and adds them to the totals.
template <class Format, int R, int V>
MIM_INLINE void add_scaled(const Int::Sums (&sums)[R][V], const StagedGroup<R>& x, const std::uint16_t* group_scales,
                           std::size_t panel_scales, Float::Vector (&totals)[R][V]) {
    Float::Vector weight_scales[V];
    if constexpr (Format::kIsInt4) {
        MIM_UNROLL
        for (int v = 0; v < V; ++v) {
            const std::size_t start = v / kPanelVectors * panel_scales + v % kPanelVectors * Int::kWidth;
            weight_scales[v] = Int::float16_to_float(group_scales + start);
        }
    }
    MIM_UNROLL
    for (int r = 0; r < R; ++r) {
        const Float::Vector x_scale = Float::broadcast(x.scales[r]);
        MIM_UNROLL
        for (int v = 0; v < V; ++v) {
            Float::Vector sum = Int::to_float(sums[r][v]);
            if constexpr (Format::kIsInt4) sum = Float::multiply(sum, weight_scales[v]);
            totals[r][v] = Float::multiply_add(sum, x_scale, totals[r][v]);
        }
    }
}

template <class Format, int R, int V>
MIM_INLINE void add_weight_group(const PanelPart& w, const std::uint8_t* lines, const std::uint16_t* group_scales,
                                 const StagedGroup<R>& x, int part, Float::Vector (&totals)[R][V]) {
    Int::Sums sums[R][V];
    MIM_UNROLL
    for (int r = 0; r < R; ++r) {
        MIM_UNROLL
        for (int v = 0; v < V; ++v) sums[r][v] = Int::broadcast(x.start[r][part]);
    }
    MIM_UNROLL
    for (int half = 0; half < Format::kHalves; ++half) {
        add_half_group<Format>(lines + half * Format::kHalfLines * kLineBytes, w.panel_bytes, x,
                               (part + half) * kHalfGroup, sums);
    }
    add_scaled<Format>(sums, x, group_scales, w.panel_scales, totals);
}

template <int R, int V>
MIM_INLINE void load_totals(const PanelPart& w, const OutputBlock& out, Float::Vector (&totals)[R][V]) {
    MIM_UNROLL
    for (int r = 0; r < R; ++r) {
        MIM_UNROLL
        for (int v = 0; v < V; ++v) {
            totals[r][v] = w.is_first ? Float::broadcast(0) : Float::load(out.first + r * out.stride + v * Int::kWidth);
        }
    }
}

template <int R, int V>
MIM_INLINE void store_totals(const PanelPart& w, const Float::Vector (&totals)[R][V], const OutputBlock& out) {
    MIM_UNROLL
    for (int v = 0; v < V; ++v) {
        Float::Vector scale = Float::broadcast(1);
        if (w.row_scales != nullptr) scale = Float::load(w.row_scales + v * Int::kWidth);
        MIM_UNROLL
        for (int r = 0; r < R; ++r) {
            Float::store(out.first + r * out.stride + v * Int::kWidth, Float::multiply(totals[r][v], scale));
        }
    }
}

template <class Format, int R, int kPanels>
void multiply_part(const PanelPart& w, const StagedGroup<R>* x, const OutputBlock& out) {
    Float::Vector totals[R][kPanels * kPanelVectors];
    load_totals(w, out, totals);
    const std::uint8_t* lines = w.lines;
    const std::uint16_t* group_scales = w.group_scales;
    for (int group = 0; group < w.n_groups; ++group, ++x) {
        if constexpr (Format::kIsInt4) MIM_PREFETCH(group_scales + kPrefetchScales);
        MIM_UNROLL
        for (int part = 0; part < Format::kParts; ++part) {
            add_weight_group<Format>(w, lines, group_scales, *x, part, totals);
            lines += Format::kHalves * Format::kHalfLines * kLineBytes;
            if constexpr (Format::kIsInt4) group_scales += kPanel;
        }
    }
    store_totals(w, totals, out);
}

}  // namespace
}  // namespace mim
