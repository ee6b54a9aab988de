// Every table's matrix product against plain double arithmetic, against the portable one, and bit for bit against
// itself with other rows and other cuts.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <vector>

#include "check.h"
#include "kernels/kernels.h"
#include "random_problem.h"

namespace {

using namespace mim;

using Outputs = std::vector<float>;  // [rows][padded outputs]

int padded_outputs(const PackedMatrix& w) { return w.n_panels() * kPanel; }

Outputs multiply(const Kernels& kernels, const QuantizedRows& x, const PackedMatrix& w) {
    Outputs out(static_cast<std::size_t>(x.rows) * padded_outputs(w), NAN);
    kernels.matmul(x, w, 0, w.n_panels(), out.data(), padded_outputs(w));
    return out;
}

// The largest error, relative to the sum of magnitudes that is added up.
double largest_error(const RandomRows& x, int rows, const RandomMatrix& w, const Outputs& out, int out_stride) {
    double largest = 0;
    for (int row = 0; row < rows; ++row) {
        for (int output = 0; output < w.outputs; ++output) {
            double sum = 0, magnitude = 1e-30;
            for (int k = 0; k < w.inputs; ++k) {
                const double product = x.value(row, k) * w.weight(output, k);
                sum += product;
                magnitude += std::abs(product);
            }
            const double error = std::abs(out[static_cast<std::size_t>(row) * out_stride + output] - sum) / magnitude;
            largest = error <= largest ? largest : error;  // NaN is larger
        }
    }
    return largest;
}

bool are_equal(const float* a, const float* b, int n) { return std::memcmp(a, b, n * sizeof(float)) == 0; }

// Rows alone, in twos, ... give the same bits as all of them together.
bool is_same_in_any_company(const Kernels& kernels, const RandomRows& x, int rows, const PackedMatrix& w,
                            const Outputs& all) {
    const int width = padded_outputs(w);
    for (int size = 1; size < std::min(rows, 21); ++size) {
        const int first = random_int(0, rows - size);
        const Outputs some = multiply(kernels, x.view(first, size), w);
        const float* expected = all.data() + static_cast<std::ptrdiff_t>(first) * width;
        if (!are_equal(some.data(), expected, size * width)) return false;
    }
    return true;
}

// So does any range of panels, written to rows that are further apart; what lies between stays as it was.
bool is_same_in_any_range(const Kernels& kernels, const QuantizedRows& x, const PackedMatrix& w, const Outputs& all) {
    const int first = random_int(0, w.n_panels() - 1), last = random_int(first + 1, w.n_panels());
    const int width = (last - first) * kPanel, stride = width + 3;
    Outputs some(static_cast<std::size_t>(x.rows) * stride, -1.5f);
    kernels.matmul(x, w, first, last, some.data(), stride);
    for (int row = 0; row < x.rows; ++row) {
        const float* start = some.data() + static_cast<std::ptrdiff_t>(row) * stride;
        const float* expected = all.data() + static_cast<std::ptrdiff_t>(row) * padded_outputs(w) + first * kPanel;
        if (!are_equal(start, expected, width)) return false;
        if (std::any_of(start + width, start + stride, [](float gap) { return gap != -1.5f; })) return false;
    }
    return true;
}

void test_problem(const Kernels& kernels, const RandomRows& x, int rows, const RandomMatrix& w) {
    const Packed packed(w);
    const QuantizedRows all_rows = x.view(0, rows);
    const Outputs out = multiply(kernels, all_rows, packed.matrix);
    bool is_right = CHECK(largest_error(x, rows, w, out, padded_outputs(packed.matrix)) < 1e-6);
    is_right = CHECK(is_same_in_any_company(kernels, x, rows, packed.matrix, out)) && is_right;
    is_right = CHECK(is_same_in_any_range(kernels, all_rows, packed.matrix, out)) && is_right;
    if (!is_right) {
        std::cerr << "    " << kernels.name << ", " << rows << " rows, " << w.outputs << " x " << w.inputs << ", group "
                  << w.weight_group << '\n';
    }
}

void test_random(const Kernels& kernels, int rows, int outputs, int inputs, int weight_group) {
    const RandomMatrix w(outputs, inputs, weight_group);
    test_problem(kernels, RandomRows(rows, inputs), rows, w);
}

// With scales of 1 there is nothing to round: the integer parts of all tables must agree.
void test_integer_parts(const Kernels& kernels, int rows, int outputs, int inputs, int weight_group) {
    RandomMatrix w(outputs, inputs, weight_group);
    RandomRows x(rows, inputs);
    std::fill(w.row_scales.begin(), w.row_scales.end(), 1.0f);
    std::fill(w.group_scales.begin(), w.group_scales.end(), std::uint16_t{0x3c00});
    std::fill(x.scales.begin(), x.scales.end(), 1.0f);
    const Packed packed(w);
    const Kernels& portable = *usable_kernels().back();
    CHECK(multiply(kernels, x.view(0, rows), packed.matrix) == multiply(portable, x.view(0, rows), packed.matrix));
}

// Where sums of products are largest, and where a weight has no counterpart of the other sign.
void test_extremes(const Kernels& kernels, int weight_group) {
    const std::vector<int> extremes = weight_group == 0 ? std::vector{-128, -127, 127} : std::vector{-8, 7};
    for (int weight : extremes) {
        for (int value : {-127, 127}) {
            RandomMatrix w(20, 192, weight_group);
            RandomRows x(9, 192);
            w.fill(weight);
            x.fill(static_cast<std::int8_t>(value));
            test_problem(kernels, x, 9, w);
        }
    }
}

void test_table(const Kernels& kernels) {
    for (int weight_group : {0, kHalfGroup, kGroup}) {
        for (int outputs : {1, 17, 400}) {
            for (int inputs : {8, 56, 64, 704, 1088}) {
                if (weight_group != 0 && inputs % weight_group != 0) continue;
                test_random(kernels, 9, outputs, inputs, weight_group);
            }
        }
        for (int rows = 1; rows <= 34; ++rows) test_random(kernels, rows, 40, 192, weight_group);
        test_random(kernels, 128, 33, 192, weight_group);
        for (int rows : {3, 30, 40}) test_random(kernels, rows, 48, 2112, weight_group);
        for (int rows : {1, 8, 30}) test_integer_parts(kernels, rows, 49, 960, weight_group);
        test_extremes(kernels, weight_group);
    }
    test_random(kernels, 11, 33, 96, kHalfGroup);
}

}  // namespace

int main() {
    for (const Kernels* kernels : usable_kernels()) test_table(*kernels);
    return check::report();
}
