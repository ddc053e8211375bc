#include "native/gemm/blas_memory.h"

#include <sys/mman.h>

#include <array>
#include <cstddef>

#if !AXONODE_ACCELERATE
// Not in cblas.h, and not in every build of OpenBLAS. What was mapped once it keeps.
extern "C" __attribute__((weak)) void* blas_memory_alloc(int);
extern "C" __attribute__((weak)) void blas_memory_free(void*);
#endif

namespace axonode {

#if AXONODE_ACCELERATE

bool BlasMemory::grow(int threads) {
  threads_ = threads;
  return true;
}

#else

namespace {

constexpr size_t kBytesOfBuffer = (size_t{128} << 20) + (size_t{1} << 20);
// As many threads as the binding lets a stream have.
constexpr int kMaxThreads = 256;

bool canMap(size_t bytes) {
  void* const data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return false;
  munmap(data, bytes);
  return true;
}

}  // namespace

// A threaded product takes one buffer for the call and one for each thread; products inside of a
// parallel region take one for each thread.
bool BlasMemory::grow(int threads) {
  const int buffers = threads + 1;
  if (threads > kMaxThreads || !canMap(static_cast<size_t>(buffers + threads) * kBytesOfBuffer)) {
    return false;
  }
  if (blas_memory_alloc != nullptr && blas_memory_free != nullptr) {
    std::array<void*, kMaxThreads + 1> held;
    for (int i = 0; i < buffers; i++) held[static_cast<size_t>(i)] = blas_memory_alloc(0);
    for (int i = 0; i < buffers; i++) blas_memory_free(held[static_cast<size_t>(i)]);
  }
  threads_ = threads;
  return true;
}

#endif

}  // namespace axonode
