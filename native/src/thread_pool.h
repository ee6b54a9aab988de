// Threads that help a pass along and never hold it up.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>

namespace mim {

// A reference to a callable `void(int tile, int worker)`; it must outlive the call it is passed to.
class TileFunction {
  public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, TileFunction>)
    TileFunction(F&& f)  // NOLINT: implicit, so that lambdas can be passed
        : object_(const_cast<void*>(static_cast<const void*>(&f))), call_(&call<std::remove_reference_t<F>>) {}

    void operator()(int tile, int worker) const { call_(object_, tile, worker); }

  private:
    template <class F>
    static void call(void* object, int tile, int worker) {
        (*static_cast<F*>(object))(tile, worker);
    }

    void* object_;
    void (*call_)(void*, int, int);
};

// A pool whose caller is worker 0 and does whatever nobody else has taken. Not for calls from several threads at once.
//
// Between passes the threads sleep (no processor time). Within a pass (begin_pass .. end_pass) they spin briefly for
// the next job, then sleep. The caller waits only for tiles that another thread has started; when it has to wait long,
// because other programs want the cores, the helpers are left out for a while, so that a pass slows down in proportion.
//
// A forked child has no helpers. It may run jobs, all of which its caller does, but must not destroy the pool.
class ThreadPool {
  public:
    // Starts threads - 1 helpers, or as many as the system allows: see threads().
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const;

    // A pass is a stretch of jobs that follow one another closely. Helpers that were left out come back at its start.
    void begin_pass();
    void end_pass();

    // Calls `function(tile, worker)` for every tile in 0 .. tiles - 1, each once, in no order, and returns when all are
    // done. `worker` is 0 .. threads() - 1. An exception thrown by a tile ends the program: tiles must not throw.
    void run(int tiles, TileFunction function) noexcept;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// A pass, from begin_pass to end_pass.
class PassScope {
  public:
    explicit PassScope(ThreadPool& pool) : pool_(pool) { pool_.begin_pass(); }
    ~PassScope() { pool_.end_pass(); }
    PassScope(const PassScope&) = delete;
    PassScope& operator=(const PassScope&) = delete;

  private:
    ThreadPool& pool_;
};

}  // namespace mim
