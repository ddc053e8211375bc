// Moving weights between PyTorch's [K, C, R, S] and the panels that the kernels read, and copying
// image rows. Taps are numbered t = r * S + s.
#pragma once

#include <cstdint>

#include "native/gemm/microkernel.h"

namespace axonode::AXONODE_ISA {

// A part of the taps along one axis: first, first + step, ... count of them. step may be negative.
struct TapRange {
  int64_t first;
  int64_t step;
  int64_t count;
};

// One group's weights: w[k][c][t] at data + (k * channels + c) * taps + t.
struct Weights {
  const float* data;
  int64_t outputs;
  int64_t channels;
  int64_t kernelHeight;
  int64_t kernelWidth;
  int64_t taps() const { return kernelHeight * kernelWidth; }
};

// The following are called by every thread of a team and share the work; no barrier at the end.

// Columns are outputs: panels[k / kPanelWidth][t * channels + c][k % kPanelWidth].
void packForwardPanels(const Weights& w, float* panels);
// Columns are channels, of the taps named: panels[c / kPanelWidth][(u * cols.count + v) * outputs +
// k] [c % kPanelWidth], where tap (u, v) is (rows.first + u * rows.step, cols.first + v *
// cols.step).
void packGradientPanels(const Weights& w, const TapRange& rows, const TapRange& cols,
                        float* panels);
// dw[k][c][t] = sum over i < parts of part i's sums[(t * channels + c) * stride + k]; parts lie
// partStride apart.
void unpackWeightGradient(float* dw, int64_t outputs, int64_t channels, int64_t taps,
                          const float* sums, int64_t stride, int64_t parts, int64_t partStride);

// Gives every pixel the same values, one a channel, or zeros if there are none.
void fillPixels(float* image, int64_t pixels, int64_t channels, const float* values);

}  // namespace axonode::AXONODE_ISA
