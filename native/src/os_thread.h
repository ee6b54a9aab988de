// What the pool asks of the operating system and the processor beyond the standard library.
#pragma once

#include <functional>
#include <thread>

namespace mim {

// Tells the processor that this is a loop that waits, so that it saves power and leaves its twin thread the core.
void relax_processor();

// Of this process; a forked child has another one.
long process_id();

// Starts a thread named "mim-core" (as debuggers and `top -H` show it) that receives no signals: those of the process
// stay with the threads that expect them. Throws std::system_error when the system has no thread left.
std::thread start_helper_thread(std::function<void()> body);

}  // namespace mim
