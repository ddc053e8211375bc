#include "native/base/pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace axonode {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;
// From here on memory comes from the system and goes back to it. Writing 64 MB for the first time
// takes 23 ms on small pages, 5 ms on huge ones.
constexpr size_t kLarge = size_t{4} << 20;

// Left to JavaScript's heap where the system limits our addresses (ulimit -v): where the collector
// finds no room to work in, V8 ends the process.
constexpr size_t kHeadroom = size_t{64} << 20;

size_t roundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

void* mapLarge(size_t bytes) {
  const size_t size = roundUp(bytes, kHugePage);
  constexpr size_t kBeyond = kHugePage + kHeadroom;
  if (size < bytes || size + kBeyond < size) throw std::bad_alloc();
  void* raw =
      mmap(nullptr, size + kBeyond, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) throw std::bad_alloc();
  char* begin = static_cast<char*>(raw);
  const size_t head =
      roundUp(reinterpret_cast<uintptr_t>(begin), kHugePage) - reinterpret_cast<uintptr_t>(begin);
  char* data = begin + head;
  if (head > 0) munmap(begin, head);
  munmap(data + size, kBeyond - head);
#ifdef MADV_HUGEPAGE
  madvise(data, size, MADV_HUGEPAGE);
#endif
  return data;
}

}  // namespace

void* allocatePages(size_t bytes) {
  if (bytes >= kLarge) return mapLarge(bytes);
  void* data = nullptr;
  if (posix_memalign(&data, kCacheLine, bytes > 0 ? bytes : 1) != 0) throw std::bad_alloc();
  return data;
}

void freePages(void* data, size_t bytes) {
  if (data == nullptr) return;
  if (bytes >= kLarge) {
    munmap(data, roundUp(bytes, kHugePage));
  } else {
    free(data);
  }
}

}  // namespace axonode
