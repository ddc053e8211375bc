#include "native/base/types.h"

#include <new>

#include "native/base/pages.h"

namespace axonode {

Scratch::~Scratch() { freePages(data_, static_cast<size_t>(bytes_)); }

void* Scratch::reserve(int64_t bytes) {
  if (bytes < 0) throw std::bad_alloc();
  if (bytes > bytes_ || data_ == nullptr) {
    // The old contents are nobody's, so they go first: the peak stays the largest request.
    freePages(data_, static_cast<size_t>(bytes_));
    data_ = nullptr;
    bytes_ = 0;
    data_ = allocatePages(static_cast<size_t>(bytes));
    bytes_ = bytes;
  }
  return data_;
}

void Context::report(const char* kernel, int64_t index, int64_t limit) {
#pragma omp critical(axonode_fault)
  {
    if (fault.kernel == nullptr) fault = {kernel, index, limit};
  }
}

}  // namespace axonode
