// Our own matrix product: b packed in panels, a read in place, blocks sized for the caches.
#pragma once

#include <cstdint>

namespace axonode::AXONODE_ISA {

// c = op(a) op(b) (+ bias) (+ c), row-major; see gemm in kernels.h.
struct Product {
  int64_t m, n, k;
  bool transA, transB, accumulate;
  const float* bias;
};

struct BlockedPlan {
  int64_t depthBlock;   // of k
  int64_t columnBlock;  // of n, whole panels
  int64_t rowBlock;     // of m, at most
  bool packed;          // else b is read in place
  bool copied;          // a is copied: its rows collide in the cache, or are its columns
  int64_t panelFloats, copyFloats;
  int64_t scratchFloats(int64_t threads) const { return panelFloats + threads * copyFloats; }
};
// Scratch is at most 8 MiB plus 512 KiB a thread.
BlockedPlan planBlocked(const Product& p);
// Called by every thread of a team of `threads` (with thread = 0 of 1: alone, without barriers).
void runBlocked(const Product& p, const BlockedPlan& plan, float* c, const float* a, const float* b,
                float* scratch, int64_t thread, int64_t threads);

}  // namespace axonode::AXONODE_ISA
