#include "forward_pass.h"

#include <algorithm>
#include <cmath>

#include "kv_pages.h"
#include "pack.h"

namespace mim {
namespace {

// A tile of a matrix: whole activation groups of outputs, and enough weights to be worth handing over.
constexpr int kTilePanels = kGroup / kPanel;
constexpr int kHeadTilePanels = 16;
// Work on single rows is handed to the pool only when there are more of them than this: handing over costs more.
constexpr int kFewRows = 4;
constexpr int kRowsPerTile = 8;

int tiles_of(int items, int per_tile) { return (items + per_tile - 1) / per_tile; }

// Calls function(row) for rows 0 .. rows - 1.
template <class F>
void for_rows(ThreadPool& pool, int rows, F&& function) {
    if (rows <= kFewRows) {
        for (int row = 0; row < rows; ++row) function(row);
        return;
    }
    pool.run(tiles_of(rows, kRowsPerTile), [&](int tile, int) {
        const int end = std::min(rows, (tile + 1) * kRowsPerTile);
        for (int row = tile * kRowsPerTile; row < end; ++row) function(row);
    });
}

// Calls function(first_panel, last_panel, worker) for stretches of panels.
template <class F>
void for_panels(ThreadPool& pool, int panels, int per_tile, F&& function) {
    pool.run(tiles_of(panels, per_tile), [&](int tile, int worker) {
        function(tile * per_tile, std::min(panels, (tile + 1) * per_tile), worker);
    });
}

int padded_outputs(const Matrix& matrix) { return matrix.packed().n_panels() * kPanel; }

}  // namespace

void QuantizedBuffer::resize(int rows, int width) {
    rows_ = rows;
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
      rotary_(shape.head_dim, shape.rope_theta),
      scratch_(pool.threads()) {}

bool ForwardPass::run(std::span<const Feed> feeds, const volatile std::uint8_t* cancel, float* log_probs) {
    const PassScope scope(pool_);
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
    int pages = 0;
    for (const Token& token : tokens_) pages = std::max(pages, token.row->n_pages());
    residual_.reserve(tokens * shape_.d_model);
    normed_rows_.reserve(tokens * shape_.d_model);
    attended_.reserve(tokens * shape_.query_width());
    for (Scratch& scratch : scratch_) {
        scratch.tile.reserve(tokens * kTilePanels * kPanel);
        scratch.rest.reserve(tokens * kHeadTilePanels * kPanel);
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
    quantize_row(x, width, out.first, row, first_group);
    const std::int8_t* values = out.first.values(row, first_group);
    const float* scales = out.first.scales(row, first_group);
    for (int i = 0; i < width; ++i) x[i] -= static_cast<float>(values[i]) * scales[i / kGroup];
    quantize_row(x, width, out.rest, row, first_group);
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

// For int4 weights, which are farther off than the inputs, the first term will do.
void ForwardPass::multiply_exactly(const ExactBuffer& x, const PackedMatrix& w, int first_panel, int last_panel,
                                   float* out, int out_stride, Scratch& scratch) const {
    const QuantizedRows first = x.first.view();
    const int columns = (last_panel - first_panel) * kPanel;
    float* rest = scratch.rest.data();
    kernels_.matmul(first, w, first_panel, last_panel, out, out_stride);
    if (w.is_int4()) return;
    kernels_.matmul(x.rest.view(), w, first_panel, last_panel, rest, columns);
    for (int row = 0; row < first.rows; ++row, rest += columns, out += out_stride) kernels_.add(rest, columns, out);
}

void ForwardPass::project_attention(const LayerWeights& weights) {
    normalize_exactly(weights.attention_norm);
    struct Part {
        const Matrix* matrix;
        Buffer<float>* out;
        int first_tile;
    };
    Part parts[] = {{&weights.q, &q_, 0}, {&weights.k, &k_, 0}, {&weights.v, &v_, 0}};
    int tiles = 0;
    for (Part& part : parts) {
        part.first_tile = tiles;
        tiles += tiles_of(part.matrix->packed().n_panels(), kTilePanels);
        part.out->reserve(static_cast<std::size_t>(n_tokens()) * padded_outputs(*part.matrix));
    }
    pool_.run(tiles, [&](int tile, int worker) {
        const Part& part = tile >= parts[2].first_tile ? parts[2] : tile >= parts[1].first_tile ? parts[1] : parts[0];
        const PackedMatrix& w = part.matrix->packed();
        const int first = (tile - part.first_tile) * kTilePanels, last = std::min(first + kTilePanels, w.n_panels());
        float* out = part.out->data() + first * kPanel;
        const int stride = w.n_panels() * kPanel;
        if (part.matrix == &weights.v) {
            multiply_exactly(exact_, w, first, last, out, stride, scratch_[worker]);
        } else {
            kernels_.matmul(exact_.first.view(), w, first, last, out, stride);
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

// Adds a tile of outputs, from `column` on, to all rows of the residual stream.
void ForwardPass::add_to_residual(const float* tile, int column, int columns) {
    const int width = std::min(columns, shape_.d_model - column);
    for (int row = 0; row < n_tokens(); ++row, tile += columns) kernels_.add(tile, width, residual(row) + column);
}

void ForwardPass::mix(const Matrix& out) {
    const QuantizedRows x = mixed_.view();
    for_panels(pool_, out.packed().n_panels(), kTilePanels, [&](int first, int last, int worker) {
        float* tile = scratch_[worker].tile.data();
        const int columns = (last - first) * kPanel;
        kernels_.matmul(x, out.packed(), first, last, tile, columns);
        add_to_residual(tile, first * kPanel, columns);
    });
}

void ForwardPass::feed_forward(const LayerWeights& weights) {
    normed_.resize(n_tokens(), shape_.d_model);
    for_rows(pool_, n_tokens(), [&](int row) {
        quantize_row(normalize(weights.feed_forward_norm, row), shape_.d_model, normed_, row);
    });
    gated_.resize(n_tokens(), shape_.d_ff);
    const QuantizedRows x = normed_.view();
    for_panels(pool_, weights.gate.packed().n_panels(), kTilePanels, [&](int first, int last, int worker) {
        const int columns = (last - first) * kPanel, column = first * kPanel;
        const int width = std::min(columns, shape_.d_ff - column);
        float *gate = scratch_[worker].tile.data(), *up = scratch_[worker].rest.data();
        kernels_.matmul(x, weights.gate.packed(), first, last, gate, columns);
        kernels_.matmul(x, weights.up.packed(), first, last, up, columns);
        for (int row = 0; row < x.rows; ++row, gate += columns, up += columns) {
            kernels_.silu_multiply(gate, up, width, gate);
            quantize_exactly(gate, width, gated_, row, column / kGroup);
        }
    });
    const PackedMatrix& down = weights.down.packed();
    for_panels(pool_, down.n_panels(), kTilePanels, [&](int first, int last, int worker) {
        float* tile = scratch_[worker].tile.data();
        const int columns = (last - first) * kPanel;
        multiply_exactly(gated_, down, first, last, tile, columns, scratch_[worker]);
        add_to_residual(tile, first * kPanel, columns);
    });
}

void ForwardPass::score(float* log_probs) {
    const int rows = n_tokens(), vocab = shape_.vocab_size, stride = padded_outputs(weights_.embedding);
    if (rows == 0) return;
    normalize_exactly(weights_.norm);
    logits_.reserve(static_cast<std::size_t>(rows) * stride);
    const PackedMatrix& w = weights_.embedding.packed();
    for_panels(pool_, w.n_panels(), kHeadTilePanels, [&](int first, int last, int worker) {
        multiply_exactly(exact_, w, first, last, logits_.data() + first * kPanel, stride, scratch_[worker]);
    });
    pool_.run(rows, [&](int row, int) {
        float* out = log_probs + static_cast<std::size_t>(row) * vocab;
        std::copy_n(logits_.data() + static_cast<std::size_t>(row) * stride, vocab, out);
        kernels_.log_softmax(out, vocab);
    });
}

}  // namespace mim
