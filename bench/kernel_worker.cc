// The limit that kernels can reach: one register tile after the other on data in the first-level cache, on all
// threads. Its times are for 10^9 operations, whatever the workload. See peer.ts.
#include <omp.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "native/gemm/microkernel.h"

namespace {

using namespace axonode::AXONODE_ISA;

constexpr int64_t kDepth = 64;
constexpr int kCalls = 256;

// Operations that one thread has done in about so many seconds.
double multiply(double seconds) {
  float a[kTileRows * kDepth] = {}, panel[kDepth * kPanelWidth] = {}, out[kTileRows * kPanelWidth];
  int64_t offsets[kTileRows];
  for (int64_t r = 0; r < kTileRows; r++) offsets[r] = r * kPanelWidth;
  RowTile tile{};
  tile.a = a;
  tile.rowStride = kDepth;
  tile.segments = 1;
  tile.length = kDepth;
  tile.panel = panel;
  tile.out = out;
  tile.rowOffset = offsets;
  tile.columns = kPanelWidth;
  const RowKernel kernel = rowKernel(kTileRows, kPanelVectors);
  const double end = omp_get_wtime() + seconds;
  double operations = 0;
  do {
    for (int i = 0; i < kCalls; i++) kernel(tile);
    operations += 2.0 * kCalls * kTileRows * kPanelWidth * kDepth;
  } while (omp_get_wtime() < end);
  return operations;
}

}  // namespace

int main() {
  std::string workload;
  double seconds = 0;
  while (std::cin >> workload >> seconds) {
    double operations = 0;
    const double start = omp_get_wtime();
#pragma omp parallel reduction(+ : operations)
    operations += multiply(seconds);
    std::printf("{\"ms\": %.6f}\n", (omp_get_wtime() - start) / operations * 1e12);
    std::fflush(stdout);
  }
}
