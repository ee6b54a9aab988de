#include "thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <random>
#include <thread>
#include <vector>

#if !defined(_WIN32)
#include <sys/resource.h>
#endif

#include "check.h"
#include "leave.h"

namespace {

using mim::PassScope;
using mim::ThreadPool;
using std::chrono::milliseconds;

// How often each tile ran, and whether the workers' numbers were in range and never shared.
class Tally {
  public:
    explicit Tally(int threads) : busy_(threads) {}

    bool counts(ThreadPool& pool, int tiles) {
        std::vector<int> runs(tiles);  // not atomic: a sanitizer sees a tile that ends after `run`
        pool.run(tiles, [&](int tile, int worker) {
            if (busy_.at(worker).exchange(true)) entered_twice_ = true;
            ++runs[tile];
            busy_[worker].store(false);
        });
        for (int count : runs)
            if (count != 1) return false;
        return !entered_twice_;
    }

  private:
    std::vector<std::atomic<bool>> busy_;
    std::atomic<bool> entered_twice_ = false;
};

void every_tile_runs_once() {
    std::mt19937 random(1);
    for (int threads = 1; threads <= 8; ++threads) {
        ThreadPool pool(threads);
        CHECK_EQUAL(pool.threads(), threads);
        Tally tally(threads);
        bool once = true;
        for (int pass = 0; pass < 30; ++pass) {
            const PassScope scope(pool);
            for (int job = 0; job < 50; ++job) once &= tally.counts(pool, static_cast<int>(random() % 60));
        }
        CHECK(once);
    }
}

// Those that take no part in a pass neither get tiles of their own nor take others'. Ever more of them: one that has just
// taken part may still be looking for work when the next pass begins.
void a_pass_may_be_of_fewer_threads() {
    ThreadPool pool(4);
    bool only_the_first = true, all_done = true;
    for (const int threads : {1, 2, 3, 4}) {
        const PassScope scope(pool, threads);
        for (int job = 0; job < 50; ++job) {
            std::atomic<int> done = 0, most = 0;
            pool.run(20, [&](int, int worker) {
                ++done;
                for (int before = most; before < worker && !most.compare_exchange_weak(before, worker);) {}
            });
            all_done &= done == 20;
            only_the_first &= most < threads;
        }
    }
    CHECK(all_done);
    CHECK(only_the_first);
}

void jobs_run_outside_a_pass() {
    ThreadPool pool(3);
    Tally tally(3);
    CHECK(tally.counts(pool, 20));
    CHECK(tally.counts(pool, 0));
}

// A helper that comes late must never run a tile of the next job with the last one's function.
void short_jobs_do_not_mix() {
    ThreadPool pool(4);
    const PassScope scope(pool);
    int wrong = 0;
    for (int job = 0; job < 20000; ++job) {
        int seen[3] = {-1, -1, -1};
        pool.run(3, [&seen, job](int tile, int) { seen[tile] = job; });
        for (int value : seen) wrong += value != job;
    }
    CHECK_EQUAL(wrong, 0);
}

void pools_start_and_stop_at_any_moment() {
    Tally tally(4);
    bool once = true;
    for (int i = 0; i < 300; ++i) {
        ThreadPool pool(1 + i % 4);
        if (i % 5 == 0) continue;
        const PassScope scope(pool);
        if (i % 5 > 1) once &= tally.counts(pool, i % 20);
        if (i % 5 == 3) std::this_thread::sleep_for(std::chrono::microseconds(i));
    }
    CHECK(once);
}

void pools_work_side_by_side() {
    std::vector<std::thread> callers;
    std::atomic<int> good = 0;
    for (int caller = 0; caller < 3; ++caller)
        callers.emplace_back([&good] {
            ThreadPool pool(3);
            Tally tally(3);
            bool once = true;
            for (int pass = 0; pass < 20; ++pass) {
                const PassScope scope(pool);
                for (int job = 0; job < 50; ++job) once &= tally.counts(pool, job);
            }
            good += once;
        });
    for (std::thread& caller : callers) caller.join();
    CHECK_EQUAL(good.load(), 3);
}

// A job in which helpers take `time` for a stretch of tiles: the caller has done the others long before.
void run_with_stuck_helpers(ThreadPool& pool, milliseconds time) {
    pool.run_stretches(200, [&](int first, int last, int worker) {
        std::this_thread::sleep_for(worker == 0 ? std::chrono::microseconds(100) * (last - first) : time);
    });
}

void the_caller_waits_for_a_slow_tile_and_then_leaves_its_thread_out() {
    ThreadPool pool(2);
    {
        const PassScope scope(pool);
        run_with_stuck_helpers(pool, milliseconds(100));
    }
    int helped = 0;
    {
        const PassScope scope(pool);
        for (int job = 0; job < 20; ++job) {
            bool by_helper[8] = {};
            pool.run(8, [&](int tile, int worker) {
                std::this_thread::sleep_for(std::chrono::microseconds(50));
                by_helper[tile] = worker != 0;
            });
            for (bool helper : by_helper) helped += helper;
        }
    }
    CHECK_EQUAL(helped, 0);
}

void a_thread_that_was_left_out_comes_back() {
    ThreadPool pool(2);
    {
        const PassScope scope(pool);
        run_with_stuck_helpers(pool, milliseconds(100));
    }
    std::this_thread::sleep_for(mim::Leave::kLongest);
    std::atomic<int> helped = 0;
    const PassScope scope(pool);
    for (int job = 0; job < 20; ++job)
        pool.run(20, [&](int, int worker) {
            std::this_thread::sleep_for(milliseconds(1));
            helped += worker != 0;
        });
    CHECK(helped > 0);
}

#if !defined(_WIN32)  // whose std::clock counts time, not processor time
// What a counter grows by while this thread sleeps: the least of some times, for threads that are told to sleep may get
// a core for doing so only late.
template <class Counter>
double least_growth(Counter counter) {
    double least = 1e9;
    for (int i = 0; i < 10; ++i) {
        const double before = counter();
        std::this_thread::sleep_for(milliseconds(50));
        least = std::min(least, counter() - before);
    }
    return least;
}

double processor_milliseconds() { return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void an_idle_pool_uses_no_processor_time() {
    ThreadPool pool(4);
    {
        const PassScope scope(pool);
        CHECK(Tally(4).counts(pool, 20));
    }
    CHECK(least_growth(processor_milliseconds) < 1);
}

void helpers_stop_spinning_in_a_pass_without_jobs() {
    ThreadPool pool(4);
    const PassScope scope(pool);
    CHECK(least_growth(processor_milliseconds) < 1);
}

double context_switches() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_nvcsw);
}

void an_idle_pool_causes_no_context_switches() {
    ThreadPool pool(4);
    { const PassScope scope(pool); }
    CHECK(least_growth(context_switches) <= 1);  // this thread's own sleep
}
#endif

}  // namespace

int main() {
    every_tile_runs_once();
    a_pass_may_be_of_fewer_threads();
    jobs_run_outside_a_pass();
    short_jobs_do_not_mix();
    pools_start_and_stop_at_any_moment();
    pools_work_side_by_side();
    the_caller_waits_for_a_slow_tile_and_then_leaves_its_thread_out();
    a_thread_that_was_left_out_comes_back();
#if !defined(_WIN32)
    an_idle_pool_uses_no_processor_time();
    helpers_stop_spinning_in_a_pass_without_jobs();
    an_idle_pool_causes_no_context_switches();
#endif
    return check::report();
}
