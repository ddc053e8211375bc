// Aligned memory: to cache lines when small, to huge pages (and asking for them) when large.
#pragma once

#include <cstddef>

namespace axonode {

// Contents are undefined. Throws std::bad_alloc.
void* allocatePages(size_t bytes);

// bytes must be what was asked for. Takes nullptr.
void freePages(void* data, size_t bytes);

}  // namespace axonode
