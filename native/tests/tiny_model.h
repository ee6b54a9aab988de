// A model that is small enough to make in every test, as a model file would hold it, and the same network computed the
// slow way: one row, no cache, float64, weights as they were before packing.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "float16.h"
#include "weights.h"

namespace mim {

inline ModelShape tiny_shape() {
    // No two dimensions are the same, so that mixed-up ones fail; none is a multiple of a panel, a group or a head.
    return {.vocab_size = 101, .d_model = 72, .n_layers = 3, .n_heads = 6, .n_kv_heads = 2, .head_dim = 20, .d_ff = 136,
            .rope_theta = 10000.0f, .norm_eps = 1e-5f};
}

// One whose inputs come in whole int4 groups.
inline ModelShape tiny_int4_shape() {
    return {.vocab_size = 101, .d_model = 192, .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .head_dim = 32, .d_ff = 320,
            .rope_theta = 10000.0f, .norm_eps = 1e-5f};
}

class TinyModel {
  public:
    // `int4_group` 0: all matrices int8; else all but the embedding and the keys' int4, with that group.
    TinyModel(const ModelShape& shape, int int4_group, unsigned seed = 1) : shape_(shape), int4_group_(int4_group), random_(seed) {
        const int d = shape.d_model, q = shape.query_width(), kv = shape.kv_width();
        add_matrix("embedding.weight", shape.vocab_size, d, false);
        for (int i = 0; i < shape.n_layers; ++i) {
            const std::string block = "blocks." + std::to_string(i) + ".";
            add_vector(block + "attention_norm.weight", d);
            add_matrix(block + "attention.q.weight", q, d, true);
            add_matrix(block + "attention.k.weight", kv, d, false);
            add_matrix(block + "attention.v.weight", kv, d, true);
            add_matrix(block + "attention.out.weight", d, q, true);
            add_vector(block + "feed_forward_norm.weight", d);
            add_matrix(block + "feed_forward.gate.weight", shape.d_ff, d, true);
            add_matrix(block + "feed_forward.up.weight", shape.d_ff, d, true);
            add_matrix(block + "feed_forward.down.weight", d, shape.d_ff, true);
        }
        add_vector("norm.weight", d);
    }

    const ModelShape& shape() const { return shape_; }

    WeightSource source() const {
        WeightSource source;
        for (const auto& [name, m] : matrices_) {
            MatrixSource& out = source.matrices[name];
            out.outputs = m.outputs;
            out.inputs = m.inputs;
            if (m.int4.empty()) {
                out.int8 = m.int8.data();
                out.row_scales = m.row_scales.data();
            } else {
                out.int4 = m.int4.data();
                out.group_scales = m.group_scales.data();
                out.group = int4_group_;
            }
        }
        for (const auto& [name, v] : vectors_) source.vectors[name] = {v.data(), static_cast<int>(v.size())};
        return source;
    }

    // Log-probabilities of what follows the last token of `ids`.
    std::vector<double> reference(const std::vector<std::int32_t>& ids) const;

  private:
    struct Stored {
        int outputs, inputs;
        std::vector<std::int8_t> int8;
        std::vector<float> row_scales;
        std::vector<std::uint8_t> int4;
        std::vector<std::uint16_t> group_scales;
        std::vector<double> weights;
    };
    using Row = std::vector<double>;

    int random_int(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

    void add_vector(const std::string& name, int size) {
        for (int i = 0; i < size; ++i) vectors_[name].push_back(0.5f + 0.01f * static_cast<float>(random_int(0, 100)));
    }

    void add_matrix(const std::string& name, int outputs, int inputs, bool may_be_int4) {
        Stored m{outputs, inputs, {}, {}, {}, {}, {}};
        const bool is_int4 = may_be_int4 && int4_group_ != 0;
        // Scales vary, and make a product about as large as its input.
        const auto scale = [&](int largest) { return static_cast<float>(random_int(80, 120)) / (60.0f * largest * std::sqrt(static_cast<float>(inputs))); };
        for (int n = 0; n < outputs; ++n) {
            if (is_int4) {
                for (int k = 0; k < inputs; ++k) {
                    if (k % int4_group_ == 0) m.group_scales.push_back(float16_near(scale(8)));
                    const int nibble = random_int(0, 15);
                    if (k % 2 == 0) m.int4.push_back(static_cast<std::uint8_t>(nibble));
                    else m.int4.back() = static_cast<std::uint8_t>(m.int4.back() | nibble << 4);
                    m.weights.push_back((nibble - kInt4Zero) * static_cast<double>(float16_to_float(m.group_scales.back())));
                }
            } else {
                m.row_scales.push_back(scale(127));
                for (int k = 0; k < inputs; ++k) {
                    m.int8.push_back(static_cast<std::int8_t>(random_int(-127, 127)));
                    m.weights.push_back(m.int8.back() * static_cast<double>(m.row_scales.back()));
                }
            }
        }
        matrices_[name] = m;
    }

    // A float16 not far from a positive normal value: its upper bits.
    static std::uint16_t float16_near(float value) {
        std::uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        return static_cast<std::uint16_t>((bits >> 13) - (112u << 10));
    }

    Row multiply(const std::string& name, const Row& x) const {
        const Stored& m = matrices_.at(name);
        Row out(m.outputs, 0.0);
        for (int n = 0; n < m.outputs; ++n) {
            for (int k = 0; k < m.inputs; ++k) out[n] += m.weights[static_cast<std::size_t>(n) * m.inputs + k] * x[k];
        }
        return out;
    }

    Row norm(const std::string& name, const Row& x) const {
        double square = 0;
        for (const double value : x) square += value * value;
        const double factor = 1 / std::sqrt(square / static_cast<double>(x.size()) + shape_.norm_eps);
        Row out;
        for (std::size_t i = 0; i < x.size(); ++i) out.push_back(x[i] * factor * vectors_.at(name)[i]);
        return out;
    }

    void rotate(Row& heads, int n_heads, int position) const {
        const int e = shape_.head_dim;
        for (int head = 0; head < n_heads; ++head) {
            for (int i = 0; i < e / 2; ++i) {
                const double angle = position * std::pow(static_cast<double>(shape_.rope_theta), -2.0 * i / e);
                double &a = heads[head * e + i], &b = heads[head * e + i + e / 2];
                const double first = a * std::cos(angle) - b * std::sin(angle);
                b = b * std::cos(angle) + a * std::sin(angle);
                a = first;
            }
        }
    }

    ModelShape shape_;
    int int4_group_;
    std::mt19937 random_;
    std::map<std::string, Stored> matrices_;
    std::map<std::string, std::vector<float>> vectors_;
};

inline std::vector<double> TinyModel::reference(const std::vector<std::int32_t>& ids) const {
    const int d = shape_.d_model, e = shape_.head_dim, n = static_cast<int>(ids.size());
    const Stored& embedding = matrices_.at("embedding.weight");
    std::vector<Row> x;
    for (const std::int32_t id : ids) x.emplace_back(embedding.weights.begin() + id * d, embedding.weights.begin() + (id + 1) * d);
    for (int layer = 0; layer < shape_.n_layers; ++layer) {
        const std::string block = "blocks." + std::to_string(layer) + ".";
        std::vector<Row> q, k, v;
        for (int t = 0; t < n; ++t) {
            const Row normed = norm(block + "attention_norm.weight", x[t]);
            q.push_back(multiply(block + "attention.q.weight", normed));
            k.push_back(multiply(block + "attention.k.weight", normed));
            v.push_back(multiply(block + "attention.v.weight", normed));
            rotate(q.back(), shape_.n_heads, t);
            rotate(k.back(), shape_.n_kv_heads, t);
        }
        for (int t = 0; t < n; ++t) {
            Row attended(shape_.query_width(), 0.0);
            for (int head = 0; head < shape_.n_heads; ++head) {
                const int kv = head / shape_.queries_per_kv_head();
                Row weight;
                double total = 0;
                for (int c = 0; c <= t; ++c) {
                    double score = 0;
                    for (int i = 0; i < e; ++i) score += q[t][head * e + i] * k[c][kv * e + i];
                    weight.push_back(std::exp(score / std::sqrt(static_cast<double>(e))));
                    total += weight.back();
                }
                for (int c = 0; c <= t; ++c) {
                    for (int i = 0; i < e; ++i) attended[head * e + i] += weight[c] / total * v[c][kv * e + i];
                }
            }
            const Row out = multiply(block + "attention.out.weight", attended);
            for (int i = 0; i < d; ++i) x[t][i] += out[i];
            const Row normed = norm(block + "feed_forward_norm.weight", x[t]);
            Row gate = multiply(block + "feed_forward.gate.weight", normed);
            const Row up = multiply(block + "feed_forward.up.weight", normed);
            for (int i = 0; i < shape_.d_ff; ++i) gate[i] *= up[i] / (1 + std::exp(-gate[i]));
            const Row down = multiply(block + "feed_forward.down.weight", gate);
            for (int i = 0; i < d; ++i) x[t][i] += down[i];
        }
    }
    Row logits = multiply("embedding.weight", norm("norm.weight", x.back()));
    double total = 0;
    for (const double logit : logits) total += std::exp(logit);
    for (double& logit : logits) logit -= std::log(total);
    return logits;
}

}  // namespace mim
