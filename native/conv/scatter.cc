#include "native/conv/scatter.h"

#include <omp.h>

#include "native/base/parallel.h"
#include "native/base/tile_transpose.h"
#include "native/base/window_axis.h"
#include "native/conv/layout.h"

namespace axonode::AXONODE_ISA {
namespace {

// Floats of products that a thread keeps before they are added, about.
constexpr int64_t kBlockFloats = 64 * 1024;

// w[k][c][t] -> panels[q / kPanelWidth][k][q % kPanelWidth], q = t * channels + c.
void packTaps(const float* w, int64_t outputs, int64_t channels, int64_t taps, float* panels) {
  const int64_t columns = taps * channels, panelCount = ceilDivide(columns, kPanelWidth);
#pragma omp for schedule(static)
  for (int64_t panel = 0; panel < panelCount; panel++) {
    float* row = panels + panel * outputs * kPanelWidth;
    for (int64_t k = 0; k < outputs; k++, row += kPanelWidth) {
      for (int64_t j = 0; j < kPanelWidth; j++) {
        const int64_t q = panel * kPanelWidth + j;
        row[j] = q < columns ? w[k * columns + q % channels * taps + q / channels] : 0;
      }
    }
  }
}

AXONODE_INLINE void addFloats(float* to, const float* from, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(to + i, load(to + i) + load(from + i));
  for (; i < n; i++) to[i] += from[i];
}

// Adds one point's products to the image.
void addWindow(float* image, const float* products, const Geometry& g, int64_t p, int64_t q) {
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const Range rowTaps = rows.taps(p), colTaps = cols.taps(q);
  const int64_t channels = g.inChannels;
  for (int64_t r = rowTaps.begin; r < rowTaps.end; r++) {
    const int64_t y = rows.start(p) + r * g.dilationHeight;
    const int64_t x = cols.start(q) + colTaps.begin * g.dilationWidth;
    float* to = image + (y * g.inWidth + x) * channels;
    const float* from = products + (r * g.kernelWidth + colTaps.begin) * channels;
    const int64_t count = colTaps.end - colTaps.begin;
    if (g.dilationWidth == 1) {
      addFloats(to, from, count * channels);
      continue;
    }
    for (int64_t s = 0; s < count; s++) {
      addFloats(to + s * g.dilationWidth * channels, from + s * channels, channels);
    }
  }
}

}  // namespace

void scatterInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                      const Geometry& g) {
  const int64_t outputs = g.outChannels, channels = g.inChannels;
  const int64_t taps = g.kernelHeight * g.kernelWidth, columns = taps * channels;
  const int64_t points = g.outHeight * g.outWidth, pixels = g.inHeight * g.inWidth;
  const int64_t panels = ceilDivide(columns, kPanelWidth);
  const int64_t stride = roundUp(columns, kPanelWidth);
  const int64_t blockPoints = larger(kTileRows, smaller(8 * kTileRows, kBlockFloats / stride));
  const int64_t weightFloats = panels * kPanelWidth * outputs;
  const int64_t ownFloats = blockPoints * stride;
  // Images are divided among the threads, so that no two add to the same pixel.
  // Small ones several at a time, so that the weights are read for whole tiles of points.
  const int64_t unitImages =
      larger<int64_t>(1, smaller(2 * kTileRows / larger<int64_t>(points, 1), g.batch / 4));
  const int64_t units = ceilDivide(g.batch, unitImages);
  const int team = teamSize(ctx, g.batch * points * columns * outputs, 500'000);
  float* scratch = static_cast<float*>(ctx.scratch.reserve((weightFloats + team * ownFloats) * 4));
#pragma omp parallel num_threads(team)
  {
    packTaps(w, outputs, channels, taps, scratch);
    float* products = scratch + weightFloats + omp_get_thread_num() * ownFloats;
    int64_t offsets[kTileRows];
    for (int64_t r = 0; r < kTileRows; r++) offsets[r] = r * stride;
#pragma omp for schedule(dynamic, 1)
    for (int64_t unit = 0; unit < units; unit++) {
      const int64_t image0 = unit * unitImages;
      const int64_t image1 = smaller(g.batch, image0 + unitImages);
      float* images = dx + image0 * pixels * channels;
      fillPixels(images, (image1 - image0) * pixels, channels, bias);
      for (int64_t begin = image0 * points; begin < image1 * points; begin += blockPoints) {
        const int64_t count = smaller(blockPoints, image1 * points - begin);
        const RowTiles tiles(count);
        for (int64_t panel = 0; panel < panels; panel++) {
          for (int64_t i = 0; i < tiles.count(); i++) {
            const int64_t first = tiles.begin(i), last = tiles.begin(i + 1);
            RowTile t{};
            t.a = dy + (begin + first) * outputs;
            t.rowStride = outputs;
            t.segments = 1;
            t.length = outputs;
            t.panel = scratch + panel * kPanelWidth * outputs;
            t.out = products + first * stride + panel * kPanelWidth;
            t.rowOffset = offsets;
            t.columns = kPanelWidth;
            rowKernel(last - first, kPanelVectors)(t);
          }
        }
        for (int64_t i = 0; i < count; i++) {
          const int64_t n = (begin + i) / points, point = (begin + i) % points;
          addWindow(dx + n * pixels * channels, products + i * stride, g, point / g.outWidth,
                    point % g.outWidth);
        }
      }
    }
  }
}

}  // namespace axonode::AXONODE_ISA
