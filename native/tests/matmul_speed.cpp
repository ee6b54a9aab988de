// How near the matrix product comes to the limits of one core: the speed of memory for few rows, of the dot product
// instruction for many. Not a test; prints a table for each table of kernels, or for those named on the command line.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "buffer.h"
#include "kernels/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

namespace {

using namespace mim;

constexpr int kTilePanels = 16;
constexpr std::size_t kStreamBytes = std::size_t{128} << 20;

double seconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// One matrix and rows for it; contents do not matter for speed, as long as the scales are normal numbers.
struct Problem {
    Problem(int rows, int inputs, int outputs, int weight_group)
        : rows(rows), groups(inputs / kGroup), values(static_cast<std::size_t>(rows) * inputs), x_scales(rows * groups),
          sums(rows * groups * 2), panels(static_cast<std::size_t>(outputs) * inputs / (weight_group == 0 ? 1 : 2)),
          row_scales(weight_group == 0 ? outputs : 0),
          group_scales(weight_group == 0 ? 0 : static_cast<std::size_t>(outputs) * inputs / weight_group),
          out(static_cast<std::size_t>(rows) * kTilePanels * kPanel) {
        std::uint32_t state = 1;
        for (std::size_t i = 0; i < panels.size(); ++i) {
            state = state * 1664525 + 1013904223;
            panels[i] = static_cast<std::uint8_t>(state >> 24);
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 255) - 127);
        }
        for (std::size_t i = 0; i < x_scales.size(); ++i) x_scales[i] = 0.01f;
        for (std::size_t i = 0; i < row_scales.size(); ++i) row_scales[i] = 0.01f;
        for (std::size_t i = 0; i < group_scales.size(); ++i) group_scales[i] = 0x2000;
        x = {values.data(), x_scales.data(), sums.data(), rows, groups};
        w = {panels.data(), nullptr, nullptr, outputs, groups, weight_group};
        if (weight_group == 0) {
            w.row_scales = row_scales.data();
        } else {
            w.group_scales = group_scales.data();
        }
    }

    std::size_t bytes() const { return panels.bytes() + row_scales.bytes() + group_scales.bytes(); }
    std::size_t tile_bytes() const { return bytes() / tiles(); }
    int tiles() const { return w.n_panels() / kTilePanels; }
    double tile_operations(int n_rows) const { return 2.0 * n_rows * kTilePanels * kPanel * w.stride(); }

    // Multiplies with one tile.
    void run(const Kernels& kernels, int tile) {
        const int first = tile * kTilePanels;
        kernels.matmul(x, w, first, first + kTilePanels, out.data(), kTilePanels * kPanel);
    }

    int rows, groups;
    Buffer<std::int8_t> values;
    Buffer<float> x_scales;
    Buffer<std::int32_t> sums;
    Buffer<std::uint8_t> panels;
    Buffer<float> row_scales;
    Buffer<std::uint16_t> group_scales;
    Buffer<float> out;
    QuantizedRows x{};
    PackedMatrix w{};
};

volatile std::uint64_t sink;

// Adds up words in enough independent sums to keep up with memory.
void read(const std::uint8_t* bytes, std::size_t size) {
    constexpr int kSums = 32;
    std::uint64_t sums[kSums]{};
    const auto* words = reinterpret_cast<const std::uint64_t*>(bytes);
    for (std::size_t i = 0; i < size / sizeof(std::uint64_t); i += kSums) {
        for (int k = 0; k < kSums; ++k) sums[k] += words[i + k];
    }
    for (std::uint64_t sum : sums) sink = sink + sum;
}

#if defined(__x86_64__) && defined(__GNUC__)
// Dot products in registers only, 64 times as many operations as bytes a vector.
__attribute__((target("avx512f,avx512vnni"))) void multiply_in_registers(int steps) {
    __m512i sums[12];
    for (__m512i& sum : sums) sum = _mm512_setzero_si512();
    const __m512i factor = _mm512_set1_epi32(steps);
    for (int step = 0; step < steps; ++step) {
#pragma GCC unroll 12
        for (int i = 0; i < 12; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], factor, factor);
    }
    std::uint64_t words[8];
    for (const __m512i& sum : sums) {
        _mm512_storeu_si512(words, sum);
        sink = sink + words[0];
    }
}

double measure_peak() {
    if (!__builtin_cpu_supports("avx512vnni")) return 0;
    constexpr int kSteps = 20000;
    return 12.0 * 128 * kSteps / seconds([] { multiply_in_registers(kSteps); });
}
#else
double measure_peak() { return 0; }
#endif

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

void print_shares(const char* unit, const int (&counts)[4], const std::vector<double> (&rates)[5]) {
    const double limit = median(rates[4]);
    std::printf(" limit %5.1f %s;", limit / 1e9, unit);
    for (int i = 0; i < 4; ++i) {
        const double rate = median(rates[i]);
        std::printf("  %3d rows %5.1f (%3.0f %%)", counts[i], rate / 1e9, limit > 0 ? 100 * rate / limit : 0);
    }
    std::printf("\n");
}

// Goes through more memory than the caches hold, in strides of a tile that is read by each number of rows in turn, and
// by a plain loop.
void measure_few_rows(const Kernels& kernels, int inputs, int weight_group) {
    const int counts[] = {1, 2, 4, 8};
    const std::size_t panel_bytes = static_cast<std::size_t>(inputs) * kPanel / (weight_group == 0 ? 1 : 2);
    const int tiles = static_cast<int>(kStreamBytes / panel_bytes / kTilePanels);
    Problem problem(8, inputs, tiles * kTilePanels * kPanel, weight_group);
    std::vector<double> rates[5];
    for (int repeat = 0; repeat < 7; ++repeat) {
        for (int tile = 0; tile < problem.tiles(); ++tile) {
            const int kind = (tile + repeat) % 5;
            const std::size_t plain_bytes = kTilePanels * panel_bytes;
            if (kind == 4) {
                const std::uint8_t* start = problem.panels.data() + tile * plain_bytes;
                rates[kind].push_back(plain_bytes / seconds([&] { read(start, plain_bytes); }));
            } else {
                problem.x.rows = counts[kind];
                rates[kind].push_back(problem.tile_bytes() / seconds([&] { problem.run(kernels, tile); }));
            }
        }
    }
    std::printf("%-10s int%d group %-2d K %4d ", kernels.name, weight_group == 0 ? 8 : 4, weight_group, inputs);
    print_shares("GB/s", counts, rates);
}

void measure_many_rows(const Kernels& kernels, int inputs, int weight_group) {
    const int counts[] = {16, 32, 128, 512};
    Problem problem(512, inputs, kTilePanels * kPanel * 8, weight_group);
    std::vector<double> rates[5];
    for (int repeat = 0; repeat < 48; ++repeat) {
        for (int i = 0; i < 4; ++i) {
            problem.x.rows = counts[i];
            rates[i].push_back(problem.tile_operations(counts[i]) / seconds([&] { problem.run(kernels, repeat % 8); }));
        }
        rates[4].push_back(measure_peak());
    }
    std::printf("%-10s int%d group %-2d K %4d ", kernels.name, weight_group == 0 ? 8 : 4, weight_group, inputs);
    print_shares("GOP/s", counts, rates);
}

}  // namespace

int main(int argc, char** argv) {
    for (const Kernels* kernels : usable_kernels()) {
        if (argc > 1 && std::find(argv + 1, argv + argc, std::string(kernels->name)) == argv + argc) continue;
        for (int weight_group : {0, kGroup, kHalfGroup}) {
            for (int inputs : {768, 2048}) measure_few_rows(*kernels, inputs, weight_group);
        }
        for (int weight_group : {0, kGroup, kHalfGroup}) {
            for (int inputs : {768, 2048}) measure_many_rows(*kernels, inputs, weight_group);
        }
    }
}
