// Threads that help a pass along and never hold it up.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>

namespace mim {

// A reference to a callable `void(int first, int last, int worker)`, for tiles first .. last - 1; it must outlive the call
// it is passed to.
class StretchFunction {
  public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, StretchFunction>)
    StretchFunction(F&& f)  // NOLINT: implicit, so that lambdas can be passed
        : object_(const_cast<void*>(static_cast<const void*>(&f))), call_(&call<std::remove_reference_t<F>>) {}

    void operator()(int first, int last, int worker) const { call_(object_, first, last, worker); }

  private:
    template <class F>
    static void call(void* object, int first, int last, int worker) {
        (*static_cast<F*>(object))(first, last, worker);
    }

    void* object_;
    void (*call_)(void*, int, int, int);
};

// A pool whose caller is worker 0 and does whatever nobody else has taken. Not for calls from several threads at once.
//
// Tiles are shared out in advance, to each thread an equal range of tiles that follow one another, which it takes from the
// front in ever shorter stretches: what it reads is one stream, and the last stretches are short enough that threads finish
// together. Who has done its range takes from the others'.
//
// Between passes the threads sleep (no processor time). Within a pass (begin_pass .. end_pass) they spin briefly for
// the next job, then sleep. The caller waits only for tiles that another thread has started; when it has to wait long,
// because other programs want the cores, the helpers are left out for a while, so that a pass slows down in proportion.
//
// A forked child has no helpers: its caller does all jobs.
class ThreadPool {
  public:
    // Starts threads - 1 helpers, or as many as the system allows: see threads().
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const;

    // A pass is a stretch of jobs that follow one another closely. Helpers that were left out come back at its start.
    // At most `threads` take part in it, the caller among them; the others sleep on.
    void begin_pass(int threads);
    void end_pass();

    // Calls `function(first, last, worker)` for stretches that make up 0 .. tiles - 1, in no order, and returns when all
    // are done. `worker` is 0 .. threads() - 1. An exception thrown by a tile ends the program: tiles must not throw.
    void run_stretches(int tiles, StretchFunction function) noexcept;

    // The same with `function(tile, worker)` for every tile.
    template <class F>
    void run(int tiles, F&& function) noexcept {
        run_stretches(tiles, [&](int first, int last, int worker) {
            for (int tile = first; tile < last; ++tile) function(tile, worker);
        });
    }

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// A pass, from begin_pass to end_pass.
class PassScope {
  public:
    explicit PassScope(ThreadPool& pool) : PassScope(pool, pool.threads()) {}
    PassScope(ThreadPool& pool, int threads) : pool_(pool) { pool_.begin_pass(threads); }
    ~PassScope() { pool_.end_pass(); }
    PassScope(const PassScope&) = delete;
    PassScope& operator=(const PassScope&) = delete;

  private:
    ThreadPool& pool_;
};

}  // namespace mim
