// How fast this machine reads memory: the floor under every decode step, which reads all weights once.
#pragma once

#include <cstddef>

#include "thread_pool.h"

namespace mim {

// Bytes a second at which the pool's threads read a buffer of `bytes` (in steps of a quarter megabyte), over and over
// for some 60 ms: the best 16 MB count, so that other programs hardly spoil it. To measure memory rather than caches,
// `bytes` must be several times the last-level cache.
double read_bandwidth(ThreadPool& pool, std::size_t bytes);

}  // namespace mim
