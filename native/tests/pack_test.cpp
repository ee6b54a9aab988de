// Packing against the layout's definition, and unpacking against the weights.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "check.h"
#include "random_problem.h"

namespace {

using namespace mim;

// The byte or nibble of a weight, as layout.h defines where it is.
int stored_weight(const PackedMatrix& matrix, int output, int input) {
    const std::uint8_t* panel = matrix.panels + output / kPanel * matrix.panel_bytes();
    if (!matrix.is_int4()) return panel[(input / 4 * kPanel + output % kPanel) * 4 + input % 4];
    const int pair = panel[(input / 8 * kPanel + output % kPanel) * 4 + input % 4];
    return input % 8 < 4 ? pair & 15 : pair >> 4;
}

int count_misplaced(const RandomMatrix& source, const PackedMatrix& matrix) {
    const int zero = matrix.is_int4() ? kInt4Zero : kInt8Zero;
    int misplaced = 0;
    for (int output = 0; output < matrix.n_panels() * kPanel; ++output) {
        for (int input = 0; input < matrix.stride(); ++input) {
            const bool is_padding = output >= source.outputs || input >= source.inputs;
            const std::size_t i = static_cast<std::size_t>(output) * source.inputs + input;
            const int expected = is_padding ? 0 : source.whole_numbers[i];
            misplaced += stored_weight(matrix, output, input) != expected + zero;
        }
    }
    return misplaced;
}

int count_wrong_scales(const RandomMatrix& source, const PackedMatrix& matrix) {
    const int packed_groups = matrix.is_int4() ? matrix.stride() / matrix.weight_group : 1;
    const int groups = matrix.is_int4() ? source.inputs / matrix.weight_group : 1;
    int wrong = 0;
    for (int output = 0; output < matrix.n_panels() * kPanel; ++output) {
        for (int group = 0; group < packed_groups; ++group) {
            const bool is_padding = output >= source.outputs || group >= groups;
            if (matrix.is_int4()) {
                const std::size_t panel = static_cast<std::size_t>(output / kPanel);
                const std::size_t i = (panel * packed_groups + group) * kPanel + output % kPanel;
                wrong += matrix.group_scales[i] != (is_padding ? 0 : source.group_scales[output * groups + group]);
            } else {
                wrong += matrix.row_scales[output] != (is_padding ? 0.0f : source.row_scales[output]);
            }
        }
    }
    return wrong;
}

bool unpacks_to_weights(const RandomMatrix& source, const PackedMatrix& matrix) {
    std::vector<float> row(source.inputs);
    for (int output = 0; output < source.outputs; ++output) {
        unpack_row(matrix, output, source.inputs, row.data());
        for (int input = 0; input < source.inputs; ++input) {
            if (row[input] != static_cast<float>(source.weight(output, input))) return false;
        }
    }
    return true;
}

void test_shape(int outputs, int inputs, int weight_group) {
    const RandomMatrix source(outputs, inputs, weight_group);
    const Packed packed(source);
    CHECK_EQUAL(count_misplaced(source, packed.matrix), 0);
    CHECK_EQUAL(count_wrong_scales(source, packed.matrix), 0);
    CHECK(unpacks_to_weights(source, packed.matrix));
}

void test_minus_128() {
    RandomMatrix source(3, 5, 0);
    source.fill(-128);
    const Packed packed(source);
    CHECK_EQUAL(count_misplaced(source, packed.matrix), 0);
    CHECK(unpacks_to_weights(source, packed.matrix));
}

void test_panel_range_is_kept_to() {
    const RandomMatrix source(64, 64, 0);
    Packed packed(source);
    std::fill_n(packed.panels.data(), packed.panels.size(), std::uint8_t{7});
    pack_int8(source.int8_values().data(), source.row_scales.data(), 64, 64, 1, 2, packed.panels.data(),
              packed.row_scales.data());
    const std::size_t panel_bytes = packed.matrix.panel_bytes();
    const auto is_untouched = [&](std::size_t first, std::size_t last) {
        const std::uint8_t* panels = packed.panels.data();
        return std::all_of(panels + first, panels + last, [](std::uint8_t byte) { return byte == 7; });
    };
    CHECK(is_untouched(0, panel_bytes));
    CHECK(!is_untouched(panel_bytes, 2 * panel_bytes));
    CHECK(is_untouched(2 * panel_bytes, 4 * panel_bytes));
}

void test_float16() {
    CHECK_EQUAL(float16_to_float(0x3c00), 1.0f);
    CHECK_EQUAL(float16_to_float(0xc500), -5.0f);
    CHECK_EQUAL(float16_to_float(0x7bff), 65504.0f);
    CHECK_EQUAL(float16_to_float(0x0001), std::ldexp(1.0f, -24));
    CHECK_EQUAL(float16_to_float(0x83ff), std::ldexp(-1023.0f, -24));
    CHECK_EQUAL(float16_to_float(0x7c00), std::numeric_limits<float>::infinity());
    CHECK(std::isnan(float16_to_float(0x7e00)));
    CHECK(std::isnan(float16_to_float(0x7c01)));
    CHECK_EQUAL(std::bit_cast<std::uint32_t>(float16_to_float(0x8000)), 0x80000000u);
}

}  // namespace

int main() {
    for (int outputs : {1, 16, 17, 32, 400}) {
        for (int inputs : {1, 8, 56, 63, 64, 704}) test_shape(outputs, inputs, 0);
        for (int inputs : {32, 64, 96, 704}) test_shape(outputs, inputs, kHalfGroup);
        for (int inputs : {64, 704}) test_shape(outputs, inputs, kGroup);
    }
    test_minus_128();
    test_panel_range_is_kept_to();
    test_float16();
    return check::report();
}
