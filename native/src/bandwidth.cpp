#include "bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <numeric>

#include "buffer.h"
#include "kernels/inlining.h"

namespace mim {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kBudget{0.06};
// Words one thread reads at a time: long enough for the hardware's prefetcher, short enough to share evenly.
constexpr std::size_t kTileWords = std::size_t{1} << 15;
// Of 16 MB, a round fits between two decisions of the system's scheduler.
constexpr std::size_t kTilesPerRound = 64;

// How far ahead memory is asked for, as the matrix product does: without, some processors read at two thirds of the speed.
constexpr std::size_t kPrefetchWords = 1024;
// Words of a cache line, and sums that do not wait for each other.
constexpr std::size_t kLineWords = kCacheLine / sizeof(std::uint64_t);

std::uint64_t sum(const std::uint64_t* words) {
    std::uint64_t sums[kLineWords] = {};
    for (std::size_t i = 0; i < kTileWords; i += kLineWords) {
        MIM_PREFETCH(words + i + kPrefetchWords);
        for (std::size_t k = 0; k < kLineWords; ++k) sums[k] += words[i + k];
    }
    return std::accumulate(sums, sums + kLineWords, std::uint64_t{0});
}

double time_round(ThreadPool& pool, const std::uint64_t* words, int tiles) {
    std::atomic<std::uint64_t> total = 0;  // keeps the compiler from dropping the sums
    const auto start = Clock::now();
    pool.run(tiles, [&](int tile, int) { total.fetch_add(sum(words + tile * kTileWords), std::memory_order_relaxed); });
    return static_cast<double>(tiles * kTileWords * sizeof(std::uint64_t)) / Seconds(Clock::now() - start).count();
}

// Reads the buffer once, in one pass, so that the pool is awake in all rounds but the first.
double best_round(ThreadPool& pool, const std::uint64_t* words, std::size_t tiles) {
    const PassScope scope(pool);
    double best = 0;
    for (std::size_t first = 0; first < tiles; first += kTilesPerRound) {
        const std::size_t round = std::min(kTilesPerRound, tiles - first);
        best = std::max(best, time_round(pool, words + first * kTileWords, static_cast<int>(round)));
    }
    return best;
}

}  // namespace

double read_bandwidth(ThreadPool& pool, std::size_t bytes) {
    const std::size_t tiles = std::max<std::size_t>(1, bytes / (kTileWords * sizeof(std::uint64_t)));
    const Buffer<std::uint64_t> words(tiles * kTileWords);
    const auto start = Clock::now();
    double best = 0;
    do {
        best = std::max(best, best_round(pool, words.data(), tiles));
    } while (Clock::now() - start < kBudget);
    return best;
}

}  // namespace mim
