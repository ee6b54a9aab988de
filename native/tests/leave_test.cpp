#include "leave.h"

#include "check.h"

namespace {

using mim::Leave;
using std::chrono::milliseconds;

const Leave::Clock::time_point kStart = Leave::Clock::now();

constexpr milliseconds kLost{2};

// How long a leave for `lost` time that begins now lasts; it does begin.
milliseconds length_of_next(Leave& leave, milliseconds lost = kLost) {
    leave.begin(kStart, lost);
    milliseconds length{0};
    while (!leave.over(kStart + length)) ++length;
    return length;
}

void a_helper_starts_without_leave() { CHECK(Leave().over(kStart)); }

void a_leave_is_in_proportion_to_the_loss() {
    for (int lost : {1, 2, 7}) {
        Leave leave;
        CHECK_EQUAL(length_of_next(leave, milliseconds(lost)).count(), lost * Leave::kFactor);
    }
}

void leaves_double_up_to_the_longest() {
    Leave leave;
    milliseconds expected = kLost * Leave::kFactor;
    for (int i = 0; i < 12; ++i) {
        CHECK_EQUAL(length_of_next(leave).count(), expected.count());
        expected = std::min(2 * expected, Leave::kLongest);
    }
    CHECK_EQUAL(expected.count(), Leave::kLongest.count());
}

void good_passes_make_leaves_short_again() {
    Leave leave;
    for (int i = 0; i < 3; ++i) length_of_next(leave);
    for (int i = 0; i < Leave::kGoodPasses - 1; ++i) leave.pass_went_well();
    CHECK_EQUAL(length_of_next(leave) / kLost, 8 * Leave::kFactor);
    for (int i = 0; i < Leave::kGoodPasses; ++i) leave.pass_went_well();
    CHECK_EQUAL(length_of_next(leave) / kLost, 8 * Leave::kFactor);
    for (int i = 0; i < 20 * Leave::kGoodPasses; ++i) leave.pass_went_well();
    CHECK_EQUAL(length_of_next(leave) / kLost, Leave::kFactor);
}

}  // namespace

int main() {
    a_helper_starts_without_leave();
    a_leave_is_in_proportion_to_the_loss();
    leaves_double_up_to_the_longest();
    good_passes_make_leaves_short_again();
    return check::report();
}
