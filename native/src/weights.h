// A model's weights, packed for the kernels.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "buffer.h"
#include "layout.h"
#include "shape.h"
#include "thread_pool.h"

namespace mim {

// A matrix as the model file holds it, row by row: int8 with a scale for each row, or int4 pairs with a float16 scale
// for each group of a row. The low nibble is the even column. Does not own its memory.
struct MatrixSource {
    const std::int8_t* int8 = nullptr;           // [outputs][inputs]
    const float* row_scales = nullptr;           // [outputs]
    const std::uint8_t* int4 = nullptr;          // [outputs][inputs / 2]
    const std::uint16_t* group_scales = nullptr; // [outputs][inputs / group]
    int outputs = 0;
    int inputs = 0;
    int group = 0;  // int4 only
};

struct VectorSource {
    const float* values = nullptr;
    int size = 0;
};

// What a model file holds, by the names of the PyTorch modules.
struct WeightSource {
    std::map<std::string, MatrixSource> matrices;
    std::map<std::string, VectorSource> vectors;
};

// A packed matrix that owns its memory.
class Matrix {
  public:
    Matrix() = default;
    Matrix(const MatrixSource& source, ThreadPool& pool);

    const PackedMatrix& packed() const { return packed_; }
    std::size_t bytes() const { return panels_.bytes() + row_scales_.bytes() + group_scales_.bytes(); }

  private:
    Buffer<std::uint8_t> panels_;
    Buffer<float> row_scales_;
    Buffer<std::uint16_t> group_scales_;
    PackedMatrix packed_{};
};

struct LayerWeights {
    std::vector<float> attention_norm;
    Matrix q, k, v, out;
    std::vector<float> feed_forward_norm;
    Matrix gate, up, down;
};

struct Weights {
    Matrix embedding;  // tied: reads tokens in, and scores them at the end
    std::vector<LayerWeights> layers;
    std::vector<float> norm;

    std::size_t bytes() const;
};

// Packs all weights of a model, in parallel.
// Throws std::invalid_argument when one is missing or its size does not fit the shape.
Weights pack_weights(const ModelShape& shape, const WeightSource& source, ThreadPool& pool);

}  // namespace mim
