#include <cstdlib>
#include <stdexcept>
#include <string>

#include "check.h"
#include "kernels/kernels.h"

namespace {

void set_wish(const char* name) {
#if defined(_WIN32)
    _putenv_s("MIM_KERNELS", name);
#else
    setenv("MIM_KERNELS", name, 1);
#endif
}

std::string message_for(const char* name) {
    set_wish(name);
    try {
        mim::choose_kernels();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

void test_tables_are_whole() {
    for (const mim::Kernels* kernels : mim::usable_kernels()) {
        CHECK(kernels->matmul != nullptr && kernels->quantize != nullptr && kernels->rms_norm != nullptr);
        CHECK(kernels->silu_multiply != nullptr && kernels->add != nullptr && kernels->log_softmax != nullptr);
        CHECK(kernels->attend != nullptr);
    }
}

void test_choice() {
    const auto usable = mim::usable_kernels();
    CHECK_EQUAL(std::string(usable.back()->name), "portable");
    set_wish("");
    CHECK_EQUAL(&mim::choose_kernels(), usable.front());
    for (const mim::Kernels* kernels : usable) {
        set_wish(kernels->name);
        CHECK_EQUAL(&mim::choose_kernels(), kernels);
    }
}

void test_unusable_names() {
    for (const char* name : {"mmx", "avx", "portable ", "PORTABLE"}) {
        const std::string message = message_for(name);
        CHECK(message.find(name) != std::string::npos);
        for (const mim::Kernels* kernels : mim::usable_kernels()) {
            CHECK(message.find(kernels->name) != std::string::npos);
        }
    }
}

void test_features() {
    const std::string features = mim::processor_features();
    for (const mim::Kernels* kernels : mim::usable_kernels()) {
        const std::string name = kernels->name;
        if (name.rfind("avx", 0) == 0) CHECK(features.find(name) != std::string::npos);
        if (name == "neon") CHECK_EQUAL(features, "dotprod");
    }
}

}  // namespace

int main() {
    test_tables_are_whole();
    test_choice();
    test_unusable_names();
    test_features();
    return check::report();
}
