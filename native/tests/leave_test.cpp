#include "leave.h"

#include "check.h"

namespace {

using mim::Leave;
using std::chrono::milliseconds;

const Leave::Clock::time_point kStart = Leave::Clock::now();

// How long a leave that begins now would last; it does begin.
milliseconds length_of_next(Leave& leave) {
    leave.begin(kStart);
    milliseconds length{0};
    while (!leave.over(kStart + length)) ++length;
    return length;
}

void a_helper_starts_without_leave() { CHECK(Leave().over(kStart)); }

void leaves_double_up_to_the_longest() {
    Leave leave;
    milliseconds expected = Leave::kShortest;
    for (int i = 0; i < 10; ++i) {
        CHECK_EQUAL(length_of_next(leave).count(), expected.count());
        expected = std::min(2 * expected, Leave::kLongest);
    }
    CHECK_EQUAL(length_of_next(leave).count(), Leave::kLongest.count());
}

void good_passes_make_leaves_short_again() {
    Leave leave;
    for (int i = 0; i < 3; ++i) length_of_next(leave);
    for (int i = 0; i < Leave::kGoodPasses - 1; ++i) leave.pass_went_well();
    CHECK_EQUAL(length_of_next(leave).count(), 8 * Leave::kShortest.count());
    for (int i = 0; i < Leave::kGoodPasses; ++i) leave.pass_went_well();
    CHECK_EQUAL(length_of_next(leave).count(), 8 * Leave::kShortest.count());
    for (int i = 0; i < 20 * Leave::kGoodPasses; ++i) leave.pass_went_well();
    CHECK_EQUAL(length_of_next(leave).count(), Leave::kShortest.count());
}

}  // namespace

int main() {
    a_helper_starts_without_leave();
    leaves_double_up_to_the_longest();
    good_passes_make_leaves_short_again();
    return check::report();
}
