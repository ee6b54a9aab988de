// Memory for vectors of any instruction set.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "layout.h"

namespace mim {

// A block of trivially copyable elements, zero at first. Large blocks ask for huge pages: a decode step reads all
// weights once, and with small pages a good part of its time goes into address translation.
template <class T>
class Buffer {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    Buffer() = default;
    explicit Buffer(std::size_t size) : data_(allocate(size)), size_(size) {}

    T* data() { return data_.get(); }
    const T* data() const { return data_.get(); }
    std::size_t size() const { return size_; }
    std::size_t bytes() const { return size_ * sizeof(T); }
    T& operator[](std::size_t i) { return data_.get()[i]; }
    const T& operator[](std::size_t i) const { return data_.get()[i]; }

    // Makes room for `size` elements; the old contents are lost when it has to grow.
    void reserve(std::size_t size) {
        if (size > size_) *this = Buffer(size);
    }

  private:
    static constexpr std::size_t kHugePage = std::size_t{2} << 20;

    struct Free {
        std::size_t alignment;
        void operator()(T* data) const { ::operator delete(data, std::align_val_t{alignment}); }
    };

    static std::unique_ptr<T, Free> allocate(std::size_t size) {
        const std::size_t bytes = size * sizeof(T);
        const std::size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
        void* memory = ::operator new(bytes, std::align_val_t{alignment});
#if defined(__linux__)
        if (alignment == kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
        std::memset(memory, 0, bytes);
        return {static_cast<T*>(memory), Free{alignment}};
    }

    std::unique_ptr<T, Free> data_{nullptr, Free{kCacheLine}};
    std::size_t size_ = 0;
};

}  // namespace mim
