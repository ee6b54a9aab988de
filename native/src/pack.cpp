#include "pack.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "float16.h"

namespace mim {
namespace {

static_assert(std::endian::native == std::endian::little, "the four inputs of an output are moved as one integer");

using Word = std::uint32_t;  // the bytes of one output in one line of a panel

// int8 + kInt8Zero is the same as flipping the sign bit of each byte.
Word make_unsigned(Word int8_values) { return int8_values ^ 0x80808080u; }

// Nibbles from 76543210 (an int4 row's order, the lowest input last) to 73625140 (a panel's).
Word interleave_nibbles(Word pairs) {
    const Word middle_bytes = (pairs ^ (pairs >> 8)) & 0x0000ff00u;
    pairs ^= middle_bytes ^ (middle_bytes << 8);
    const Word middle_nibbles = (pairs ^ (pairs >> 4)) & 0x00f000f0u;
    return pairs ^ middle_nibbles ^ (middle_nibbles << 4);
}

// How one format goes from a group of inputs of a row to words of a panel.
struct Int8Format {
    static constexpr int kGroupBytes = kGroup;
    static constexpr std::uint8_t kPadding = 0;
    static Word to_panel(Word values) { return make_unsigned(values); }
};

struct Int4Format {
    static constexpr int kGroupBytes = kGroup / 2;
    static constexpr std::uint8_t kPadding = kInt4Zero | kInt4Zero << 4;
    static Word to_panel(Word pairs) { return interleave_nibbles(pairs); }
};

// One group of one output: reads a row's bytes in order, writes a word into each line. A group at a time, since a cache
// line of every row of a panel would not stay in the cache when the rows are a multiple of 4096 bytes apart.
template <class Format>
void pack_group(const std::uint8_t* source, std::uint8_t* first_line) {
    constexpr int kLineBytes = kPanel * sizeof(Word);
    for (int i = 0; i < Format::kGroupBytes / static_cast<int>(sizeof(Word)); ++i) {
        Word word;
        std::memcpy(&word, source + i * sizeof(Word), sizeof word);
        word = Format::to_panel(word);
        std::memcpy(first_line + i * kLineBytes, &word, sizeof word);
    }
}

// A group of which the row has only `size` bytes, perhaps none.
template <class Format>
void pack_padded_group(const std::uint8_t* source, int size, std::uint8_t* first_line) {
    std::uint8_t padded[Format::kGroupBytes];
    std::memset(padded, Format::kPadding, sizeof padded);
    std::copy_n(source, size, padded);
    pack_group<Format>(padded, first_line);
}

// The first n_rows of a panel's outputs come from `rows`, the others are padding.
template <class Format>
void pack_panel(const std::uint8_t* rows, int n_rows, int row_bytes, std::uint8_t* panel) {
    for (int start = 0; start < row_bytes; start += Format::kGroupBytes, panel += Format::kGroupBytes * kPanel) {
        const int size = std::min(row_bytes - start, Format::kGroupBytes);
        for (int i = 0; i < kPanel; ++i) {
            const std::uint8_t* source = rows + static_cast<std::size_t>(std::min(i, n_rows - 1)) * row_bytes + start;
            std::uint8_t* column = panel + i * sizeof(Word);
            if (i < n_rows && size == Format::kGroupBytes) {
                pack_group<Format>(source, column);
            } else {
                pack_padded_group<Format>(source, i < n_rows ? size : 0, column);
            }
        }
    }
}

template <class Format>
void pack_panels(const std::uint8_t* rows, int outputs, int row_bytes, int first_panel, int last_panel,
                 std::uint8_t* panels) {
    const std::size_t panel_bytes = static_cast<std::size_t>(round_up(row_bytes, Format::kGroupBytes)) * kPanel;
    for (int panel = first_panel; panel < last_panel; ++panel) {
        const int output = panel * kPanel;
        pack_panel<Format>(rows + static_cast<std::size_t>(output) * row_bytes, std::min(outputs - output, kPanel),
                           row_bytes, panels + panel * panel_bytes);
    }
}

void pack_group_scales(const std::uint16_t* scales, int outputs, int groups, int packed_groups, int first_panel,
                       int last_panel, std::uint16_t* packed) {
    for (int output = first_panel * kPanel; output < last_panel * kPanel; ++output) {
        const std::size_t panel = static_cast<std::size_t>(output / kPanel);
        std::uint16_t* column = packed + panel * packed_groups * kPanel + output % kPanel;
        for (int group = 0; group < packed_groups; ++group) {
            const bool is_padding = output >= outputs || group >= groups;
            column[group * kPanel] = is_padding ? 0 : scales[static_cast<std::size_t>(output) * groups + group];
        }
    }
}

void unpack_int8_row(const PackedMatrix& matrix, const std::uint8_t* column, int output, int inputs, float* row) {
    const float scale = matrix.row_scales[output];
    for (int k = 0; k < inputs; ++k) {
        row[k] = static_cast<float>(column[k / 4 * (4 * kPanel) + k % 4] - kInt8Zero) * scale;
    }
}

void unpack_int4_row(const PackedMatrix& matrix, const std::uint8_t* column, int output, int inputs, float* row) {
    const int packed_groups = matrix.stride() / matrix.weight_group;
    const std::uint16_t* scales =
        matrix.group_scales + static_cast<std::size_t>(output / kPanel) * packed_groups * kPanel + output % kPanel;
    for (int k = 0; k < inputs; ++k) {
        const int pair = column[k / 8 * (4 * kPanel) + k % 4];
        const int nibble = k % 8 < 4 ? pair & 15 : pair >> 4;
        row[k] = static_cast<float>(nibble - kInt4Zero) * float16_to_float(scales[k / matrix.weight_group * kPanel]);
    }
}

}  // namespace

void pack_int8(const std::int8_t* values, const float* row_scales, int outputs, int inputs, int first_panel,
               int last_panel, std::uint8_t* panels, float* packed_row_scales) {
    pack_panels<Int8Format>(reinterpret_cast<const std::uint8_t*>(values), outputs, inputs, first_panel, last_panel,
                            panels);
    for (int output = first_panel * kPanel; output < last_panel * kPanel; ++output) {
        packed_row_scales[output] = output < outputs ? row_scales[output] : 0.0f;
    }
}

void pack_int4(const std::uint8_t* pairs, const std::uint16_t* group_scales, int outputs, int inputs, int weight_group,
               int first_panel, int last_panel, std::uint8_t* panels, std::uint16_t* packed_group_scales) {
    pack_panels<Int4Format>(pairs, outputs, inputs / 2, first_panel, last_panel, panels);
    const int packed_groups = round_up(inputs, kGroup) / weight_group;
    pack_group_scales(group_scales, outputs, inputs / weight_group, packed_groups, first_panel, last_panel,
                      packed_group_scales);
}

void unpack_row(const PackedMatrix& matrix, int output, int inputs, float* row) {
    const std::uint8_t* column = matrix.panels + static_cast<std::size_t>(output / kPanel) * matrix.panel_bytes() +
                                 static_cast<std::size_t>(output % kPanel) * sizeof(Word);
    if (matrix.is_int4()) {
        unpack_int4_row(matrix, column, output, inputs, row);
    } else {
        unpack_int8_row(matrix, column, output, inputs, row);
    }
}

}  // namespace mim
