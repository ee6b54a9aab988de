// What whole passes take, and how near a step of both directions comes to the speed of memory. Not a test; prints a line
// for each shape, format and number of threads.
//
//     pass_speed [rounds] [shape ...]      shapes: 60M and 110M, those of benchmarks/shapes.py
//
// Cells take turns, and the read bandwidth has turns among them, so that what else happens on the machine falls on all.
// Numbers are medians; weights are random, which makes no difference to the speed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "bandwidth.h"
#include "buffer.h"
#include "kernels/kernels.h"
#include "model.h"

namespace {

using namespace mim;
using Clock = std::chrono::steady_clock;

constexpr int kContext = 512, kPrompt = 512, kChunk = 128, kVerified = 8;
constexpr int kRepeats = 12;  // of a pass in a turn, the first of which does not count

struct NamedShape {
    const char* name;
    ModelShape shape;
};

ModelShape make_shape(int d_model, int n_layers, int n_heads, int d_ff) {
    return {.vocab_size = 16384, .d_model = d_model, .n_layers = n_layers, .n_heads = n_heads, .n_kv_heads = 2,
            .head_dim = 64, .d_ff = d_ff, .rope_theta = 10000.0f, .norm_eps = 1e-5f};
}

const NamedShape kShapes[] = {{"60M", make_shape(640, 11, 10, 1792)}, {"110M", make_shape(768, 16, 12, 2048)}};

// Random weights as a model file has them: int8, or int4 in groups of 64 with the embedding and the values of attention
// in int8, as `mim-lsp quantize` writes them.
class RandomWeights {
  public:
    RandomWeights(const ModelShape& shape, bool int4) : int4_(int4) {
        const int d = shape.d_model, q = shape.query_width(), kv = shape.kv_width(), ff = shape.d_ff;
        add("embedding.weight", shape.vocab_size, d, false);
        for (int layer = 0; layer < shape.n_layers; ++layer) {
            const std::string block = "blocks." + std::to_string(layer) + ".";
            add(block + "attention.q.weight", q, d, true);
            add(block + "attention.k.weight", kv, d, true);
            add(block + "attention.v.weight", kv, d, false);
            add(block + "attention.out.weight", d, q, true);
            add(block + "feed_forward.gate.weight", ff, d, true);
            add(block + "feed_forward.up.weight", ff, d, true);
            add(block + "feed_forward.down.weight", d, ff, true);
            for (const char* norm : {"attention_norm.weight", "feed_forward_norm.weight"}) add(block + norm, d);
        }
        add("norm.weight", d);
    }

    const WeightSource& source() const { return source_; }

  private:
    void add(const std::string& name, int size) {
        floats_.emplace_back(size, 1.0f);
        source_.vectors[name] = {floats_.back().data(), size};
    }

    void add(const std::string& name, int outputs, int inputs, bool may_be_int4) {
        MatrixSource& matrix = source_.matrices[name];
        matrix.outputs = outputs;
        matrix.inputs = inputs;
        const bool int4 = int4_ && may_be_int4;
        bytes_.emplace_back(static_cast<std::size_t>(outputs) * inputs / (int4 ? 2 : 1));
        for (std::uint8_t& byte : bytes_.back()) byte = static_cast<std::uint8_t>((state_ = state_ * 1664525 + 1013904223) >> 24);
        if (int4) {
            constexpr std::uint16_t kScale = 0x1c00;  // 2^-8 as a float16
            matrix.group = kGroup;
            matrix.int4 = bytes_.back().data();
            halves_.emplace_back(static_cast<std::size_t>(outputs) * inputs / kGroup, kScale);
            matrix.group_scales = halves_.back().data();
        } else {
            matrix.int8 = reinterpret_cast<const std::int8_t*>(bytes_.back().data());
            floats_.emplace_back(outputs, 1.0f / 4096);
            matrix.row_scales = floats_.back().data();
        }
    }

    bool int4_;
    std::uint32_t state_ = 1;
    std::deque<std::vector<std::uint8_t>> bytes_;
    std::deque<std::vector<std::uint16_t>> halves_;
    std::deque<std::vector<float>> floats_;
    WeightSource source_;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

// One model on a number of threads, with two rows of kContext tokens and an empty one.
class Cell {
  public:
    Cell(const NamedShape& shape, bool int4, int threads)
        : name_(std::string(shape.name) + (int4 ? " int4 " : " int8 ") + std::to_string(threads) + "T"),
          model_(shape.shape, RandomWeights(shape.shape, int4).source(), choose_kernels(), threads) {
        for (int row = 0; row < 3; ++row) model_.open_row();
        for (int row = 0; row < 2; ++row) read(row, kContext);
    }

    void take_turn() {
        for (int repeat = 0; repeat < kRepeats; ++repeat) note(one_, append({0}, 1), repeat);
        for (int repeat = 0; repeat < kRepeats; ++repeat) note(both_, append({0, 1}, 1), repeat);
        for (int repeat = 0; repeat < kRepeats; ++repeat) note(verify_, append({0}, kVerified), repeat);
        for (int repeat = 0; repeat < kRepeats; ++repeat) note(verify_both_, append({0, 1}, kVerified), repeat);
        const auto start = Clock::now();
        read(2, kPrompt);
        prefill_.push_back(milliseconds_since(start));
        model_.truncate(2, 0);
        ThreadPool pool(model_.threads());
        bandwidths_.push_back(read_bandwidth(pool, std::size_t{256} << 20));
    }

    void print() const {
        const double both = median(both_), bandwidth = median(bandwidths_);
        const double bytes = static_cast<double>(model_.weight_bytes()) + 2.0 * kContext * kv_bytes();
        std::printf("%-12s one %6.3f  both %6.3f  verify %6.3f (%.2f)  of both %6.3f (%.2f)  prefill %6.1f ms;  %5.1f MB, %5.1f GB/s, %3.0f %%\n",
                    name_.c_str(), median(one_), both, median(verify_), median(verify_) / median(one_), median(verify_both_),
                    median(verify_both_) / both, median(prefill_), bytes * 1e-6, bandwidth * 1e-9,
                    100 * bytes / (both * 1e-3) / bandwidth);
    }

  private:
    static double milliseconds_since(Clock::time_point start) {
        return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    }
    static void note(std::vector<double>& times, double time, int repeat) {
        if (repeat > 0) times.push_back(time);
    }

    double kv_bytes() const {
        const ModelShape& shape = model_.shape();
        return 2.0 * shape.n_layers * shape.kv_width() * sizeof(Bf16);
    }

    static std::vector<std::int32_t> some_ids(int n) {
        std::vector<std::int32_t> ids;
        for (int i = 0; i < n; ++i) ids.push_back(static_cast<std::int32_t>((7919LL * i + 13) % 16000));
        return ids;
    }

    // Milliseconds of one pass over n more tokens of each row, which are taken off again.
    double append(const std::vector<int>& rows, int n) {
        const std::vector<std::int32_t> ids = some_ids(n);
        std::vector<RowFeed> feeds;
        for (int row : rows) feeds.push_back({row, ids, n});
        log_probs_.reserve(static_cast<std::size_t>(model_.count_outputs(feeds)) * model_.shape().vocab_size);
        const auto start = Clock::now();
        model_.step(feeds, nullptr, log_probs_.data());
        const double elapsed = milliseconds_since(start);
        for (int row : rows) model_.truncate(row, kContext);
        return elapsed;
    }

    void read(int row, int n) {
        const std::vector<std::int32_t> ids = some_ids(n);
        log_probs_.reserve(model_.shape().vocab_size);
        for (int start = 0; start < n; start += kChunk) {
            const RowFeed feed{row, std::span(ids).subspan(start, kChunk), 1};
            model_.step({&feed, 1}, nullptr, log_probs_.data());
        }
    }

    std::string name_;
    Model model_;
    Buffer<float> log_probs_;
    std::vector<double> one_, both_, verify_, verify_both_, prefill_, bandwidths_;
};

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
    std::deque<Cell> cells;
    for (const NamedShape& shape : kShapes) {
        if (argc > 2 && std::find(argv + 2, argv + argc, std::string(shape.name)) == argv + argc) continue;
        for (int threads : {1, 2}) {
            for (bool int4 : {true, false}) cells.emplace_back(shape, int4, threads);
        }
    }
    for (int round = 0; round < rounds; ++round) {
        for (Cell& cell : cells) cell.take_turn();
    }
    for (const Cell& cell : cells) cell.print();
}
