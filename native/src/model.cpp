#include "model.h"

#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace mim {
namespace {

void check_feed(const RowFeed& feed, int vocab_size) {
    const auto n = static_cast<long long>(feed.ids.size());
    if (n == 0) throw std::invalid_argument("a feed needs at least one token");
    if (feed.outputs < 0 || feed.outputs > n) throw std::invalid_argument("outputs must lie between 0 and the number of tokens");
    for (const std::int32_t id : feed.ids) {
        if (id < 0 || id >= vocab_size) throw std::invalid_argument("there is no token " + std::to_string(id));
    }
}

}  // namespace

Model::Model(const ModelShape& shape, const WeightSource& source, const Kernels& kernels, int threads)
    : shape_(shape), kernels_(kernels), pool_(std::make_unique<ThreadPool>(threads)), weights_(pack_weights(shape, source, *pool_)) {
    pass_ = std::make_unique<ForwardPass>(shape_, weights_, kernels_, *pool_);
}

void Model::set_threads(int threads) {
    if (threads != pool_->threads()) {
        // The old threads go first: where few are allowed there may be no room for both.
        pass_.reset();
        pool_.reset();
        pool_ = std::make_unique<ThreadPool>(threads);
    }
    pass_ = std::make_unique<ForwardPass>(shape_, weights_, kernels_, *pool_);
}

std::size_t Model::cache_bytes() const {
    std::size_t total = 0;
    for (const auto& [number, row] : rows_) total += row.bytes();
    return total;
}

RowCache& Model::row(int number) { return const_cast<RowCache&>(std::as_const(*this).row(number)); }

const RowCache& Model::row(int number) const {
    const auto found = rows_.find(number);
    if (found == rows_.end()) throw std::out_of_range("there is no row " + std::to_string(number));
    return found->second;
}

int Model::open_row() {
    rows_.emplace(next_row_, shape_);
    return next_row_++;
}

void Model::close_row(int number) {
    row(number);
    rows_.erase(number);
}

int Model::length(int number) const { return row(number).length(); }

void Model::truncate(int number, int length) {
    RowCache& cut = row(number);
    if (length < 0 || length > cut.length()) throw std::invalid_argument("a row can only be cut back to what it holds");
    cut.set_length(length);
}

int Model::count_outputs(std::span<const RowFeed> feeds) const {
    std::set<int> seen;
    int outputs = 0;
    for (const RowFeed& feed : feeds) {
        row(feed.row);
        if (!seen.insert(feed.row).second) throw std::invalid_argument("a row can be fed only once in a pass");
        check_feed(feed, shape_.vocab_size);
        outputs += feed.outputs;
    }
    return outputs;
}

bool Model::step(std::span<const RowFeed> feeds, const volatile std::uint8_t* cancel, float* log_probs) {
    std::vector<Feed> resolved;
    for (const RowFeed& feed : feeds) resolved.push_back({&row(feed.row), feed.ids, feed.outputs});
    return pass_->run(resolved, cancel, log_probs);
}

}  // namespace mim
