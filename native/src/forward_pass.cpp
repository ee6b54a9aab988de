#include "forward_pass.h"

#include <algorithm>
#include <cmath>

#include "kv_pages.h"
#include "pack.h"

namespace mim {
namespace {

// Panels of a tile: whole activation groups of outputs.
constexpr int kTilePanels = kGroup / kPanel;
// From so many rows on, products are bound by arithmetic, and are shared out by rows instead of by panels.
constexpr int kManyRows = 64;
constexpr int kTileRows = 16;
// Panels that are computed at a time when there are more rows than this, so that their outputs stay in the cache.
constexpr int kPartPanels = 32;
constexpr int kRowsInOnePart = 16;
// Panels of which both terms are kept until they are added up.
constexpr int kTermPanels = 32;
// Work on single rows is handed to the pool only when there are more of them than this: handing over costs more.
constexpr int kFewRows = 4;

int tiles_of(int items, int per_tile) { return (items + per_tile - 1) / per_tile; }

int tokens_of(std::span<const Feed> feeds) {
    int total = 0;
    for (const Feed& feed : feeds) total += static_cast<int>(feed.ids.size());
    return total;
}

// Calls function(row) for rows 0 .. rows - 1.
template <class F>
void for_rows(ThreadPool& pool, int rows, F&& function) {
    if (rows <= kFewRows) {
        for (int row = 0; row < rows; ++row) function(row);
        return;
    }
    pool.run(rows, [&](int row, int) { function(row); });
}

// Panels that for_small_parts takes at a time.
int panels_of_part(int rows, int panels) { return rows <= kRowsInOnePart ? panels : std::min(panels, kPartPanels); }

// Outputs of the largest part that for_small_parts makes in a pass of so many tokens, which may have fewer rows.
std::size_t largest_part(int tokens, int panels) {
    const int few = std::min(tokens, kRowsInOnePart) * panels, many = tokens * panels_of_part(tokens, panels);
    return static_cast<std::size_t>(std::max(few, many)) * kPanel;
}

// Calls function(part) for parts of a part whose outputs are few enough to stay in the cache.
template <class F>
void for_small_parts(const ProductPart& whole, F&& function) {
    ProductPart part = whole;
    const int panels = panels_of_part(whole.rows(), whole.last_panel - whole.first_panel);
    for (; part.first_panel < whole.last_panel; part.first_panel = part.last_panel) {
        part.last_panel = std::min(part.first_panel + panels, whole.last_panel);
        function(part);
    }
}

// Calls function(part, worker) for parts of a product that make up all of it; first_panel is a multiple of kTilePanels.
// By panels, each weight is read once, by one thread; by rows, inputs are.
template <class F>
void for_parts(ThreadPool& pool, int rows, int panels, F&& function) {
    if (rows < kManyRows) {
        pool.run_stretches(tiles_of(panels, kTilePanels), [&](int first, int last, int worker) {
            function(ProductPart{0, rows, first * kTilePanels, std::min(panels, last * kTilePanels)}, worker);
        });
    } else {
        pool.run_stretches(tiles_of(rows, kTileRows), [&](int first, int last, int worker) {
            function(ProductPart{first * kTileRows, std::min(rows, last * kTileRows), 0, panels}, worker);
        });
    }
}

int padded_outputs(const Matrix& matrix) { return matrix.packed().n_panels() * kPanel; }

}  // namespace

void QuantizedBuffer::resize(int rows, int width) {
    groups_ = tiles_of(width, kGroup);
    const std::size_t groups = static_cast<std::size_t>(rows) * groups_;
    values_.reserve(groups * kGroup);
    scales_.reserve(groups);
    sums_.reserve(groups * 2);
}

ForwardPass::ForwardPass(const ModelShape& shape, const Weights& weights, const Kernels& kernels, ThreadPool& pool)
    : shape_(shape),
      weights_(weights),
      kernels_(kernels),
      pool_(pool),
      step_threads_(pool.threads()),
      rotary_(shape.head_dim, shape.rope_theta),
      scratch_(pool.threads()) {}

bool ForwardPass::run(std::span<const Feed> feeds, const volatile std::uint8_t* cancel, float* log_probs) {
    const PassScope scope(pool_, tokens_of(feeds) < kManyRows ? step_threads_ : pool_.threads());
    read_tokens(feeds);
    for (int layer = 0; layer < shape_.n_layers; ++layer) {
        if (cancel != nullptr && *cancel != 0) return false;
        const LayerWeights& weights = weights_.layers[layer];
        project_attention(weights);
        append_to_caches(layer);
        // Behind the last layer's keys and values only what is wanted is of use.
        if (layer + 1 == shape_.n_layers) keep_wanted_tokens();
        attend(layer);
        mix(weights.out);
        feed_forward(weights);
    }
    score(log_probs);
    for (const Feed& feed : feeds) feed.row->set_length(feed.row->length() + static_cast<int>(feed.ids.size()));
    return true;
}

void ForwardPass::read_tokens(std::span<const Feed> feeds) {
    tokens_.clear();
    wanted_.clear();
    std::vector<std::int32_t> ids;
    for (const Feed& feed : feeds) {
        const int n = static_cast<int>(feed.ids.size()), start = feed.row->length();
        feed.row->reserve(start + n);
        rotary_.reserve(start + n);
        for (int i = 0; i < n; ++i) {
            if (i >= n - feed.outputs) wanted_.push_back(n_tokens());
            tokens_.push_back({feed.row, start + i});
            ids.push_back(feed.ids[i]);
        }
    }
    plan_attention();
    reserve_memory();
    for_rows(pool_, n_tokens(), [&](int token) { unpack_row(weights_.embedding.packed(), ids[token], shape_.d_model, residual(token)); });
}

// All that a tile writes to is made before: a tile must not throw.
void ForwardPass::reserve_memory() {
    const std::size_t tokens = n_tokens(), width = shape_.padded_head();
    const std::size_t part = largest_part(n_tokens(), tiles_of(std::max(shape_.d_model, shape_.d_ff), kPanel));
    int pages = 0;
    for (const Token& token : tokens_) pages = std::max(pages, token.row->n_pages());
    residual_.reserve(tokens * shape_.d_model);
    normed_rows_.reserve(tokens * shape_.d_model);
    attended_.reserve(tokens * shape_.query_width());
    for (Scratch& scratch : scratch_) {
        scratch.outputs.reserve(part);
        scratch.other_outputs.reserve(part);
        scratch.terms.reserve(2 * tokens * kTermPanels * kPanel);
        scratch.queries.reserve(kMaxQueries * width);
        scratch.heads.reserve(kMaxQueries * width);
        scratch.scores.reserve(static_cast<std::size_t>(kMaxQueries) * pages * kPageTokens);
        scratch.keys.resize(pages);
        scratch.values.resize(pages);
    }
}

void ForwardPass::quantize_row(const float* x, int width, QuantizedBuffer& out, int row, int first_group) const {
    kernels_.quantize(x, width, out.values(row, first_group), out.scales(row, first_group), out.sums(row, first_group));
}

// Leaves in x what the first term lacks.
void ForwardPass::quantize_exactly(float* x, int width, ExactBuffer& out, int row, int first_group) const {
    quantize_row(x, width, out.terms, 2 * row, first_group);
    const std::int8_t* values = out.terms.values(2 * row, first_group);
    const float* scales = out.terms.scales(2 * row, first_group);
    for (int first = 0; first < width; first += kGroup) {  // a loop of its own for each scale, so that it is vectorized
        const float scale = scales[first / kGroup];
        for (int i = first; i < std::min(width, first + kGroup); ++i) x[i] -= static_cast<float>(values[i]) * scale;
    }
    quantize_row(x, width, out.terms, 2 * row + 1, first_group);
}

float* ForwardPass::normalize(const std::vector<float>& norm, int row) {
    float* normed = normed_rows_.data() + static_cast<std::size_t>(row) * shape_.d_model;
    kernels_.rms_norm(residual(row), norm.data(), shape_.d_model, shape_.norm_eps, normed);
    return normed;
}

void ForwardPass::normalize_exactly(const std::vector<float>& norm) {
    exact_.resize(n_tokens(), shape_.d_model);
    for_rows(pool_, n_tokens(), [&](int row) { quantize_exactly(normalize(norm, row), shape_.d_model, exact_, row); });
}

void ForwardPass::multiply(const QuantizedRows& x, const PackedMatrix& w, const ProductPart& part, float* out, int out_stride) const {
    kernels_.matmul(x, w, part.first_panel, part.last_panel, out, out_stride);
}

// For int4 weights, which are farther off than the inputs, the first term will do.
void ForwardPass::multiply_exactly(const ExactBuffer& x, const PackedMatrix& w, const ProductPart& part, float* out,
                                   int out_stride, Scratch& scratch) const {
    if (w.is_int4()) return multiply(x.first_terms(part.first_row, part.rows()), w, part, out, out_stride);
    const QuantizedRows both = x.both_terms(part.first_row, part.rows());
    for (int first = part.first_panel, last; first < part.last_panel; first = last) {
        last = std::min(first + kTermPanels, part.last_panel);
        const int columns = (last - first) * kPanel;
        kernels_.matmul(both, w, first, last, scratch.terms.data(), columns);
        for (int row = 0; row < part.rows(); ++row) {
            const float* terms = scratch.terms.data() + static_cast<std::size_t>(row) * 2 * columns;
            float* sum = out + static_cast<std::size_t>(row) * out_stride + (first - part.first_panel) * kPanel;
            std::copy_n(terms, columns, sum);
            kernels_.add(terms + columns, columns, sum);
        }
    }
}

void ForwardPass::project_attention(const LayerWeights& weights) {
    normalize_exactly(weights.attention_norm);
    struct Projection {
        const Matrix* matrix;
        Buffer<float>* out;
        int first_panel;  // of the panels of all three
    };
    Projection projections[] = {{&weights.v, &v_, 0}, {&weights.q, &q_, 0}, {&weights.k, &k_, 0}};
    int panels = 0;
    for (Projection& projection : projections) {
        projection.first_panel = panels;
        panels += projection.matrix->packed().n_panels();
        projection.out->reserve(static_cast<std::size_t>(n_tokens()) * padded_outputs(*projection.matrix));
    }
    for_parts(pool_, n_tokens(), panels, [&](const ProductPart& all, int worker) {
        for (const auto& [matrix, out, first_panel] : projections) {
            const PackedMatrix& w = matrix->packed();
            ProductPart part = all;
            part.first_panel = std::max(all.first_panel - first_panel, 0);
            part.last_panel = std::min(all.last_panel - first_panel, w.n_panels());
            if (part.first_panel >= part.last_panel) continue;
            const int stride = padded_outputs(*matrix);
            float* start = out->data() + static_cast<std::size_t>(part.first_row) * stride + part.first_column();
            if (matrix == &weights.v) {
                multiply_exactly(exact_, w, part, start, stride, scratch_[worker]);
            } else {
                multiply(exact_.first_terms(part.first_row, part.rows()), w, part, start, stride);
            }
        }
    });
}

void ForwardPass::append_to_caches(int layer) {
    const int width = shape_.padded_head(), stride = padded_outputs(weights_.layers[layer].k);
    for_rows(pool_, n_tokens(), [&](int token) {
        const auto [row, position] = tokens_[token];
        const int page = position / kPageTokens, slot = position % kPageTokens;
        const std::size_t start = static_cast<std::size_t>(token) * stride;
        float padded[kMaxHead] = {};
        for (int head = 0; head < shape_.n_kv_heads; ++head) {
            rotary_.rotate(k_.data() + start + head * shape_.head_dim, position, padded);
            append_key(row->keys(page, layer, head), slot, padded, width);
            std::copy_n(v_.data() + start + head * shape_.head_dim, shape_.head_dim, padded);
            append_value(row->values(page, layer, head), slot, padded, width);
        }
    });
}

void ForwardPass::keep_wanted_tokens() {
    const std::size_t q_stride = padded_outputs(weights_.layers.back().q);
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        const int token = wanted_[i];  // at or behind i, so nothing is overwritten before it is read
        tokens_[i] = tokens_[token];
        std::copy_n(residual(token), shape_.d_model, residual(static_cast<int>(i)));
        std::copy_n(q_.data() + token * q_stride, q_stride, q_.data() + i * q_stride);
    }
    tokens_.resize(wanted_.size());
    plan_attention();
}

// Query heads that share a key-value head go together, and where those are few, several tokens too.
void ForwardPass::plan_attention() {
    calls_.clear();
    const int heads = shape_.queries_per_kv_head(), heads_at_once = std::min(heads, kMaxQueries);
    const int tokens_at_once = kMaxQueries / heads_at_once;
    for (int first = 0, last; first < n_tokens(); first = last) {
        last = first + 1;
        while (last < n_tokens() && last - first < tokens_at_once && tokens_[last].row == tokens_[first].row) ++last;
        for (int kv_head = 0; kv_head < shape_.n_kv_heads; ++kv_head) {
            for (int head = 0; head < heads; head += heads_at_once) {
                calls_.push_back({first, last - first, kv_head * heads + head, std::min(heads_at_once, heads - head), kv_head});
            }
        }
    }
}

void ForwardPass::attend(int layer) {
    pool_.run(static_cast<int>(calls_.size()), [&](int call, int worker) { attend_call(layer, calls_[call], scratch_[worker]); });
    mixed_.resize(n_tokens(), shape_.query_width());
    for_rows(pool_, n_tokens(), [&](int token) {
        quantize_row(attended_.data() + static_cast<std::size_t>(token) * shape_.query_width(), shape_.query_width(), mixed_, token);
    });
}

void ForwardPass::attend_call(int layer, const AttentionCall& call, Scratch& scratch) {
    const int width = shape_.padded_head(), n_queries = call.n_tokens * call.n_heads;
    const int q_stride = padded_outputs(weights_.layers[layer].q);
    RowCache& row = *tokens_[call.first_token].row;
    const int most = tokens_[call.first_token + call.n_tokens - 1].position + 1;
    const int n_pages = tiles_of(most, kPageTokens);
    for (int page = 0; page < n_pages; ++page) {
        scratch.keys[page] = row.keys(page, layer, call.kv_head);
        scratch.values[page] = row.values(page, layer, call.kv_head);
    }

    int visible[kMaxQueries];
    const float scale = 1.0f / std::sqrt(static_cast<float>(shape_.head_dim));
    for (int i = 0; i < n_queries; ++i) {
        const int token = call.first_token + i / call.n_heads, head = call.first_head + i % call.n_heads;
        float* query = scratch.queries.data() + i * width;
        rotary_.rotate(q_.data() + static_cast<std::size_t>(token) * q_stride + head * shape_.head_dim, tokens_[token].position, query);
        for (int e = 0; e < shape_.head_dim; ++e) query[e] *= scale;
        std::fill(query + shape_.head_dim, query + width, 0.0f);
        visible[i] = tokens_[token].position + 1;
    }
    kernels_.attend({scratch.queries.data(), visible, scratch.keys.data(), scratch.values.data(), scratch.scores.data(),
                     scratch.heads.data(), n_queries, width, width});
    for (int i = 0; i < n_queries; ++i) {
        const int token = call.first_token + i / call.n_heads, head = call.first_head + i % call.n_heads;
        std::copy_n(scratch.heads.data() + i * width, shape_.head_dim,
                    attended_.data() + static_cast<std::size_t>(token) * shape_.query_width() + head * shape_.head_dim);
    }
}

// Adds a part of a product with the width of the residual stream.
void ForwardPass::add_to_residual(const float* outputs, const ProductPart& part) {
    const int width = std::min(part.columns(), shape_.d_model - part.first_column());
    for (int row = part.first_row; row < part.last_row; ++row, outputs += part.columns()) {
        kernels_.add(outputs, width, residual(row) + part.first_column());
    }
}

void ForwardPass::mix(const Matrix& out) {
    for_parts(pool_, n_tokens(), out.packed().n_panels(), [&](const ProductPart& all, int worker) {
        for_small_parts(all, [&](const ProductPart& part) {
            float* outputs = scratch_[worker].outputs.data();
            multiply(mixed_.view(part.first_row, part.rows()), out.packed(), part, outputs, part.columns());
            add_to_residual(outputs, part);
        });
    });
}

void ForwardPass::feed_forward(const LayerWeights& weights) {
    normed_.resize(n_tokens(), shape_.d_model);
    for_rows(pool_, n_tokens(), [&](int row) {
        quantize_row(normalize(weights.feed_forward_norm, row), shape_.d_model, normed_, row);
    });
    gated_.resize(n_tokens(), shape_.d_ff);
    for_parts(pool_, n_tokens(), weights.gate.packed().n_panels(), [&](const ProductPart& all, int worker) {
        for_small_parts(all, [&](const ProductPart& part) { gate(weights, part, scratch_[worker]); });
    });
    const PackedMatrix& down = weights.down.packed();
    for_parts(pool_, n_tokens(), down.n_panels(), [&](const ProductPart& all, int worker) {
        for_small_parts(all, [&](const ProductPart& part) {
            float* outputs = scratch_[worker].outputs.data();
            multiply_exactly(gated_, down, part, outputs, part.columns(), scratch_[worker]);
            add_to_residual(outputs, part);
        });
    });
}

// A part of the inputs of `down`.
void ForwardPass::gate(const LayerWeights& weights, const ProductPart& part, Scratch& scratch) {
    const QuantizedRows x = normed_.view(part.first_row, part.rows());
    const int width = std::min(part.columns(), shape_.d_ff - part.first_column()), first_group = part.first_column() / kGroup;
    float *gate = scratch.outputs.data(), *up = scratch.other_outputs.data();
    multiply(x, weights.gate.packed(), part, gate, part.columns());
    multiply(x, weights.up.packed(), part, up, part.columns());
    const bool second_term = !weights.down.packed().is_int4();
    for (int row = part.first_row; row < part.last_row; ++row, gate += part.columns(), up += part.columns()) {
        kernels_.silu_multiply(gate, up, width, gate);
        if (second_term) {
            quantize_exactly(gate, width, gated_, row, first_group);
        } else {
            quantize_row(gate, width, gated_.terms, 2 * row, first_group);
        }
    }
}

void ForwardPass::score(float* log_probs) {
    const int rows = n_tokens(), vocab = shape_.vocab_size, stride = padded_outputs(weights_.embedding);
    if (rows == 0) return;
    normalize_exactly(weights_.norm);
    logits_.reserve(static_cast<std::size_t>(rows) * stride);
    const PackedMatrix& w = weights_.embedding.packed();
    for_parts(pool_, rows, w.n_panels(), [&](const ProductPart& part, int worker) {
        float* out = logits_.data() + static_cast<std::size_t>(part.first_row) * stride + part.first_column();
        multiply_exactly(exact_, w, part, out, stride, scratch_[worker]);
    });
    pool_.run(rows, [&](int row, int) {
        float* out = log_probs + static_cast<std::size_t>(row) * vocab;
        std::copy_n(logits_.data() + static_cast<std::size_t>(row) * stride, vocab, out);
        kernels_.log_softmax(out, vocab);
    });
}

}  // namespace mim
