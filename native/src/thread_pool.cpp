#include "thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <ranges>
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
// The caller waits in peace for this long, or for as long as it worked itself if that is longer: a helper that is running
// has finished its stretch by then, so one that has not must have lost its core. (With half of it, interrupts on a quiet
// machine cost helpers a third of their work.)
constexpr microseconds kPatience{100};

// Tiles first .. last - 1.
struct Stretch {
    int first, last;

    int size() const { return last - first; }
};

// One thread's range of the current job's tiles, in one word: one atomic exchange takes a stretch off its front. A helper
// that comes late finds nothing, or something of the newer job whose function it then reads, never a stretch of the newer
// job with the older function.
class TileRange {
  public:
    // Makes tiles available, and with them what was written before.
    void offer(Stretch tiles) { word_.store(pack(tiles), std::memory_order_release); }

    bool any_left() const { return unpack(word_.load(std::memory_order_relaxed)).size() > 0; }

    // The first half of what is left; empty if nothing is.
    Stretch claim() {
        std::uint64_t word = word_.load(std::memory_order_relaxed);
        for (;;) {
            const Stretch left = unpack(word);
            if (left.size() == 0) return left;
            const int middle = left.first + (left.size() + 1) / 2;
            if (word_.compare_exchange_weak(word, pack({middle, left.last}), std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
                return {left.first, middle};
            }
        }
    }

  private:
    static std::uint64_t pack(Stretch s) { return std::uint64_t(s.last) << 32 | static_cast<std::uint32_t>(s.first); }
    static Stretch unpack(std::uint64_t word) { return {static_cast<int>(static_cast<std::uint32_t>(word)), static_cast<int>(word >> 32)}; }

    alignas(kCacheLine) std::atomic<std::uint64_t> word_{0};
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
    std::deque<TileRange> ranges{1};  // one for each worker
    alignas(kCacheLine) StretchFunction function{[](int, int, int) {}};
    alignas(kCacheLine) std::atomic<int> finished_by_helpers{0};
    alignas(kCacheLine) std::deque<Helper> helpers;
    int taking_part = 1;  // workers of this pass: the first so many
    const long owner = process_id();

    auto helpers_of_pass() { return helpers | std::views::take(taking_part - 1); }
    void add_helper(int worker);
    void live(Helper& helper, int worker);
    void help(Helper& helper, int worker);
    bool take_part(Helper& helper, int worker);
    bool any_left() const;
    Stretch claim(int worker);
    int do_tiles(Stretch tiles, int worker);
    void offer(int tiles);
    void await(int tiles, Clock::duration patience);
    bool finished_within(Clock::duration time, int tiles) const;
    bool finished(int tiles) const;
    void suspect_those_in_tiles();
    void send_suspects_away(Clock::duration lost);
};

void ThreadPool::State::add_helper(int worker) {
    Helper& helper = helpers.emplace_back();
    ranges.emplace_back();
    try {
        helper.thread = start_helper_thread([this, &helper, worker] { live(helper, worker); });
    } catch (const std::system_error&) {
        helpers.pop_back();
        ranges.pop_back();
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
    if (!any_left()) return false;
    helper.in_tiles.store(true, std::memory_order_relaxed);
    const int done = do_tiles(claim(worker), worker);
    // All of them are of one job, for no job ends before its tiles are reported. After this nothing of it is touched.
    finished_by_helpers.fetch_add(done, std::memory_order_release);
    helper.in_tiles.store(false, std::memory_order_relaxed);
    return done > 0;
}

bool ThreadPool::State::any_left() const {
    return std::any_of(ranges.begin(), ranges.end(), [](const TileRange& range) { return range.any_left(); });
}

// From the worker's own range, else from the next one that has some left.
Stretch ThreadPool::State::claim(int worker) {
    const int n = static_cast<int>(ranges.size());
    for (int i = 0; i < n; ++i) {
        const Stretch tiles = ranges[(worker + i) % n].claim();
        if (tiles.size() > 0) return tiles;
    }
    return {0, 0};
}

int ThreadPool::State::do_tiles(Stretch tiles, int worker) {
    int done = 0;
    for (; tiles.size() > 0; tiles = claim(worker)) {
        function(tiles.first, tiles.last, worker);
        done += tiles.size();
    }
    return done;
}

// The caller's range comes last, so that helpers do not start with it while their own is not there yet.
void ThreadPool::State::offer(int tiles) {
    const int n = taking_part;
    const auto start = [&](int worker) { return static_cast<int>(std::int64_t{tiles} * worker / n); };
    for (int worker = n - 1; worker >= 0; --worker) ranges[worker].offer({start(worker), start(worker + 1)});
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
    state_->taking_part = this->threads();
}

ThreadPool::~ThreadPool() {
    if (state_->owner != process_id()) {
        // There are no helpers to wait for, and what they were doing when the process forked is lost with them.
        static_cast<void>(state_.release());
        return;
    }
    for (Helper& helper : state_->helpers) helper.quit();
    for (Helper& helper : state_->helpers) helper.thread.join();
}

int ThreadPool::threads() const { return 1 + static_cast<int>(state_->helpers.size()); }

void ThreadPool::begin_pass(int threads) {
    state_->taking_part = std::clamp(threads, 1, this->threads());
    if (state_->taking_part == 1) return;
    const Clock::time_point now = Clock::now();
    for (Helper& helper : state_->helpers_of_pass()) {
        if (helper.away && helper.leave.over(now)) helper.away = false;
        helper.summon();
    }
}

void ThreadPool::end_pass() {
    for (Helper& helper : state_->helpers_of_pass()) {
        helper.rest();
        if (!helper.away) helper.leave.pass_went_well();
    }
    state_->taking_part = threads();
}

void ThreadPool::run_stretches(int tiles, StretchFunction function) noexcept {
    State& state = *state_;
    if (tiles <= 0) return;
    if (tiles == 1 || state.taking_part == 1) return function(0, tiles, 0);
    state.function = function;
    state.finished_by_helpers.store(0, std::memory_order_relaxed);
    state.offer(tiles);
    for (Helper& helper : state.helpers_of_pass()) helper.summon();
    const Clock::time_point start = Clock::now();
    const int own = state.do_tiles(state.claim(0), 0);
    if (own == tiles) return;
    state.await(tiles - own, std::max<Clock::duration>(kPatience, Clock::now() - start));
}

}  // namespace mim
