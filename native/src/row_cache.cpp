#include "row_cache.h"

namespace mim {

RowCache::RowCache(const ModelShape& shape)
    : n_kv_heads_(shape.n_kv_heads),
      half_(static_cast<std::size_t>(kPageTokens) * shape.padded_head()),
      page_size_(2 * half_ * shape.n_layers * shape.n_kv_heads) {}

void RowCache::reserve(int tokens) {
    while (n_pages() * kPageTokens < tokens) pages_.emplace_back(page_size_);
}

}  // namespace mim
