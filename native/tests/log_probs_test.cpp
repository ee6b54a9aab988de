#include "log_probs.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "check.h"

namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();
constexpr float kNoNumber = std::numeric_limits<float>::quiet_NaN();

int slow_best(const std::vector<float>& values, int without) {
    int best = mim::kNoToken;
    for (int i = 0; i < static_cast<int>(values.size()); ++i) {
        if (i != without && (best == mim::kNoToken || values[i] > values[best])) best = i;
    }
    return best;
}

void the_best_is_the_first_maximum_for_any_size() {
    std::mt19937 random(1);
    std::vector<int> sizes{1023, 1024, 1025, 5000};
    for (int size = 0; size < 80; ++size) sizes.push_back(size);
    for (const int size : sizes) {
        // Few different values, so that there are equals.
        std::uniform_int_distribution<int> draw(-3 - size, 0);
        std::vector<float> values(size);
        for (float& value : values) value = static_cast<float>(draw(random));
        for (int without = -1; without <= size; without += 1 + size / 100) {
            CHECK_EQUAL(mim::most_probable(values, without), slow_best(values, without));
        }
    }
}

void what_is_impossible_or_no_number_gives_a_token_all_the_same() {
    for (const float value : {kNothing, kNoNumber}) {
        const std::vector<float> values(33, value);
        CHECK_EQUAL(mim::most_probable(values), 0);
        CHECK_EQUAL(mim::most_probable(values, 0), 1);
        const std::vector<std::int32_t> ids{7, 9};
        CHECK_EQUAL(mim::most_probable_of(values, ids), 7);
        CHECK_EQUAL(mim::most_probable_of(values, ids, 7), 9);
    }
    std::vector<float> mixed(40, kNoNumber);
    mixed[35] = -2;
    CHECK_EQUAL(mim::most_probable(mixed), 35);
    const std::vector<float> zeros{-1, -0.0f, 0.0f, -1};
    CHECK_EQUAL(mim::most_probable(zeros), 1);
}

void the_best_of_some_is_the_first_of_equals() {
    const std::vector<float> values{-1, -5, -2, -2, 0};
    const std::vector<std::int32_t> ids{1, 2, 3};
    CHECK_EQUAL(mim::most_probable_of(values, ids), 2);
    CHECK_EQUAL(mim::most_probable_of(values, ids, 2), 3);
    CHECK_EQUAL(mim::most_probable_of(values, {}), mim::kNoToken);
    CHECK_EQUAL(mim::most_probable_of(values, std::span(ids).first(1), 1), mim::kNoToken);
}

void a_total_is_the_logarithm_of_the_sum() {
    const std::vector<float> values{std::log(0.1f), std::log(0.2f), std::log(0.3f), kNothing, -900};
    const std::vector<std::int32_t> some{0, 2, 3}, impossible{3}, unlikely{3, 4};
    CHECK_NEAR(mim::log_total(values, some), std::log(0.4), 1e-6);
    CHECK_NEAR(mim::log_total(values, unlikely), -900, 1e-6);  // no underflow
    CHECK_EQUAL(mim::log_total(values, impossible), kNothing);
    CHECK_EQUAL(mim::log_total(values, {}), kNothing);
}

}  // namespace

int main() {
    the_best_is_the_first_maximum_for_any_size();
    what_is_impossible_or_no_number_gives_a_token_all_the_same();
    the_best_of_some_is_the_first_of_equals();
    a_total_is_the_logarithm_of_the_sum();
    return check::report();
}
