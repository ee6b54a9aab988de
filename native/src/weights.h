// A model's weights, packed for the kernels.
#pragma once

#include <cstdint>
#include <functional>
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
    // Called after each layer, whose part of the file may then leave the memory.
    std::function<void()> layer_packed = [] {};
};

// Memory of all packed matrices, in the order in which a pass reads them: one stream, in huge pages where there are any.
class WeightMemory {
  public:
    explicit WeightMemory(std::size_t size) : memory_(size) {}

    // The next `count` elements, from a cache line's start on.
    template <class T>
    T* take(std::size_t count) {
        T* start = reinterpret_cast<T*>(memory_.data() + used_);
        used_ += padded_size(count * sizeof(T));
        return start;
    }
    std::size_t bytes() const { return memory_.bytes(); }

    // What `take` takes for so many bytes.
    static std::size_t padded_size(std::size_t bytes) { return (bytes + kCacheLine - 1) / kCacheLine * kCacheLine; }

  private:
    Buffer<std::uint8_t> memory_;
    std::size_t used_ = 0;
};

// A packed matrix; its memory belongs to the `Weights`.
class Matrix {
  public:
    Matrix() = default;
    Matrix(const MatrixSource& source, WeightMemory& memory, ThreadPool& pool);

    // What a matrix takes of the memory.
    static std::size_t packed_size(const MatrixSource& source);

    const PackedMatrix& packed() const { return packed_; }

  private:
    PackedMatrix packed_{};
};

struct LayerWeights {
    std::vector<float> attention_norm;
    Matrix q, k, v, out;
    std::vector<float> feed_forward_norm;
    Matrix gate, up, down;
};

struct Weights {
    WeightMemory memory{0};
    Matrix embedding;  // tied: reads tokens in, and scores them at the end
    std::vector<LayerWeights> layers;
    std::vector<float> norm;

    std::size_t bytes() const { return memory.bytes(); }
};

// Packs all weights of a model, in parallel.
// Throws std::invalid_argument when one is missing or its size does not fit the shape.
Weights pack_weights(const ModelShape& shape, const WeightSource& source, ThreadPool& pool);

}  // namespace mim
