#include "os_thread.h"

#include <utility>

#if defined(_WIN32)
#include <windows.h>
#else
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace mim {
namespace {

void name_this_thread() {
#if defined(_WIN32)
    SetThreadDescription(GetCurrentThread(), L"mim-core");
#elif defined(__APPLE__)
    pthread_setname_np("mim-core");
#elif defined(__linux__)
    pthread_setname_np(pthread_self(), "mim-core");
#endif
}

#if defined(_WIN32)
struct SignalsBlocked {};
#else
// Threads inherit the signal mask, so it is set around their start: there is no moment in which they take signals.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_;
};
#endif

}  // namespace

void relax_processor() {
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("isb" ::: "memory");  // `yield` is a no-op on most cores; this takes about as long as x86's pause
#else
    std::this_thread::yield();
#endif
}

long process_id() {
#if defined(_WIN32)
    return static_cast<long>(GetCurrentProcessId());
#else
    return static_cast<long>(getpid());
#endif
}

std::thread start_helper_thread(std::function<void()> body) {
    [[maybe_unused]] const SignalsBlocked blocked;
    return std::thread([body = std::move(body)] {
        name_this_thread();
        body();
    });
}

}  // namespace mim
