// The shape of one decoder, as config.json gives it.
#pragma once

#include "layout.h"

namespace mim {

struct ModelShape {
    int vocab_size = 0;
    int d_model = 0;     // D, width of the residual stream
    int n_layers = 0;
    int n_heads = 0;     // H, query heads
    int n_kv_heads = 0;  // key and value heads; each serves n_heads / n_kv_heads query heads
    int head_dim = 0;    // E, even: rotary positions turn pairs
    int d_ff = 0;        // F, width of the SwiGLU layer
    float rope_theta = 0;
    float norm_eps = 0;

    int queries_per_kv_head() const { return n_heads / n_kv_heads; }
    int query_width() const { return n_heads * head_dim; }
    int kv_width() const { return n_kv_heads * head_dim; }
    // Width of a head in the cache: vectors of any instruction set divide it.
    int padded_head() const { return round_up(head_dim, kHeadAlign); }
};

// Throws std::invalid_argument unless the dimensions are positive, belong together, and are small enough that no size
// that is computed from them overflows.
void check_shape(const ModelShape& shape);

}  // namespace mim
