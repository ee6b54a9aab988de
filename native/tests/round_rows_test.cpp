#include "round_rows.h"

#include <vector>

#include "check.h"

namespace {

void each_row_is_rounded_to_nearest_by_its_own_largest_value() {
    // Halves go to the even neighbour.
    const std::vector<float> matrix{127, -63.5, 0.5, 1.5, -0.254f, 0.001f, 0, -0.002f};
    const mim::RoundedRows rounded = mim::round_rows(matrix.data(), 2, 4);
    const std::vector<int> expected{127, -64, 0, 2, -127, 0, 0, -1};
    CHECK_NEAR(rounded.scales[0], 1, 1e-7);
    CHECK_NEAR(rounded.scales[1], 0.002, 1e-7);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (i != 5) CHECK_EQUAL(static_cast<int>(rounded.values[i]), expected[i]);  // which lies on a half
    }
}

void a_row_of_zeros_stays_one() {
    const std::vector<float> matrix(6, 0.0f);
    const mim::RoundedRows rounded = mim::round_rows(matrix.data(), 3, 2);
    for (const std::int8_t value : rounded.values) CHECK_EQUAL(static_cast<int>(value), 0);
    for (const float scale : rounded.scales) CHECK(scale > 0);
}

}  // namespace

int main() {
    each_row_is_rounded_to_nearest_by_its_own_largest_value();
    a_row_of_zeros_stays_one();
    return check::report();
}
