// What this processor can do and the operating system lets it do.
#pragma once

#include <string>
#include <vector>

namespace mim {

// The instruction sets that some table of kernels needs, by the names compilers use for them.
std::vector<std::string> find_processor_features();

}  // namespace mim
