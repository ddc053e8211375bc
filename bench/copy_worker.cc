// Copies memory on all threads, timed on request: the bandwidth that optimiser steps are held against. Reads lines
// `copy_BYTES SECONDS`, where BYTES counts what is read and what is written, half each. See peer.ts.
#include <omp.h>
#include <sys/mman.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace {

constexpr size_t kHugePage = size_t{1} << 21;

char* allocate(size_t bytes) {
  const size_t size = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  auto* data = static_cast<char*>(std::aligned_alloc(kHugePage, size));
  if (data == nullptr) std::abort();
#ifdef MADV_HUGEPAGE
  madvise(data, size, MADV_HUGEPAGE);
#endif
  std::memset(data, 1, size);
  return data;
}

// Past the caches, so that no line is read before it is written.
void stream(char* to, const char* from, size_t bytes) {
#ifdef __SSE2__
  for (size_t i = 0; i + 64 <= bytes; i += 64) {
    for (size_t k = 0; k < 64; k += 16) {
      const __m128i four = _mm_load_si128(reinterpret_cast<const __m128i*>(from + i + k));
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + i + k), four);
    }
  }
  _mm_sfence();
#else
  std::memcpy(to, from, bytes);
#endif
}

void copy(char* to, const char* from, size_t bytes, bool streaming) {
#pragma omp parallel
  {
    const auto threads = static_cast<size_t>(omp_get_num_threads());
    const auto thread = static_cast<size_t>(omp_get_thread_num());
    const size_t share = bytes / threads / 64 * 64;
    const size_t begin = thread * share;
    const size_t size = thread + 1 == threads ? bytes - begin : share;
    streaming ? stream(to + begin, from + begin, size)
              : static_cast<void>(std::memcpy(to + begin, from + begin, size));
  }
}

double perCopyMs(char* to, const char* from, size_t bytes, bool streaming, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  double elapsed = 0;
  long count = 0;
  do {
    copy(to, from, bytes, streaming);
    count++;
    elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } while (elapsed < seconds);
  return elapsed / static_cast<double>(count) * 1e3;
}

}  // namespace

int main() {
  std::string workload;
  double seconds = 0;
  size_t held = 0;
  char *from = nullptr, *to = nullptr;
  while (std::cin >> workload >> seconds) {
    const size_t bytes = std::stoull(workload.substr(workload.find('_') + 1)) / 2 / 64 * 64;
    if (bytes > held) {
      std::free(from);
      std::free(to);
      from = allocate(bytes);
      to = allocate(bytes);
      held = bytes;
    }
    // The faster of memcpy and streaming: which one it is differs between machines.
    const double plain = perCopyMs(to, from, bytes, false, seconds / 2);
    const double streamed = perCopyMs(to, from, bytes, true, seconds / 2);
    std::printf("{\"ms\": %.6f}\n", plain < streamed ? plain : streamed);
    std::fflush(stdout);
  }
}
