#include "round_rows.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mim {
namespace {

constexpr float kLargestInt8 = 127;
// The scale of a row of zeros must not be zero.
constexpr float kLeastMaximum = 1e-12f;

}  // namespace

RoundedRows round_rows(const float* matrix, int rows, int columns) {
    RoundedRows rounded;
    rounded.values.resize(static_cast<std::size_t>(rows) * columns);
    rounded.scales.resize(rows);
    for (int row = 0; row < rows; ++row) {
        const float* in = matrix + static_cast<std::size_t>(row) * columns;
        std::int8_t* out = rounded.values.data() + static_cast<std::size_t>(row) * columns;
        float largest = kLeastMaximum;
        for (int i = 0; i < columns; ++i) largest = std::max(largest, std::abs(in[i]));
        const float scale = rounded.scales[row] = largest / kLargestInt8;
        for (int i = 0; i < columns; ++i) out[i] = static_cast<std::int8_t>(std::nearbyint(in[i] / scale));
    }
    return rounded;
}

}  // namespace mim
