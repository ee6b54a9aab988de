// Every table's elementwise kernels against plain double arithmetic.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "kernels/kernels.h"

namespace {

using namespace mim;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
// Written behind every output: kernels must not touch it.
constexpr float kSentinel = 12345;

constexpr int kSizes[] = {1, 8, 31, 56, 64, 65, 100, 704, 2048};

std::vector<float> random_floats(int n, float size) {
    static std::mt19937 generator(1);
    std::normal_distribution<float> normal(0, size);
    std::vector<float> result(n);
    for (float& x : result) x = normal(generator);
    return result;
}

// Room for n outputs and a vector more.
std::vector<float> guarded(int n) { return std::vector<float>(n + 32, kSentinel); }

bool is_untouched_behind(const std::vector<float>& out, int n) {
    return std::all_of(out.begin() + n, out.end(), [](float x) { return x == kSentinel; });
}

// The largest error, relative to the size of what is expected.
double relative_error(const std::vector<float>& actual, const std::vector<double>& expected) {
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        worst = std::max(worst, std::abs(actual[i] - expected[i]) / std::max(std::abs(expected[i]), 1e-30));
    }
    return worst;
}

struct Quantized {
    std::vector<std::int8_t> values;
    std::vector<float> scales;
    std::vector<std::int32_t> sums;

    bool operator==(const Quantized&) const = default;
};

Quantized quantize(const Kernels& kernels, const std::vector<float>& x) {
    const int groups = round_up(static_cast<int>(x.size()), kGroup) / kGroup;
    Quantized result{std::vector<std::int8_t>(groups * kGroup, 99), std::vector<float>(groups), std::vector<std::int32_t>(2 * groups)};
    kernels.quantize(x.data(), static_cast<int>(x.size()), result.values.data(), result.scales.data(), result.sums.data());
    return result;
}

void check_sums(const Quantized& result) {
    for (std::size_t half = 0; half < result.sums.size(); ++half) {
        std::int32_t sum = 0;
        for (int i = 0; i < kHalfGroup; ++i) sum += result.values[half * kHalfGroup + i];
        CHECK_EQUAL(result.sums[half], sum);
    }
}

void test_quantize(const Kernels& kernels) {
    for (int n : kSizes) {
        const std::vector<float> x = random_floats(n, 3);
        const Quantized result = quantize(kernels, x);
        double worst = 0;
        for (int i = 0; i < n; ++i) {
            const double scale = result.scales[i / kGroup];
            worst = std::max(worst, std::abs(result.values[i] * scale - x[i]) / scale);
        }
        CHECK(worst <= 0.5001);
        CHECK(std::all_of(result.values.begin(), result.values.end(), [](int v) { return v >= -127; }));
        CHECK(std::all_of(result.values.begin() + n, result.values.end(), [](int v) { return v == 0; }));
        for (std::size_t group = 0; group < result.scales.size(); ++group) {
            float largest = 0;
            for (int i = group * kGroup; i < std::min<int>(n, (group + 1) * kGroup); ++i) largest = std::max(largest, std::abs(x[i]));
            CHECK_EQUAL(result.scales[group], largest / 127);
        }
        check_sums(result);
        CHECK(result == quantize(*usable_kernels().back(), x));
    }
}

void test_quantize_rounds_to_even(const Kernels& kernels) {
    const Quantized result = quantize(kernels, {127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0.501f, -126.5f});
    const std::vector<int> expected{127, 0, 2, 2, 0, -2, -2, 1, -126};
    CHECK(std::equal(expected.begin(), expected.end(), result.values.begin()));
}

// A group's scale must become `scale` and its values 0; its neighbours must be as without it.
void check_empty_group(const Kernels& kernels, std::vector<float> x, float special, float scale) {
    const Quantized without = quantize(kernels, x);
    std::fill(x.begin() + kGroup, x.begin() + 2 * kGroup, std::abs(special) < 1 ? special : 1.0f);
    x[kGroup + 5] = special;
    const Quantized result = quantize(kernels, x);
    CHECK(std::isnan(scale) ? std::isnan(result.scales[1]) : result.scales[1] == scale);
    for (int i = kGroup; i < 2 * kGroup; ++i) CHECK_EQUAL(static_cast<int>(result.values[i]), 0);
    CHECK_EQUAL(result.sums[2], 0);
    CHECK_EQUAL(result.sums[3], 0);
    for (int group : {0, 2}) {
        CHECK_EQUAL(result.scales[group], without.scales[group]);
        CHECK(std::equal(result.values.begin() + group * kGroup, result.values.begin() + (group + 1) * kGroup,
                         without.values.begin() + group * kGroup));
    }
}

void test_quantize_special_values(const Kernels& kernels) {
    const std::vector<float> x = random_floats(3 * kGroup, 1);
    check_empty_group(kernels, x, 0, 0);
    check_empty_group(kernels, x, -0.0f, 0);
    check_empty_group(kernels, x, 1e-40f, 0);
    check_empty_group(kernels, x, kInfinity, kNan);
    check_empty_group(kernels, x, -kInfinity, kNan);
    check_empty_group(kernels, x, kNan, kNan);
    check_empty_group(kernels, x, -kNan, kNan);

    const float largest = std::numeric_limits<float>::max();
    const Quantized result = quantize(kernels, {largest, -largest, largest / 2, 1e-30f});
    CHECK_EQUAL(static_cast<int>(result.values[0]), 127);
    CHECK_EQUAL(static_cast<int>(result.values[1]), -127);
    CHECK_EQUAL(static_cast<int>(result.values[2]), 64);
    CHECK_EQUAL(static_cast<int>(result.values[3]), 0);
}

void test_rms_norm(const Kernels& kernels) {
    for (int n : kSizes) {
        const std::vector<float> x = random_floats(n, 2), weight = random_floats(n, 1);
        double squares = 0;
        for (float value : x) squares += static_cast<double>(value) * value;
        std::vector<double> expected(n);
        for (int i = 0; i < n; ++i) expected[i] = x[i] * static_cast<double>(weight[i]) / std::sqrt(squares / n + 1e-5);
        std::vector<float> out = guarded(n);
        kernels.rms_norm(x.data(), weight.data(), n, 1e-5f, out.data());
        CHECK(relative_error(out, expected) < 1e-6);
        CHECK(is_untouched_behind(out, n));
    }
    std::vector<float> zeros(56), weight(56, 1.0f), out(56);
    kernels.rms_norm(zeros.data(), weight.data(), 56, 1e-5f, out.data());
    CHECK(out == zeros);
}

void test_silu_multiply(const Kernels& kernels) {
    for (int n : kSizes) {
        const std::vector<float> gate = random_floats(n, 10), up = random_floats(n, 1);
        std::vector<double> expected(n);
        for (int i = 0; i < n; ++i) expected[i] = gate[i] / (1 + std::exp(-static_cast<double>(gate[i]))) * up[i];
        std::vector<float> out = guarded(n);
        kernels.silu_multiply(gate.data(), up.data(), n, out.data());
        CHECK(relative_error(out, expected) < 1e-6);
        CHECK(is_untouched_behind(out, n));
    }
}

// For very negative x, silu(x) is x exp(x): this shows the relative error of exp over its whole range.
void test_silu_of_extremes(const Kernels& kernels) {
    const int n = 40000;
    std::vector<float> gate(n), up(n, 1.0f), out(n);
    std::vector<double> expected(n);
    for (int i = 0; i < n; ++i) {
        gate[i] = -85.0f * static_cast<float>(i) / n;
        expected[i] = gate[i] / (1 + std::exp(-static_cast<double>(gate[i])));
    }
    kernels.silu_multiply(gate.data(), up.data(), n, out.data());
    CHECK(relative_error(out, expected) < 4e-7);  // of exp, of the addition and of the division

    gate = {-1000, -1e38f, 1000, 1e38f, kInfinity, kNan, 0};
    kernels.silu_multiply(gate.data(), up.data(), 7, out.data());
    CHECK_NEAR(out[0], 0, 1e-30);
    CHECK_NEAR(out[1], 0, 2);  // exp stops growing at 88
    CHECK_EQUAL(out[2], 1000.0f);
    CHECK_EQUAL(out[3], 1e38f);
    CHECK_EQUAL(out[4], kInfinity);
    CHECK(std::isnan(out[5]));
    CHECK_EQUAL(out[6], 0.0f);
}

void test_add(const Kernels& kernels) {
    for (int n : kSizes) {
        const std::vector<float> x = random_floats(n, 1), before = random_floats(n, 1);
        std::vector<float> out = guarded(n);
        std::copy(before.begin(), before.end(), out.begin());
        kernels.add(x.data(), n, out.data());
        bool same = true;
        for (int i = 0; i < n; ++i) same = same && out[i] == before[i] + x[i];
        CHECK(same);
        CHECK(is_untouched_behind(out, n));
    }
}

void check_log_softmax(const Kernels& kernels, const std::vector<float>& x) {
    const int n = static_cast<int>(x.size());
    const double largest = *std::max_element(x.begin(), x.end());
    double sum = 0;
    for (float value : x) sum += std::exp(value - largest);
    std::vector<float> out = guarded(n);
    std::copy(x.begin(), x.end(), out.begin());
    kernels.log_softmax(out.data(), n);
    double worst = 0;
    for (int i = 0; i < n; ++i) {
        const double expected = x[i] - largest - std::log(sum);
        if (!std::isinf(x[i])) worst = std::max(worst, std::abs(out[i] - expected) / (1 + std::abs(expected)));
        if (std::isinf(x[i])) CHECK_EQUAL(out[i], -kInfinity);
    }
    CHECK(worst < 2e-6);  // the sum of 16384 floats
    CHECK(is_untouched_behind(out, n));
}

void test_log_softmax(const Kernels& kernels) {
    for (int n : kSizes) check_log_softmax(kernels, random_floats(n, 5));
    check_log_softmax(kernels, random_floats(16384, 3));
    check_log_softmax(kernels, std::vector<float>(16384, -7.0f));
    std::vector<float> masked = random_floats(100, 5);
    for (int i = 0; i < 100; i += 3) masked[i] = -kInfinity;
    check_log_softmax(kernels, masked);
    check_log_softmax(kernels, {-kInfinity, -kInfinity, 4});
    check_log_softmax(kernels, {-1000, 1000, 0});
}

void test_log_softmax_of_no_numbers(const Kernels& kernels) {
    for (std::vector<float> x : {std::vector<float>{1, kNan, 2}, {kInfinity, 0}, {-kInfinity, -kInfinity}}) {
        kernels.log_softmax(x.data(), static_cast<int>(x.size()));
        CHECK(std::all_of(x.begin(), x.end(), [](float value) { return std::isnan(value); }));
    }
}

}  // namespace

int main() {
    for (const Kernels* kernels : usable_kernels()) {
        std::cout << kernels->name << '\n';
        test_quantize(*kernels);
        test_quantize_rounds_to_even(*kernels);
        test_quantize_special_values(*kernels);
        test_rms_norm(*kernels);
        test_silu_multiply(*kernels);
        test_silu_of_extremes(*kernels);
        test_add(*kernels);
        test_log_softmax(*kernels);
        test_log_softmax_of_no_numbers(*kernels);
    }
    return check::report();
}
