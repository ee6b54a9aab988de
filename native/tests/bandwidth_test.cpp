#include "bandwidth.h"

#include <algorithm>
#include <chrono>

#include "check.h"

namespace {

using Clock = std::chrono::steady_clock;

void the_result_is_the_speed_of_a_memory() {
    for (int threads : {1, 2}) {
        mim::ThreadPool pool(threads);
        const double bandwidth = mim::read_bandwidth(pool, std::size_t{64} << 20);
        CHECK(bandwidth > 1e8);   // a tenth of one gigabyte a second: an emulated processor still does that
        CHECK(bandwidth < 1e13);  // more than the fastest cache of many cores
    }
}

void a_buffer_in_the_cache_is_not_slower_than_memory() {
    mim::ThreadPool pool(1);
    double cache = 0, memory = 0;
    for (int i = 0; i < 3; ++i) {
        cache = std::max(cache, mim::read_bandwidth(pool, std::size_t{1} << 20));
        memory = std::max(memory, mim::read_bandwidth(pool, std::size_t{128} << 20));
    }
    CHECK(cache > 0.7 * memory);
}

void any_size_is_measured() {
    mim::ThreadPool pool(2);
    for (std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{3} << 20})
        CHECK(mim::read_bandwidth(pool, bytes) > 0);
}

}  // namespace

int main() {
    the_result_is_the_speed_of_a_memory();
    a_buffer_in_the_cache_is_not_slower_than_memory();
    any_size_is_measured();
    return check::report();
}
