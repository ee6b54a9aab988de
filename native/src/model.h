// A loaded model and the rows that are open on it: what the Python runtime talks to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "forward_pass.h"
#include "row_cache.h"
#include "shape.h"
#include "thread_pool.h"
#include "weights.h"

namespace mim {

// Tokens to append to a row, by the row's number.
struct RowFeed {
    int row;
    std::span<const std::int32_t> ids;
    int outputs;
};

// For one thread at a time.
class Model {
  public:
    // Packs the weights; `source` is not needed afterwards.
    // Throws std::invalid_argument when they do not fit the shape.
    Model(const ModelShape& shape, const WeightSource& source, const Kernels& kernels, int threads);

    const ModelShape& shape() const { return shape_; }
    const Kernels& kernels() const { return kernels_; }
    int threads() const { return pool_->threads(); }
    void set_threads(int threads);
    // How many of them take part in a pass of few tokens, where handing work over may cost more than it saves.
    int step_threads() const { return pass_->step_threads(); }
    void set_step_threads(int threads) { pass_->set_step_threads(threads); }
    std::size_t weight_bytes() const { return weights_.bytes(); }
    std::size_t cache_bytes() const;

    // Rows have numbers that are not used again. All that take a number throw std::out_of_range if there is no such row.
    int open_row();
    void close_row(int row);
    int length(int row) const;
    // Forgets all but the first `length` tokens; throws std::invalid_argument if it holds fewer.
    void truncate(int row, int length);

    // How many distributions `step` writes for these feeds.
    // Throws std::invalid_argument for a row that is fed twice, no ids, an id that is no token, or wrong outputs.
    int count_outputs(std::span<const RowFeed> feeds) const;

    // Appends tokens in one pass and writes (count_outputs, vocab_size) log-probabilities. Returns false, with the rows
    // as they were, if `cancel` became nonzero. The feeds must have passed count_outputs.
    bool step(std::span<const RowFeed> feeds, const volatile std::uint8_t* cancel, float* log_probs);

  private:
    RowCache& row(int number);
    const RowCache& row(int number) const;

    ModelShape shape_;
    const Kernels& kernels_;
    std::unique_ptr<ThreadPool> pool_;
    Weights weights_;
    std::unique_ptr<ForwardPass> pass_;
    std::map<int, RowCache> rows_;
    int next_row_ = 0;
};

}  // namespace mim
