#include "native/gemm/panels.h"

#include "native/base/tile_transpose.h"

namespace axonode::AXONODE_ISA {

void packPanel(const PanelSource& source, int64_t begin, int64_t end, int64_t column,
               int64_t columns, float* panel) {
  const int64_t stride = source.stride;
  if (!source.transposed) {
    for (int64_t k = begin; k < end; k++, panel += kPanelWidth) {
      copyPanelRow(panel, source.data + k * stride + column, columns);
    }
    return;
  }
  const float* lines = source.data + column * stride;
  int64_t k = begin;
  if (columns == kPanelWidth) {
    for (; k + kLanes <= end; k += kLanes) {
      for (int64_t j = 0; j < kPanelWidth; j += kLanes) {
        VecF rows[kLanes];
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; i++) rows[i] = load(lines + (j + i) * stride + k);
        transposeSquare(rows);
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; i++) store(panel + (k - begin + i) * kPanelWidth + j, rows[i]);
      }
    }
  }
  for (; k < end; k++) {
    float* row = panel + (k - begin) * kPanelWidth;
    for (int64_t j = 0; j < kPanelWidth; j++) row[j] = j < columns ? lines[j * stride + k] : 0;
  }
}

}  // namespace axonode::AXONODE_ISA
