#include "native/conv/layout.h"

#include <cstring>

#include "native/base/tile_transpose.h"
#include "native/gemm/panels.h"

namespace axonode::AXONODE_ISA {

void packForwardPanels(const Weights& w, float* panels) {
  const int64_t taps = w.taps(), depth = taps * w.channels;  // rows of a panel
  const int64_t panelCount = ceilDivide(w.outputs, kPanelWidth);
  const int64_t chunks = ceilDivide(depth, 8 * kLanes);
#pragma omp for schedule(static) nowait
  for (int64_t unit = 0; unit < panelCount * chunks; unit++) {
    const int64_t k0 = unit / chunks * kPanelWidth;
    const int64_t begin = unit % chunks * 8 * kLanes;
    const int64_t end = smaller(begin + 8 * kLanes, depth);
    const int64_t columns = smaller(kPanelWidth, w.outputs - k0);
    const float* source = w.data + k0 * depth;
    float* panel = panels + k0 * depth;
    // q = c * taps + t counts along a row of w; its place in the panel is t * channels + c.
    const auto place = [&](int64_t q) { return (q % taps * w.channels + q / taps) * kPanelWidth; };
    int64_t q = begin;
    if (columns == kPanelWidth) {
      for (; q + kLanes <= end; q += kLanes) {
        int64_t places[kLanes];
        for (int64_t i = 0; i < kLanes; i++) places[i] = place(q + i);
        for (int64_t j = 0; j < kPanelWidth; j += kLanes) {
          VecF rows[kLanes];
#pragma GCC unroll 16
          for (int64_t i = 0; i < kLanes; i++) rows[i] = load(source + (j + i) * depth + q);
          transposeSquare(rows);
#pragma GCC unroll 16
          for (int64_t i = 0; i < kLanes; i++) store(panel + places[i] + j, rows[i]);
        }
      }
    }
    for (; q < end; q++) {
      float* row = panel + place(q);
      for (int64_t j = 0; j < columns; j++) row[j] = source[j * depth + q];
      for (int64_t j = columns; j < kPanelWidth; j++) row[j] = 0;
    }
  }
}

void packGradientPanels(const Weights& w, const TapRange& rows, const TapRange& cols,
                        float* panels) {
  const int64_t taps = w.taps(), depth = rows.count * cols.count * w.outputs;
  const int64_t panelCount = ceilDivide(w.channels, kPanelWidth);
  constexpr int64_t chunk = 32;  // outputs of a unit
  const int64_t chunks = ceilDivide(w.outputs, chunk);
#pragma omp for schedule(static) nowait
  for (int64_t unit = 0; unit < panelCount * chunks; unit++) {
    const int64_t c0 = unit / chunks * kPanelWidth;
    const int64_t columns = smaller(kPanelWidth, w.channels - c0);
    const int64_t begin = unit % chunks * chunk, end = smaller(begin + chunk, w.outputs);
    for (int64_t u = 0; u < rows.count; u++) {
      for (int64_t v = 0; v < cols.count; v++) {
        const int64_t tap =
            (rows.first + u * rows.step) * w.kernelWidth + cols.first + v * cols.step;
        float* row = panels + c0 * depth + ((u * cols.count + v) * w.outputs + begin) * kPanelWidth;
        for (int64_t k = begin; k < end; k++, row += kPanelWidth) {
          const float* source = w.data + (k * w.channels + c0) * taps + tap;
          if (taps == 1) {
            copyPanelRow(row, source, columns);
            continue;
          }
          for (int64_t j = 0; j < columns; j++) row[j] = source[j * taps];
          for (int64_t j = columns; j < kPanelWidth; j++) row[j] = 0;
        }
      }
    }
  }
}

void fillPixels(float* image, int64_t pixels, int64_t channels, const float* values) {
  if (!values) {
    std::memset(image, 0, static_cast<size_t>(pixels * channels) * sizeof(float));
    return;
  }
  for (int64_t i = 0; i < pixels; i++) copyFloats(image + i * channels, values, channels);
}

void unpackWeightGradient(float* dw, int64_t outputs, int64_t channels, int64_t taps,
                          const float* sums, int64_t stride, int64_t parts, int64_t partStride) {
  const int64_t depth = taps * channels;
  const int64_t outputBlocks = ceilDivide(outputs, kLanes);
  const int64_t chunks = ceilDivide(depth, 8 * kLanes);
#pragma omp for schedule(static) nowait
  for (int64_t unit = 0; unit < outputBlocks * chunks; unit++) {
    const int64_t k0 = unit / chunks * kLanes;
    const int64_t begin = unit % chunks * 8 * kLanes;
    const int64_t end = smaller(begin + 8 * kLanes, depth);
    const int64_t count = smaller<int64_t>(kLanes, outputs - k0);
    const auto source = [&](int64_t q) {
      return sums + (q % taps * channels + q / taps) * stride + k0;
    };
    int64_t q = begin;
    if (count == kLanes) {
      for (; q + kLanes <= end; q += kLanes) {
        VecF rows[kLanes];
        for (int64_t i = 0; i < kLanes; i++) {
          const float* from = source(q + i);
          rows[i] = load(from);
          for (int64_t part = 1; part < parts; part++) rows[i] += load(from + part * partStride);
        }
        transposeSquare(rows);
#pragma GCC unroll 16
        for (int64_t i = 0; i < kLanes; i++) store(dw + (k0 + i) * depth + q, rows[i]);
      }
    }
    for (; q < end; q++) {
      const float* from = source(q);
      for (int64_t j = 0; j < count; j++) {
        float total = from[j];
        for (int64_t part = 1; part < parts; part++) total += from[part * partStride + j];
        dw[(k0 + j) * depth + q] = total;
      }
    }
  }
}

}  // namespace axonode::AXONODE_ISA
