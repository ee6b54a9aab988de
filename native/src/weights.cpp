#include "weights.h"

#include <algorithm>
#include <stdexcept>

#include "pack.h"

namespace mim {
namespace {

constexpr int kPanelsPerTile = 4;

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

}  // namespace

Matrix::Matrix(const MatrixSource& source, ThreadPool& pool) {
    packed_.outputs = source.outputs;
    packed_.groups = round_up(source.inputs, kGroup) / kGroup;
    packed_.weight_group = source.int4 != nullptr ? source.group : 0;
    const int n_panels = packed_.n_panels();
    if (source.int4 != nullptr) {
        group_scales_ = Buffer<std::uint16_t>(static_cast<std::size_t>(n_panels) * kPanel * packed_.stride() / source.group);
        packed_.group_scales = group_scales_.data();
    } else {
        row_scales_ = Buffer<float>(static_cast<std::size_t>(n_panels) * kPanel);
        packed_.row_scales = row_scales_.data();
    }
    panels_ = Buffer<std::uint8_t>(packed_.panel_bytes() * n_panels);
    packed_.panels = panels_.data();
    pool.run((n_panels + kPanelsPerTile - 1) / kPanelsPerTile, [&](int tile, int) {
        const int first = tile * kPanelsPerTile, last = std::min(first + kPanelsPerTile, n_panels);
        if (source.int4 != nullptr) {
            pack_int4(source.int4, source.group_scales, source.outputs, source.inputs, source.group, first, last,
                      panels_.data(), group_scales_.data());
        } else {
            pack_int8(source.int8, source.row_scales, source.outputs, source.inputs, first, last, panels_.data(),
                      row_scales_.data());
        }
    });
}

std::size_t Weights::bytes() const {
    std::size_t total = embedding.bytes();
    for (const LayerWeights& layer : layers) {
        for (const Matrix* matrix : {&layer.q, &layer.k, &layer.v, &layer.out, &layer.gate, &layer.up, &layer.down}) {
            total += matrix->bytes();
        }
    }
    return total;
}

Weights pack_weights(const ModelShape& shape, const WeightSource& source, ThreadPool& pool) {
    check_shape(shape);
    const auto matrix = [&](const std::string& name, int outputs, int inputs) {
        return Matrix(find_matrix(source, name, outputs, inputs), pool);
    };
    const int d = shape.d_model, q = shape.query_width(), kv = shape.kv_width(), ff = shape.d_ff;
    Weights weights;
    const PassScope scope(pool);
    weights.embedding = matrix("embedding.weight", shape.vocab_size, d);
    for (int i = 0; i < shape.n_layers; ++i) {
        const std::string block = "blocks." + std::to_string(i) + ".";
        LayerWeights layer;
        layer.attention_norm = read_vector(source, block + "attention_norm.weight", d);
        layer.q = matrix(block + "attention.q.weight", q, d);
        layer.k = matrix(block + "attention.k.weight", kv, d);
        layer.v = matrix(block + "attention.v.weight", kv, d);
        layer.out = matrix(block + "attention.out.weight", d, q);
        layer.feed_forward_norm = read_vector(source, block + "feed_forward_norm.weight", d);
        layer.gate = matrix(block + "feed_forward.gate.weight", ff, d);
        layer.up = matrix(block + "feed_forward.up.weight", ff, d);
        layer.down = matrix(block + "feed_forward.down.weight", d, ff);
        weights.layers.push_back(std::move(layer));
    }
    weights.norm = read_vector(source, "norm.weight", d);
    return weights;
}

}  // namespace mim
