// Rounding plain matrices, for which there are no kernels.
#pragma once

#include <cstdint>
#include <vector>

namespace mim {

// A matrix in int8 with a scale for each row.
struct RoundedRows {
    std::vector<std::int8_t> values;  // [rows][columns]
    std::vector<float> scales;        // [rows]
};

// Rounds a matrix (rows, columns) of finite values to nearest.
RoundedRows round_rows(const float* matrix, int rows, int columns);

}  // namespace mim
