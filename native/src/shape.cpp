#include "shape.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace mim {
namespace {

// Far above any model that runs on a CPU, and small enough that products of two fit 64 bits many times over.
constexpr int kMaxDimension = 1 << 24;

void check_dimension(const char* name, int value) {
    if (value < 1 || value > kMaxDimension) {
        throw std::invalid_argument(std::string(name) + " must lie between 1 and " + std::to_string(kMaxDimension) +
                                    ", not " + std::to_string(value));
    }
}

}  // namespace

void check_shape(const ModelShape& shape) {
    check_dimension("vocab_size", shape.vocab_size);
    check_dimension("d_model", shape.d_model);
    check_dimension("n_layers", shape.n_layers);
    check_dimension("n_heads", shape.n_heads);
    check_dimension("n_kv_heads", shape.n_kv_heads);
    check_dimension("head_dim", shape.head_dim);
    check_dimension("d_ff", shape.d_ff);
    const auto width = static_cast<long long>(shape.n_heads) * shape.head_dim;
    if (width > kMaxDimension) throw std::invalid_argument("n_heads * head_dim is too large");
    if (shape.n_heads % shape.n_kv_heads != 0) throw std::invalid_argument("n_heads must be a multiple of n_kv_heads");
    if (shape.head_dim % 2 != 0 || shape.head_dim > kMaxHead) {
        throw std::invalid_argument("head_dim must be even and at most " + std::to_string(kMaxHead));
    }
    if (!(shape.rope_theta > 0) || !std::isfinite(shape.rope_theta) || !(shape.norm_eps > 0) ||
        !std::isfinite(shape.norm_eps)) {
        throw std::invalid_argument("rope_theta and norm_eps must be positive and finite");
    }
}

}  // namespace mim
