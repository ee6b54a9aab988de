// From weights as a model file holds them to the panels that the kernels read, and back.
#pragma once

#include <cstdint>

#include "layout.h"

namespace mim {

// Pack panels first_panel .. last_panel - 1 of an (outputs, inputs) matrix. The destinations are those of the whole
// matrix (see PackedMatrix), so that several threads can share one; everything of these panels is written, padding too.

// int8 values with a scale for each row.
void pack_int8(const std::int8_t* values, const float* row_scales, int outputs, int inputs, int first_panel,
               int last_panel, std::uint8_t* panels, float* packed_row_scales);

// Pairs of int4 values, the even input in the low nibble, with a float16 scale for each `weight_group` inputs of a row;
// `weight_group` (kHalfGroup or kGroup) divides `inputs`.
void pack_int4(const std::uint8_t* pairs, const std::uint16_t* group_scales, int outputs, int inputs, int weight_group,
               int first_panel, int last_panel, std::uint8_t* panels, std::uint16_t* packed_group_scales);

// The weights of one output as floats, such as the embedding of a token. `inputs` of them are written.
void unpack_row(const PackedMatrix& matrix, int output, int inputs, float* row);

}  // namespace mim
