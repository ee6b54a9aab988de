// The instruction set of a stretch of a file. MSVC needs nothing: there every function may use any instruction.
//
// Only our own inner loops may lie in between. Headers of the standard library are included before: an inline function
// of theirs that was compiled for a newer processor could be the copy that the linker keeps for the whole program.
#pragma once

// All standard headers that the kernel headers use.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "layout.h"
#include "tables.h"

#if defined(MIM_X86_64)
#include <immintrin.h>
#elif defined(MIM_ARM64)
#include <arm_neon.h>
#endif

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
// The intrinsics of these versions start from vectors that are undefined on purpose (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define MIM_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define MIM_TARGET_BEGIN(features) \
    MIM_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define MIM_TARGET_END MIM_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define MIM_TARGET_BEGIN(features) MIM_PRAGMA(GCC push_options) MIM_PRAGMA(GCC target(features))
#define MIM_TARGET_END MIM_PRAGMA(GCC pop_options)
#else
#define MIM_TARGET_BEGIN(features)
#define MIM_TARGET_END
#endif
