// How a pass slows down when other processes want the cores. Not a test: it prints a table. POSIX; the load of other
// processes is known on Linux only.
//
//     contention_speed [rounds] [milliseconds a turn]
//
// A pass is 100 jobs of 8 tiles that read 64 MB in all, about what one decode step does. The cells (threads x foreign
// busy processes) take turns, so that what else happens on the machine falls on all of them. A turn in which processes
// other than these used more than a twentieth of the machine does not count.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "thread_pool.h"

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kJobs = 100;
constexpr int kTiles = 8;
constexpr std::size_t kTileWords = 20 * 1024;
constexpr double kThinking = 0.06;         // milliseconds between two passes: choosing a token, Python
constexpr double kDisturbedShare = 0.05;

double milliseconds_since(Clock::time_point start) { return Milliseconds(Clock::now() - start).count(); }

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// Processor seconds that this process and its finished children have used.
double own_seconds() {
    double total = 0;
    for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        getrusage(who, &usage);
        total += seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    return total;
}

// Processor seconds that all processes of the machine have used.
double machine_seconds() {
    std::ifstream stat("/proc/stat");
    std::string cpu;
    double user = 0, nice = 0, system = 0;
    stat >> cpu >> user >> nice >> system;
    return (user + nice + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// A process that uses one core for nothing while it lives.
class BusyProcess {
  public:
    BusyProcess() : process_(fork()) {
        if (process_ == 0)
            for (;;) std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~BusyProcess() {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
    BusyProcess(const BusyProcess&) = delete;
    BusyProcess& operator=(const BusyProcess&) = delete;

  private:
    pid_t process_;
};

class Pass {
  public:
    Pass() : words_(kJobs * kTiles * kTileWords, 1), sums_(kTiles) {}

    void run(mim::ThreadPool& pool) {
        const mim::PassScope scope(pool);
        for (int job = 0; job < kJobs; ++job)
            pool.run(kTiles, [&](int tile, int) { sums_[tile] = sum(job * kTiles + tile); });
    }

  private:
    std::uint32_t sum(int tile) const {
        std::uint32_t total = 0;
        const std::uint32_t* words = &words_[tile * kTileWords];
        for (std::size_t i = 0; i < kTileWords; ++i) total += words[i];
        return total;
    }

    std::vector<std::uint32_t> words_;
    std::vector<std::uint32_t> sums_;
};

struct Cell {
    int threads;
    int foreign;
    std::vector<double> times = {};  // of its passes, in milliseconds
    int disturbed = 0;               // turns
};

std::vector<double> time_passes(mim::ThreadPool& pool, Pass& pass, double milliseconds) {
    std::vector<double> times;
    for (const auto start = Clock::now(); milliseconds_since(start) < milliseconds;) {
        const auto began = Clock::now();
        pass.run(pool);
        times.push_back(milliseconds_since(began));
        for (const auto ended = Clock::now(); milliseconds_since(ended) < kThinking;) {
        }
    }
    return times;
}

std::vector<double> time_contended_passes(const Cell& cell, Pass& pass, double milliseconds) {
    std::vector<std::unique_ptr<BusyProcess>> foreign(cell.foreign);
    for (auto& process : foreign) process = std::make_unique<BusyProcess>();
    mim::ThreadPool pool(cell.threads);
    return time_passes(pool, pass, milliseconds);
}

void take_turn(Cell& cell, Pass& pass, double milliseconds) {
    const auto start = Clock::now();
    const double own = own_seconds(), machine = machine_seconds();
    const std::vector<double> times = time_contended_passes(cell, pass, milliseconds);
    const double others = (machine_seconds() - machine) - (own_seconds() - own);
    const double available = 1e-3 * milliseconds_since(start) * static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
    if (others > kDisturbedShare * available)
        ++cell.disturbed;
    else
        cell.times.insert(cell.times.end(), times.begin(), times.end());
}

double quantile(std::vector<double> times, double share) {
    if (times.empty()) return 0;
    std::sort(times.begin(), times.end());
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
}

void print(const std::vector<Cell>& cells) {
    const double quiet = quantile(cells[0].times, 0.5);
    std::printf("threads foreign passes disturbed    p50    p95    p99    max ms   over the quiet p50 of one thread\n");
    for (const Cell& cell : cells) {
        std::printf("%7d %7d %6zu %9d", cell.threads, cell.foreign, cell.times.size(), cell.disturbed);
        for (double share : {0.5, 0.95, 0.99, 1.0}) std::printf(" %6.2f", quantile(cell.times, share));
        std::printf("     ");
        for (double share : {0.5, 0.95, 0.99, 1.0}) std::printf(" %6.2f", quantile(cell.times, share) / quiet);
        std::printf("\n");
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
    const double milliseconds = argc > 2 ? std::atof(argv[2]) : 300;
    std::vector<Cell> cells;
    for (int foreign : {0, 1, 2})
        for (int threads : {1, 2}) cells.push_back({threads, foreign});
    Pass pass;
    for (int round = 0; round < rounds; ++round)
        for (Cell& cell : cells) take_turn(cell, pass, milliseconds);
    print(cells);
}
