#!/usr/bin/env bash
# Builds llama.cpp, which the benchmarks compare with, from the sources that the sdist of llama-cpp-python carries.
# Usage: benchmarks/build_llama_cpp.sh [FOLDER]     default: build/llama.cpp, where the benchmarks look for it
# Settings: PYTHON                    whose pip fetches the sources (default: python3)
#           LLAMA_CPP_PYTHON_VERSION  which sources (default: those of the numbers in docs/native-core)
#           LLAMA_CPP_CHECKS=1        also llama-bench, with which the rig can be checked
#           JOBS                      parallel compilers (default: 2)
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = -h ] || [ "${1:-}" = --help ]; then
    sed -n '2,7s/^# //p' "$0"
    exit
fi
version=${LLAMA_CPP_PYTHON_VERSION:-0.3.36}
folder=${1:-build/llama.cpp}
sdist=llama_cpp_python-$version
source=$folder/$sdist/vendor/llama.cpp

mkdir -p "$folder"
if [ ! -d "$source" ]; then
    "${PYTHON:-python3}" -m pip download --quiet --no-deps --no-binary llama-cpp-python --dest "$folder" \
        "llama-cpp-python==$version"
    tar -xzf "$folder/$sdist.tar.gz" -C "$folder"
fi

# The sdist has no git history; the commit stands in its changelog.
commit=$(sed -n '/ggml-org\/llama.cpp@/{s/.*@\([0-9a-f]*\).*/\1/p;q;}' "$folder/$sdist/CHANGELOG.md")

# One optimized build for this very machine, as someone would make it who wants speed. No tests, examples, web pages,
# server or TLS: nothing of that computes anything.
targets=(llama)
if [ "${LLAMA_CPP_CHECKS:-}" = 1 ]; then
    targets+=(llama-bench)
fi
cmake -S "$source" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=ON \
    -DGGML_CCACHE=OFF -DLLAMA_BUILD_COMMIT="$commit" -DLLAMA_BUILD_NUMBER=0 -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_BUILD_SERVER=OFF -DLLAMA_OPENSSL=OFF
cmake --build "$folder/build" --parallel "${JOBS:-2}" --target "${targets[@]}"

# The benchmarks' own way into libllama.
"${CC:-cc}" -O2 -Wall -Wextra -shared -fPIC "-I$source/include" "-I$source/ggml/include" \
    benchmarks/llama_cpp_driver.c -o "$folder/build/bin/libllama_cpp_driver.so" \
    "-L$folder/build/bin" -lllama '-Wl,-rpath,$ORIGIN'

compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$folder/build/CMakeCache.txt")
printf 'llama.cpp %s (sources of llama-cpp-python %s), %s\n' \
    "$commit" "$version" "$("$compiler" --version | sed -n 1p)" >"$folder/build/VERSION"
cat "$folder/build/VERSION"
