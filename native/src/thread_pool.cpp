#include "thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <system_error>
#include <thread>

#include "layout.h"
#include "leave.h"
#include "os_thread.h"

namespace mim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

// How long a helper spins for the next job before it sleeps.
constexpr microseconds kHelperSpin{50};
// How often a waiting thread looks again before it reads the clock (a look takes some tens of nanoseconds).
constexpr int kLooksPerClock = 16;
// The caller waits in peace for this long, or for as long as it takes itself for so many tiles if that is longer: a
// helper that is running has finished its tile by then, so one that has not must have lost its core. (With half of it,
// interrupts on a quiet machine cost helpers a third of their work.)
constexpr microseconds kPatience{100};
constexpr int kPatienceTiles = 4;

// The tiles of the current job, how many there are and how many are taken, in one word: one atomic addition claims a
// tile and tells whether there was one. A helper that comes late finds none, or one of the newer job whose function it
// then reads, never one of the newer job with the older function.
class TileCounter {
  public:
    // Makes all tiles but the first, which is the caller's, available, and with them what was written before.
    void offer(int tiles) { word_.store(std::uint64_t(tiles) << 32 | 1, std::memory_order_release); }

    bool any_left() const { return any_left(word_.load(std::memory_order_relaxed)); }

    // The next tile, or -1. Looks before it adds, so that late threads do not count up without bound.
    int claim() {
        if (!any_left()) return -1;
        const std::uint64_t word = word_.fetch_add(1, std::memory_order_acquire);
        return any_left(word) ? taken(word) : -1;
    }

  private:
    static int taken(std::uint64_t word) { return static_cast<int>(static_cast<std::uint32_t>(word)); }
    static bool any_left(std::uint64_t word) { return taken(word) < static_cast<int>(word >> 32); }

    std::atomic<std::uint64_t> word_{0};
};

enum class Order : int { kRest, kWork, kQuit };

// One thread of the pool. Both sides write `order`: the caller gives it, and a helper without work goes to rest itself.
// Where the two race, a helper at most sleeps through one job.
struct Helper {
    alignas(kCacheLine) std::atomic<Order> order{Order::kRest};
    alignas(kCacheLine) std::atomic<bool> in_tiles{false};

    // Of the caller alone.
    alignas(kCacheLine) bool away = false;
    bool suspect = false;
    Leave leave;
    std::thread thread;

    void summon() {
        if (away || order.load(std::memory_order_relaxed) != Order::kRest) return;
        order.store(Order::kWork, std::memory_order_release);
        order.notify_one();
    }

    // Unless it has been told to quit.
    void rest() {
        Order work = Order::kWork;
        order.compare_exchange_strong(work, Order::kRest, std::memory_order_relaxed);
    }

    void quit() {
        order.store(Order::kQuit, std::memory_order_release);
        order.notify_one();
    }
};

}  // namespace

struct ThreadPool::State {
    alignas(kCacheLine) TileCounter counter;
    TileFunction function{[](int, int) {}};
    alignas(kCacheLine) std::atomic<int> finished_by_helpers{0};
    alignas(kCacheLine) std::deque<Helper> helpers;

    void add_helper(int worker);
    void live(Helper& helper, int worker);
    void help(Helper& helper, int worker);
    bool take_part(Helper& helper, int worker);
    int do_tiles(int tile, int worker);
    void await(int tiles, Clock::duration patience);
    bool finished_within(Clock::duration time, int tiles) const;
    bool finished(int tiles) const;
    void suspect_those_in_tiles();
    void send_suspects_away(Clock::duration lost);
};

void ThreadPool::State::add_helper(int worker) {
    Helper& helper = helpers.emplace_back();
    try {
        helper.thread = start_helper_thread([this, &helper, worker] { live(helper, worker); });
    } catch (const std::system_error&) {
        helpers.pop_back();
        throw;
    }
}

void ThreadPool::State::live(Helper& helper, int worker) {
    for (;;) {
        helper.order.wait(Order::kRest, std::memory_order_acquire);
        if (helper.order.load(std::memory_order_acquire) == Order::kQuit) return;
        help(helper, worker);
        helper.rest();
    }
}

void ThreadPool::State::help(Helper& helper, int worker) {
    Clock::time_point last_work = Clock::now();
    for (int look = 1; helper.order.load(std::memory_order_relaxed) == Order::kWork; ++look) {
        if (take_part(helper, worker))
            last_work = Clock::now();
        else if (look % kLooksPerClock != 0)
            relax_processor();
        else if (Clock::now() - last_work > kHelperSpin)
            return;
    }
}

bool ThreadPool::State::take_part(Helper& helper, int worker) {
    if (!counter.any_left()) return false;
    helper.in_tiles.store(true, std::memory_order_relaxed);
    const int done = do_tiles(counter.claim(), worker);
    // All of them are of one job, for no job ends before its tiles are reported. After this nothing of it is touched.
    finished_by_helpers.fetch_add(done, std::memory_order_release);
    helper.in_tiles.store(false, std::memory_order_relaxed);
    return done > 0;
}

int ThreadPool::State::do_tiles(int tile, int worker) {
    int done = 0;
    for (; tile >= 0; tile = counter.claim(), ++done) function(tile, worker);
    return done;
}

void ThreadPool::State::await(int tiles, Clock::duration patience) {
    const Clock::time_point start = Clock::now();
    if (finished_within(patience, tiles)) return;
    suspect_those_in_tiles();
    // Yields only now: one that is waited for may want this very core, but who yields early loses it to anyone.
    while (!finished(tiles)) std::this_thread::yield();
    send_suspects_away(Clock::now() - start);
}

bool ThreadPool::State::finished_within(Clock::duration time, int tiles) const {
    const Clock::time_point end = Clock::now() + time;
    for (int look = 1; !finished(tiles); ++look) {
        if (look % kLooksPerClock == 0 && Clock::now() > end) return false;
        relax_processor();
    }
    return true;
}

bool ThreadPool::State::finished(int tiles) const {
    return finished_by_helpers.load(std::memory_order_acquire) == tiles;
}

void ThreadPool::State::suspect_those_in_tiles() {
    for (Helper& helper : helpers) helper.suspect = helper.in_tiles.load(std::memory_order_relaxed);
}

// Once the wait is over, so that a leave is not spent while the caller waits.
void ThreadPool::State::send_suspects_away(Clock::duration lost) {
    const Clock::time_point now = Clock::now();
    for (Helper& helper : helpers) {
        if (!helper.suspect) continue;
        helper.suspect = false;
        helper.away = true;
        helper.leave.begin(now, lost);
        helper.rest();
    }
}

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
    try {
        for (int worker = 1; worker < threads; ++worker) state_->add_helper(worker);
    } catch (const std::system_error&) {
        // The system has no more threads: those that there are will do.
    }
}

ThreadPool::~ThreadPool() {
    for (Helper& helper : state_->helpers) helper.quit();
    for (Helper& helper : state_->helpers) helper.thread.join();
}

int ThreadPool::threads() const { return 1 + static_cast<int>(state_->helpers.size()); }

void ThreadPool::begin_pass() {
    if (state_->helpers.empty()) return;
    const Clock::time_point now = Clock::now();
    for (Helper& helper : state_->helpers) {
        if (helper.away && helper.leave.over(now)) helper.away = false;
        helper.summon();
    }
}

void ThreadPool::end_pass() {
    for (Helper& helper : state_->helpers) {
        helper.rest();
        if (!helper.away) helper.leave.pass_went_well();
    }
}

void ThreadPool::run(int tiles, TileFunction function) noexcept {
    State& state = *state_;
    if (tiles <= 1 || state.helpers.empty()) {
        for (int tile = 0; tile < tiles; ++tile) function(tile, 0);
        return;
    }
    state.function = function;
    state.finished_by_helpers.store(0, std::memory_order_relaxed);
    state.counter.offer(tiles);
    for (Helper& helper : state.helpers) helper.summon();
    const Clock::time_point start = Clock::now();
    const int own = state.do_tiles(0, 0);
    if (own == tiles) return;
    const Clock::duration own_tile = (Clock::now() - start) / own;
    state.await(tiles - own, std::max<Clock::duration>(kPatience, kPatienceTiles * own_tile));
}

}  // namespace mim
