// Packing the right matrix of a product in the panels that the kernels read.
#pragma once

#include <cstdint>

#include "native/gemm/microkernel.h"

namespace axonode::AXONODE_ISA {

// A matrix as it lies in memory: element (row, column) at data[row * stride + column], transposed
// at data[column * stride + row].
struct PanelSource {
  const float* data;
  int64_t stride;
  bool transposed;
};

// Copies n <= kPanelWidth floats and pads the panel's row with zeros.
[[gnu::always_inline]] static inline void copyPanelRow(float* to, const float* from, int64_t n) {
  if (n == kPanelWidth) {
    for (int64_t j = 0; j < kPanelWidth; j += kLanes) store(to + j, load(from + j));
    return;
  }
  for (int64_t j = 0; j < n; j++) to[j] = from[j];
  for (int64_t j = n; j < kPanelWidth; j++) to[j] = 0;
}

// Rows [begin, end) of columns column ... + columns, kPanelWidth floats each, padded with zeros.
void packPanel(const PanelSource& source, int64_t begin, int64_t end, int64_t column,
               int64_t columns, float* panel);

}  // namespace axonode::AXONODE_ISA
