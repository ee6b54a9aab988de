// One pass over the weights: tokens of several rows in, log-probabilities out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "buffer.h"
#include "kernels/kernels.h"
#include "rotary.h"
#include "row_cache.h"
#include "shape.h"
#include "thread_pool.h"
#include "weights.h"

namespace mim {

// Tokens to append to one row.
struct Feed {
    RowCache* row;
    std::span<const std::int32_t> ids;  // at least one
    int outputs;                        // for how many of the last ids the next token's distribution is wanted
};

// Activations that own their memory, quantized for the matrix kernels.
class QuantizedBuffer {
  public:
    void resize(int rows, int width);
    // Where quantized values of one row go, from a group on.
    std::int8_t* values(int row, int group) { return values_.data() + (static_cast<std::size_t>(row) * groups_ + group) * kGroup; }
    float* scales(int row, int group) { return scales_.data() + static_cast<std::size_t>(row) * groups_ + group; }
    std::int32_t* sums(int row, int group) { return sums_.data() + (static_cast<std::size_t>(row) * groups_ + group) * 2; }
    // `rows` rows from `first` on, `step` rows apart.
    QuantizedRows view(int first, int rows, int step = 1) const {
        const std::size_t start = static_cast<std::size_t>(first) * groups_;
        return {values_.data() + start * kGroup, scales_.data() + start, sums_.data() + start * 2, rows, groups_, step};
    }

  private:
    Buffer<std::int8_t> values_;
    Buffer<float> scales_;
    Buffer<std::int32_t> sums_;
    int groups_ = 0;
};

// Activations in two terms, the second one what rounding left over of the first: as good as 16 bits. For the matrices
// whose inputs decide what is written (docs/experiments.md): v, down, and the scores.
//
// The terms of row r are rows 2r and 2r + 1 of `terms`, so that one product takes both.
struct ExactBuffer {
    QuantizedBuffer terms;

    void resize(int rows, int width) { terms.resize(2 * rows, width); }
    QuantizedRows first_terms(int first, int rows) const { return terms.view(2 * first, rows, 2); }
    QuantizedRows both_terms(int first, int rows) const { return terms.view(2 * first, 2 * rows); }
};

// What one call computes of a matrix product: some rows of the inputs times some panels of the weights.
struct ProductPart {
    int first_row, last_row;
    int first_panel, last_panel;

    int rows() const { return last_row - first_row; }
    int columns() const { return (last_panel - first_panel) * kPanel; }
    int first_column() const { return first_panel * kPanel; }
};

// Runs passes of one model; keeps its working memory from one to the next. For one thread at a time.
class ForwardPass {
  public:
    ForwardPass(const ModelShape& shape, const Weights& weights, const Kernels& kernels, ThreadPool& pool);

    // Appends the feeds' tokens to their rows and writes (sum of outputs, vocab_size) log-probabilities.
    // Returns false, with all rows as they were, when `cancel` became nonzero; it is looked at between layers.
    bool run(std::span<const Feed> feeds, const volatile std::uint8_t* cancel, float* log_probs);

    // How many of the pool's threads take part in passes of few tokens; all of them at first.
    int step_threads() const { return step_threads_; }
    void set_step_threads(int threads) { step_threads_ = std::clamp(threads, 1, pool_.threads()); }

  private:
    struct Token {
        RowCache* row;
        int position;
    };
    // A stretch of one row's query tokens and the query heads of one key-value head, for one call of `attend`.
    struct AttentionCall {
        int first_token, n_tokens;
        int first_head, n_heads;
        int kv_head;
    };

    // Working memory of one thread of the pool.
    struct Scratch {
        Buffer<float> outputs, other_outputs, terms;  // of a product's part; `terms`: one row for each term
        Buffer<float> queries, scores, heads;
        std::vector<const Bf16*> keys, values;
    };

    void read_tokens(std::span<const Feed> feeds);
    void reserve_memory();
    void project_attention(const LayerWeights& weights);
    void append_to_caches(int layer);
    void keep_wanted_tokens();
    void plan_attention();
    void attend(int layer);
    void attend_call(int layer, const AttentionCall& call, Scratch& scratch);
    void mix(const Matrix& out);
    void feed_forward(const LayerWeights& weights);
    void score(float* log_probs);

    float* normalize(const std::vector<float>& norm, int row);
    void normalize_exactly(const std::vector<float>& norm);
    void quantize_row(const float* x, int width, QuantizedBuffer& out, int row, int first_group = 0) const;
    void quantize_exactly(float* x, int width, ExactBuffer& out, int row, int first_group = 0) const;
    void multiply(const QuantizedRows& x, const PackedMatrix& w, const ProductPart& part, float* out, int out_stride) const;
    void multiply_exactly(const ExactBuffer& x, const PackedMatrix& w, const ProductPart& part, float* out, int out_stride,
                          Scratch& scratch) const;
    void add_to_residual(const float* outputs, const ProductPart& part);
    void gate(const LayerWeights& weights, const ProductPart& part, Scratch& scratch);
    int n_tokens() const { return static_cast<int>(tokens_.size()); }
    float* residual(int token) { return residual_.data() + static_cast<std::size_t>(token) * shape_.d_model; }

    const ModelShape& shape_;
    const Weights& weights_;
    const Kernels& kernels_;
    ThreadPool& pool_;
    int step_threads_;
    RotaryTable rotary_;

    std::vector<Token> tokens_;              // of this pass; in the last layer only the wanted ones
    std::vector<int> wanted_;                // indices of the tokens whose outputs are wanted
    std::vector<AttentionCall> calls_;
    Buffer<float> residual_, normed_rows_;   // [tokens][D]
    Buffer<float> q_, k_, v_;                // [tokens][heads * E, rounded up to panels]
    Buffer<float> attended_;                 // [tokens][H * E]
    QuantizedBuffer mixed_, normed_;         // inputs of out, of gate and up
    ExactBuffer exact_, gated_;              // inputs of q, k, v and of the scores, of down
    Buffer<float> logits_;                   // [outputs][vocab_size, rounded up to panels]
    std::vector<Scratch> scratch_;           // one for each worker
};

}  // namespace mim
