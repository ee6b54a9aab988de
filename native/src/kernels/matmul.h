// The matrix product of every instruction set: how rows and panels are cut and staged, over `panel_product.h`.
//
// Rows are taken in blocks whose sums fit the registers. A block is staged: copied so that all it has of a group of
// inputs lies side by side, at distances the compiler knows. A few blocks make a batch, which reads a panel once.
//
// Included by one file for each instruction set, after its `float_*.h` and `dot_*.h`; hence the unnamed namespace.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include "layout.h"
#include "panel_product.h"

namespace mim {
namespace {

// Groups of inputs that are staged at a time: few enough for the stack.
constexpr int kStagedGroups = 32;
// Weights that are read again for each batch of rows should stay in a core's own cache.
constexpr std::size_t kTileBytes = std::size_t{256} << 10;

template <class Format>
PanelPart find_part(const PackedMatrix& w, int panel, int first_group, int last_group) {
    constexpr std::size_t kGroupBytes = static_cast<std::size_t>(kGroup) * kPanel / Format::kWords;
    PanelPart part{};
    part.panel_bytes = w.panel_bytes();
    part.lines = w.panels + panel * part.panel_bytes + first_group * kGroupBytes;
    part.is_first = first_group == 0;
    part.n_groups = last_group - first_group;
    if constexpr (Format::kIsInt4) {
        part.panel_scales = static_cast<std::size_t>(w.groups) * Format::kParts * kPanel;
        part.group_scales = w.group_scales + panel * part.panel_scales + first_group * Format::kParts * kPanel;
    } else if (last_group == w.groups) {
        part.row_scales = w.row_scales + panel * kPanel;
    }
    return part;
}

// What one call of the table's `matmul` is asked for, or a part of its panels.
struct Call {
    const QuantizedRows& x;
    const PackedMatrix& w;
    int first_panel, last_panel;
    float* out;
    std::ptrdiff_t out_stride;
};

// What differs with the number of rows of a block.
struct BlockWork {
    void (*stage)(const QuantizedRows& x, int first_row, int first_group, int last_group, std::byte* staged);
    // The outputs of one panel, or of kManyPanels.
    void (*multiply)(const PanelPart& part, int panels, const std::byte* staged, const OutputBlock& out);
};

template <class Format, int R>
constexpr BlockWork work_on_rows() {
    return {[](const QuantizedRows& x, int first_row, int first_group, int last_group, std::byte* staged) {
                stage<Format>(x, first_row, first_group, last_group, reinterpret_cast<StagedGroup<R>*>(staged));
            },
            [](const PanelPart& part, int panels, const std::byte* staged, const OutputBlock& out) {
                const auto* x = reinterpret_cast<const StagedGroup<R>*>(staged);
                if (panels == 1) return multiply_part<Format, R, 1>(part, x, out);
                multiply_part<Format, R, kManyPanels>(part, x, out);
            }};
}

// Of blocks of 1 .. sizeof...(kIndex) rows.
template <class Format, std::size_t... kIndex>
const BlockWork& choose_work(int rows, std::index_sequence<kIndex...>) {
    static constexpr BlockWork kChoices[] = {work_on_rows<Format, kIndex + 1>()...};
    return kChoices[rows - 1];
}

// Calls function(first, size) for parts of nearly the same size, at most `most`, of `size` things from `first` on.
template <class F>
void for_even_parts(int first, int size, int most, F&& function) {
    for (int parts = (size + most - 1) / most; parts > 0; --parts) {
        const int part = size / parts;
        function(first, part);
        first += part, size -= part;
    }
}

// Some groups of inputs of a few blocks of rows, staged together: all of the blocks take a panel while it is in the first
// cache, and memory has the next one ready by the time that they are done with it.
template <class Format>
class Batch {
  public:
    static constexpr int kMaxBlocks = 4;
    static constexpr int kMaxRows = kMaxBlocks * kBlockRows;

    Batch(const QuantizedRows& x, int first_row, int n_rows, int first_group, int last_group) {
        for_even_parts(first_row, n_rows, kBlockRows, [&](int row, int rows) {
            const BlockWork& work = choose_work<Format>(rows, std::make_index_sequence<kBlockRows>());
            work.stage(x, row, first_group, last_group, staged_[n_blocks_]);
            blocks_[n_blocks_++] = {row, &work};
        });
    }

    void multiply(const PanelPart& part, int panels, const OutputBlock& out) const {
        for (int i = 0; i < n_blocks_; ++i) {
            const auto [row, work] = blocks_[i];
            work->multiply(part, panels, staged_[i], {out.first + row * out.stride, out.stride});
        }
    }

  private:
    struct Block {
        int first_row;
        const BlockWork* work;
    };

    int n_blocks_ = 0;
    Block blocks_[kMaxBlocks];
    alignas(kCacheLine) std::byte staged_[kMaxBlocks][kStagedGroups * sizeof(StagedGroup<kBlockRows>)];
};

// Few rows are read off memory in one stream, panel by panel. Of more, arithmetic takes longer than memory, and as many
// panels are taken at a time as the registers hold.
template <class Format>
void multiply_batch(const Call& call, int first_row, int rows) {
    const int at_once = rows <= 2 * kBlockRows ? 1 : kManyPanels;
    for (int first = 0; first < call.w.groups; first += kStagedGroups) {
        const int last = std::min(first + kStagedGroups, call.w.groups);
        const Batch<Format> batch(call.x, first_row, rows, first, last);
        for (int panel = call.first_panel, panels; panel < call.last_panel; panel += panels) {
            panels = panel + at_once <= call.last_panel ? at_once : 1;
            float* out = call.out + (panel - call.first_panel) * kPanel;
            batch.multiply(find_part<Format>(call.w, panel, first, last), panels, {out, call.out_stride});
        }
    }
}

// More rows than a batch has take their panels from a tile that stays in a core's own cache.
template <class Format>
void multiply_format(const Call& call) {
    constexpr int kBatch = Batch<Format>::kMaxRows;
    if (call.x.rows <= kBatch) return multiply_batch<Format>(call, 0, call.x.rows);
    const int tile_panels = round_up(std::max(static_cast<int>(kTileBytes / call.w.panel_bytes()), 1), kManyPanels);
    Call tile = call;
    for (; tile.first_panel < call.last_panel; tile.first_panel = tile.last_panel) {
        tile.last_panel = std::min(tile.first_panel + tile_panels, call.last_panel);
        for_even_parts(0, call.x.rows, kBatch, [&](int row, int rows) { multiply_batch<Format>(tile, row, rows); });
        tile.out += (tile.last_panel - tile.first_panel) * kPanel;
    }
}

void matmul(const QuantizedRows& x, const PackedMatrix& w, int first_panel, int last_panel, float* out,
            int out_stride) {
    const Call call{x, w, first_panel, last_panel, out, out_stride};
    if (!w.is_int4()) return multiply_format<Int8>(call);
    if (w.weight_group == kGroup) return multiply_format<Int4<kGroup>>(call);
    multiply_format<Int4<kHalfGroup>>(call);
}

}  // namespace
}  // namespace mim
