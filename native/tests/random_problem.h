// Random matrices and activations for the tests of packing and of the matrix product.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "buffer.h"
#include "float16.h"
#include "layout.h"
#include "pack.h"

namespace mim {

inline std::mt19937 generator(1);

inline int random_int(int lowest, int highest) {
    return std::uniform_int_distribution<int>(lowest, highest)(generator);
}

// A matrix as a model file holds it, the same packed, and what its weights are.
class RandomMatrix {
  public:
    // weight_group: of int4; 0 for int8.
    RandomMatrix(int outputs, int inputs, int weight_group)
        : outputs(outputs),
          inputs(inputs),
          weight_group(weight_group),
          whole_numbers(static_cast<std::size_t>(outputs) * inputs) {
        const int largest = weight_group == 0 ? 127 : 7;
        for (int& value : whole_numbers) value = random_int(-largest - (weight_group == 0 ? 0 : 1), largest);
        row_scales.resize(outputs);
        for (float& scale : row_scales) scale = std::uniform_real_distribution<float>(-1, 1)(generator);
        if (weight_group != 0) group_scales.resize(whole_numbers.size() / weight_group);
        // Of much the same size, so that an error in one is seen in a sum.
        for (std::uint16_t& scale : group_scales) scale = static_cast<std::uint16_t>(random_int(0x3400, 0x3bff));
    }

    void fill(int value) { std::fill(whole_numbers.begin(), whole_numbers.end(), value); }

    double weight(int output, int input) const {
        const std::size_t i = static_cast<std::size_t>(output) * inputs + input;
        const float scale = weight_group == 0 ? row_scales[output] : float16_to_float(group_scales[i / weight_group]);
        return whole_numbers[i] * static_cast<double>(scale);
    }

    std::vector<std::int8_t> int8_values() const { return {whole_numbers.begin(), whole_numbers.end()}; }

    std::vector<std::uint8_t> int4_pairs() const {
        std::vector<std::uint8_t> pairs(whole_numbers.size() / 2);
        for (std::size_t i = 0; i < whole_numbers.size(); ++i) {
            pairs[i / 2] |= static_cast<std::uint8_t>((whole_numbers[i] + kInt4Zero) << (i % 2 * 4));
        }
        return pairs;
    }

    int outputs, inputs, weight_group;
    std::vector<int> whole_numbers;
    std::vector<float> row_scales;
    std::vector<std::uint16_t> group_scales;
};

// A packed matrix with its memory, packed in several calls as threads would.
class Packed {
  public:
    explicit Packed(const RandomMatrix& source, int panels_per_call = 3) {
        matrix.outputs = source.outputs;
        matrix.groups = round_up(source.inputs, kGroup) / kGroup;
        matrix.weight_group = source.weight_group;
        const std::size_t padded_outputs = static_cast<std::size_t>(matrix.n_panels()) * kPanel;
        if (source.weight_group != 0) {
            group_scales = Buffer<std::uint16_t>(padded_outputs * matrix.stride() / source.weight_group);
            matrix.group_scales = group_scales.data();
        } else {
            row_scales = Buffer<float>(padded_outputs);
            matrix.row_scales = row_scales.data();
        }
        panels = Buffer<std::uint8_t>(matrix.n_panels() * matrix.panel_bytes());
        matrix.panels = panels.data();
        for (int first = 0; first < matrix.n_panels(); first += panels_per_call) {
            pack(source, first, std::min(first + panels_per_call, matrix.n_panels()));
        }
    }

    PackedMatrix matrix{};
    Buffer<std::uint8_t> panels;
    Buffer<float> row_scales;
    Buffer<std::uint16_t> group_scales;

  private:
    void pack(const RandomMatrix& source, int first, int last) {
        if (source.weight_group != 0) {
            pack_int4(source.int4_pairs().data(), source.group_scales.data(), source.outputs, source.inputs,
                      source.weight_group, first, last, panels.data(), group_scales.data());
        } else {
            pack_int8(source.int8_values().data(), source.row_scales.data(), source.outputs, source.inputs, first, last,
                      panels.data(), row_scales.data());
        }
    }
};

// Quantized activations with their memory.
class RandomRows {
  public:
    RandomRows(int rows, int inputs)
        : inputs(inputs),
          groups(round_up(inputs, kGroup) / kGroup),
          values(static_cast<std::size_t>(rows) * groups * kGroup),
          scales(static_cast<std::size_t>(rows) * groups),
          sums(scales.size() * 2) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const bool is_padding = static_cast<int>(i % (groups * kGroup)) >= inputs;
            values[i] = static_cast<std::int8_t>(is_padding ? 0 : random_int(-127, 127));
        }
        for (float& scale : scales) scale = std::uniform_real_distribution<float>(0.5f, 1)(generator);
        add_up();
    }

    void fill(std::int8_t value) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (static_cast<int>(i % (groups * kGroup)) < inputs) values[i] = value;
        }
        add_up();
    }

    double value(int row, int input) const {
        const std::size_t i = static_cast<std::size_t>(row) * groups * kGroup + input;
        return static_cast<double>(values[i]) * scales[i / kGroup];
    }

    // Some of the rows.
    QuantizedRows view(int first, int n) const {
        const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(first) * groups;
        return {values.data() + start * kGroup, scales.data() + start, sums.data() + start * 2, n, groups};
    }

    int inputs, groups;
    std::vector<std::int8_t> values;
    std::vector<float> scales;
    std::vector<std::int32_t> sums;

  private:
    void add_up() {
        for (std::size_t i = 0; i < sums.size(); ++i) {
            sums[i] = 0;
            for (int k = 0; k < kHalfGroup; ++k) sums[i] += values[i * kHalfGroup + k];
        }
    }
};

}  // namespace mim
