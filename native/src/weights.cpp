#include "weights.h"

#include <algorithm>
#include <stdexcept>

#include "pack.h"

namespace mim {
namespace {

[[noreturn]] void fail(const std::string& name, const std::string& reason) {
    throw std::invalid_argument("the weights " + name + " " + reason);
}

const MatrixSource& find_matrix(const WeightSource& source, const std::string& name, int outputs, int inputs) {
    const auto found = source.matrices.find(name);
    if (found == source.matrices.end()) fail(name, "are missing");
    const MatrixSource& matrix = found->second;
    if (matrix.outputs != outputs || matrix.inputs != inputs) {
        fail(name, "are " + std::to_string(matrix.outputs) + " x " + std::to_string(matrix.inputs) + ", not " +
                       std::to_string(outputs) + " x " + std::to_string(inputs));
    }
    const bool is_int8 = matrix.int8 != nullptr && matrix.row_scales != nullptr;
    const bool is_int4 = matrix.int4 != nullptr && matrix.group_scales != nullptr;
    if (is_int8 == is_int4) fail(name, "are neither int8 nor int4");
    if (is_int4 && ((matrix.group != kHalfGroup && matrix.group != kGroup) || inputs % matrix.group != 0)) {
        fail(name, "are not in whole groups of 32 or 64");
    }
    return matrix;
}

std::vector<float> read_vector(const WeightSource& source, const std::string& name, int size) {
    const auto found = source.vectors.find(name);
    if (found == source.vectors.end()) fail(name, "are missing");
    if (found->second.size != size) {
        fail(name, "have " + std::to_string(found->second.size) + " entries, not " + std::to_string(size));
    }
    return {found->second.values, found->second.values + size};
}

// A matrix without its memory.
PackedMatrix packed_shape(const MatrixSource& source) {
    PackedMatrix packed{};
    packed.outputs = source.outputs;
    packed.groups = round_up(source.inputs, kGroup) / kGroup;
    packed.weight_group = source.int4 != nullptr ? source.group : 0;
    return packed;
}

std::size_t panels_size(const PackedMatrix& packed) {
    const std::size_t values = static_cast<std::size_t>(packed.stride()) * kPanel * packed.n_panels();
    return packed.weight_group != 0 ? values / 2 : values;
}

// Float16 scales of groups, or floats of rows.
std::size_t n_scales(const PackedMatrix& packed) {
    const std::size_t outputs = static_cast<std::size_t>(packed.n_panels()) * kPanel;
    return packed.weight_group != 0 ? outputs * packed.stride() / packed.weight_group : outputs;
}

void pack_panels(const MatrixSource& source, int first, int last, std::uint8_t* panels, std::uint16_t* group_scales, float* row_scales) {
    if (source.int4 != nullptr) {
        pack_int4(source.int4, source.group_scales, source.outputs, source.inputs, source.group, first, last, panels, group_scales);
    } else {
        pack_int8(source.int8, source.row_scales, source.outputs, source.inputs, first, last, panels, row_scales);
    }
}

}  // namespace

std::size_t Matrix::packed_size(const MatrixSource& source) {
    const PackedMatrix packed = packed_shape(source);
    const std::size_t scale_size = packed.weight_group != 0 ? sizeof(std::uint16_t) : sizeof(float);
    return WeightMemory::padded_size(panels_size(packed)) + WeightMemory::padded_size(n_scales(packed) * scale_size);
}

Matrix::Matrix(const MatrixSource& source, WeightMemory& memory, ThreadPool& pool) : packed_(packed_shape(source)) {
    const bool is_int4 = source.int4 != nullptr;
    std::uint8_t* panels = memory.take<std::uint8_t>(panels_size(packed_));
    std::uint16_t* group_scales = is_int4 ? memory.take<std::uint16_t>(n_scales(packed_)) : nullptr;
    float* row_scales = is_int4 ? nullptr : memory.take<float>(n_scales(packed_));
    packed_.panels = panels;
    packed_.group_scales = group_scales;
    packed_.row_scales = row_scales;
    pool.run_stretches(packed_.n_panels(), [&](int first, int last, int) { pack_panels(source, first, last, panels, group_scales, row_scales); });
}

Weights pack_weights(const ModelShape& shape, const WeightSource& source, ThreadPool& pool) {
    check_shape(shape);
    const int d = shape.d_model, q = shape.query_width(), kv = shape.kv_width(), ff = shape.d_ff;
    struct Wanted {
        const char* name;
        Matrix LayerWeights::* place;
        int outputs, inputs;
    };
    // In the order in which a pass reads them.
    const Wanted of_a_layer[] = {
        {"attention.v.weight", &LayerWeights::v, kv, d},         {"attention.q.weight", &LayerWeights::q, q, d},
        {"attention.k.weight", &LayerWeights::k, kv, d},         {"attention.out.weight", &LayerWeights::out, d, q},
        {"feed_forward.gate.weight", &LayerWeights::gate, ff, d}, {"feed_forward.up.weight", &LayerWeights::up, ff, d},
        {"feed_forward.down.weight", &LayerWeights::down, d, ff},
    };
    const auto block = [](int layer) { return "blocks." + std::to_string(layer) + "."; };
    const MatrixSource& embedding = find_matrix(source, "embedding.weight", shape.vocab_size, d);
    std::size_t size = Matrix::packed_size(embedding);
    for (int layer = 0; layer < shape.n_layers; ++layer) {
        for (const Wanted& one : of_a_layer) size += Matrix::packed_size(find_matrix(source, block(layer) + one.name, one.outputs, one.inputs));
    }

    Weights weights;
    weights.memory = WeightMemory(size);
    const PassScope scope(pool);
    for (int layer = 0; layer < shape.n_layers; ++layer) {
        LayerWeights& packed = weights.layers.emplace_back();
        packed.attention_norm = read_vector(source, block(layer) + "attention_norm.weight", d);
        packed.feed_forward_norm = read_vector(source, block(layer) + "feed_forward_norm.weight", d);
        for (const Wanted& one : of_a_layer) {
            packed.*one.place = Matrix(find_matrix(source, block(layer) + one.name, one.outputs, one.inputs), weights.memory, pool);
        }
        source.layer_packed();
    }
    weights.embedding = Matrix(embedding, weights.memory, pool);
    weights.norm = read_vector(source, "norm.weight", d);
    return weights;
}

}  // namespace mim
