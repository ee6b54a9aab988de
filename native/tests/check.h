// The tests' harness: `CHECK...` counts and prints what fails, and `main` returns `check::report()`.
// For the main thread only.
#pragma once

#include <cmath>
#include <iostream>

namespace check {

inline int passed = 0;
inline int failed = 0;

// Returns the condition, so that a test can stop where going on makes no sense.
inline bool count(bool condition, const char* text, const char* file, int line) {
    ++(condition ? passed : failed);
    if (!condition) std::cerr << file << ':' << line << ": " << text << '\n';
    return condition;
}

template <class A, class B>
bool count_equal(const A& actual, const B& expected, const char* text, const char* file, int line) {
    if (count(actual == expected, text, file, line)) return true;
    std::cerr << "    got " << actual << ", expected " << expected << '\n';
    return false;
}

// `tolerance` is absolute; NaN is near nothing.
inline bool count_near(double actual, double expected, double tolerance, const char* text, const char* file, int line) {
    if (count(std::abs(actual - expected) <= tolerance, text, file, line)) return true;
    std::cerr << "    got " << actual << ", expected " << expected << " +- " << tolerance << '\n';
    return false;
}

// The exit status of a test program.
inline int report() {
    std::cout << passed << " passed, " << failed << " failed\n";
    return failed == 0 ? 0 : 1;
}

}  // namespace check

#define CHECK(condition) check::count((condition), "CHECK(" #condition ")", __FILE__, __LINE__)
#define CHECK_EQUAL(actual, expected) \
    check::count_equal((actual), (expected), "CHECK_EQUAL(" #actual ", " #expected ")", __FILE__, __LINE__)
#define CHECK_NEAR(actual, expected, tolerance) \
    check::count_near((actual), (expected), (tolerance), "CHECK_NEAR(" #actual ", " #expected ")", __FILE__, __LINE__)
