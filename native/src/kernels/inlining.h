// Hints for inner loops: arrays that must become registers, and memory that will be read soon.
#pragma once

#if defined(__clang__)
#define MIM_INLINE inline __attribute__((always_inline))
#define MIM_UNROLL _Pragma("unroll")
#elif defined(__GNUC__)
#define MIM_INLINE inline __attribute__((always_inline))
#define MIM_UNROLL _Pragma("GCC unroll 32")
#else
#define MIM_INLINE __forceinline
#define MIM_UNROLL
#endif

// Brings the line of an address into the second cache; the address need not be valid.
#if defined(__GNUC__)
#define MIM_PREFETCH(address) __builtin_prefetch(address, 0, 2)
#else
#define MIM_PREFETCH(address) static_cast<void>(address)
#endif
