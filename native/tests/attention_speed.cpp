// How fast attention and the elementwise kernels of one table are, on one core: not a test, run by hand.
// MIM_KERNELS chooses the table. Each number is the best of many short runs, so that other programs disturb it little.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <vector>

#include "kernels/kernels.h"
#include "kv_pages.h"
#include "row_cache.h"

namespace {

using namespace mim;

// The shape of a model of 110 million parameters.
constexpr int kLayers = 16, kKvHeads = 2, kQueries = 6, kWidth = 64, kInner = 2048, kVocabulary = 16384;
constexpr int kModelWidth = kQueries * kKvHeads * kWidth;

double best_seconds(const std::function<void()>& function) {
    using Clock = std::chrono::steady_clock;
    double best = std::numeric_limits<double>::infinity();
    const auto end = Clock::now() + std::chrono::milliseconds(700);
    for (int run = 0; run < 10 || Clock::now() < end; ++run) {
        const auto start = Clock::now();
        function();
        best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
}

std::vector<float> waves(std::size_t n) {
    std::vector<float> result(n);
    for (std::size_t i = 0; i < n; ++i) result[i] = std::sin(static_cast<float>(i));
    return result;
}

ModelShape shape() {
    ModelShape shape;
    shape.n_layers = kLayers;
    shape.n_heads = kQueries * kKvHeads;
    shape.n_kv_heads = kKvHeads;
    shape.head_dim = kWidth;
    return shape;
}

// Rows whose caches are full of `tokens` tokens, and calls of `attend` over them.
class Rows {
  public:
    Rows(const Kernels& kernels, int rows, int tokens)
        : kernels_(kernels),
          queries_(waves(kQueries * kWidth)),
          scores_(kQueries * round_up(tokens, kPageTokens)),
          out_(kQueries * kWidth) {
        for (int row = 0; row < rows; ++row) {
            RowCache& cache = caches_.emplace_back(shape());
            cache.reserve(tokens);
            for (int token = 0; token < tokens; ++token) fill(cache, token);
        }
    }

    void attend(int row, int layer, int kv_head, int visible) {
        RowCache& cache = caches_[row];
        const Bf16 *keys[kMaxPages], *values[kMaxPages];
        for (int page = 0; page < cache.n_pages(); ++page) {
            keys[page] = cache.keys(page, layer, kv_head);
            values[page] = cache.values(page, layer, kv_head);
        }
        int seen[kQueries];
        std::fill_n(seen, kQueries, visible);
        kernels_.attend({queries_.data(), seen, keys, values, scores_.data(), out_.data(), kQueries, kWidth, kWidth});
    }

  private:
    static constexpr int kMaxPages = 64;

    static void fill(RowCache& cache, int token) {
        const std::vector<float> channels = waves(kWidth + token);
        const int page = token / kPageTokens, slot = token % kPageTokens;
        for (int layer = 0; layer < kLayers; ++layer) {
            for (int head = 0; head < kKvHeads; ++head) {
                append_key(cache.keys(page, layer, head), slot, channels.data() + token, kWidth);
                append_value(cache.values(page, layer, head), slot, channels.data() + token, kWidth);
            }
        }
    }

    const Kernels& kernels_;
    std::vector<RowCache> caches_;
    std::vector<float> queries_, scores_, out_;
};

double attention_flops(double tokens) { return 4.0 * kQueries * kWidth * tokens; }

// A step of both directions: every layer and head of two rows. Without the weights in between, so the caches of short
// rows stay near.
void measure_decode(const Kernels& kernels, int tokens) {
    constexpr int kRows = 2;
    Rows rows(kernels, kRows, tokens);
    const double seconds = best_seconds([&] {
        for (int layer = 0; layer < kLayers; ++layer) {
            for (int row = 0; row < kRows; ++row) {
                for (int head = 0; head < kKvHeads; ++head) rows.attend(row, layer, head, tokens);
            }
        }
    });
    const double calls = kLayers * kRows * kKvHeads, bytes = calls * tokens * 2 * kWidth * sizeof(Bf16);
    std::printf("decode, %d rows at %4d tokens: %7.1f us a step, %5.2f us a call, %5.1f GB/s, %4.0f GFLOP/s\n", kRows, tokens,
                seconds * 1e6, seconds / calls * 1e6, bytes / seconds * 1e-9, calls * attention_flops(tokens) / seconds * 1e-9);
}

void measure_one_call(const Kernels& kernels, int tokens) {
    Rows rows(kernels, 1, tokens);
    const double seconds = best_seconds([&] { rows.attend(0, 0, 0, tokens); });
    std::printf("one call at %4d tokens, cached: %5.2f us, %4.0f GFLOP/s\n", tokens, seconds * 1e6,
                attention_flops(tokens) / seconds * 1e-9);
}

// One layer and head, token by token as prefill calls it.
void measure_prefill(const Kernels& kernels, int tokens) {
    Rows rows(kernels, 1, tokens);
    const double seconds = best_seconds([&] {
        for (int visible = 1; visible <= tokens; ++visible) rows.attend(0, 0, 0, visible);
    });
    const double flops = attention_flops(tokens * (tokens + 1.0) / 2);
    std::printf("prefill of %4d tokens: %6.2f ms for %d layers, %4.0f GFLOP/s\n", tokens, seconds * kLayers * kKvHeads * 1e3,
                kLayers, flops / seconds * 1e-9);
}

// Calls that are short beside a look at the clock.
template <class F>
void measure_short(const char* name, int n, F&& function) {
    constexpr int kRepeats = 100;
    const double seconds = best_seconds([&] {
        for (int repeat = 0; repeat < kRepeats; ++repeat) function();
    });
    std::printf("%-13s of %5d: %6.3f us\n", name, n, seconds / kRepeats * 1e6);
}

void measure_elementwise(const Kernels& kernels) {
    const std::vector<float> x = waves(kVocabulary);
    std::vector<float> out(kVocabulary), logits = x;
    std::vector<std::int8_t> values(kInner);
    std::vector<float> scales(kInner / kGroup);
    std::vector<std::int32_t> sums(2 * scales.size());
    measure_short("rms_norm", kModelWidth, [&] { kernels.rms_norm(x.data(), x.data(), kModelWidth, 1e-5f, out.data()); });
    measure_short("add", kModelWidth, [&] { kernels.add(x.data(), kModelWidth, out.data()); });
    measure_short("silu_multiply", kInner, [&] { kernels.silu_multiply(x.data(), x.data(), kInner, out.data()); });
    for (int n : {kModelWidth, kInner}) {
        measure_short("quantize", n, [&] { kernels.quantize(x.data(), n, values.data(), scales.data(), sums.data()); });
    }
    measure_short("log_softmax", kVocabulary, [&] { kernels.log_softmax(logits.data(), kVocabulary); });
}

}  // namespace

int main() {
    const Kernels& kernels = choose_kernels();
    std::printf("%s\n", kernels.name);
    for (int tokens : {512, 1024, 2048}) measure_one_call(kernels, tokens);
    for (int tokens : {512, 1024, 2048}) measure_decode(kernels, tokens);
    measure_prefill(kernels, 512);
    measure_elementwise(kernels);
}
