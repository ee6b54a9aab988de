// The KV cache of one row: pages that are added as the row grows and kept when it is cut back.
#pragma once

#include <memory>
#include <vector>

#include "buffer.h"
#include "layout.h"
#include "shape.h"

namespace mim {

class RowCache {
  public:
    explicit RowCache(const ModelShape& shape);

    int length() const { return length_; }
    // Tokens up to here are seen by what comes next. At most the tokens that were written.
    void set_length(int length) { length_ = length; }

    // Makes room for `tokens` tokens in all.
    void reserve(int tokens);
    int n_pages() const { return static_cast<int>(pages_.size()); }

    // One page's keys or values of one layer and key-value head; see layout.h.
    Bf16* keys(int page, int layer, int kv_head) { return pages_[page].data() + offset(layer, kv_head); }
    Bf16* values(int page, int layer, int kv_head) { return keys(page, layer, kv_head) + half_; }

    std::size_t bytes() const { return pages_.size() * page_size_ * sizeof(Bf16); }

  private:
    std::size_t offset(int layer, int kv_head) const { return (static_cast<std::size_t>(layer) * n_kv_heads_ + kv_head) * 2 * half_; }

    int n_kv_heads_;
    std::size_t half_;       // elements of the keys, or of the values, of one layer and head in a page
    std::size_t page_size_;  // elements of a page
    std::vector<Buffer<Bf16>> pages_;
    int length_ = 0;
};

}  // namespace mim
