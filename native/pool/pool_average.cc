// Average pooling; the gradient is gathered, as in pool.cc.
#include "native/base/parallel.h"
#include "native/base/window_axis.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

// How many elements of a window count, along one axis.
struct Counts {
  WindowAxis axis;
  int64_t padEnd;
  bool countPadding;

  // Elements of output i's window along the axis.
  int64_t count(int64_t i) const {
    const Range inside = axis.taps(i);
    if (!countPadding) return inside.end - inside.begin;
    const int64_t room = axis.inSize + padEnd - axis.start(i);
    return smaller(axis.kernel, room > 0 ? (room - 1) / axis.dilation + 1 : 0);
  }
};

// What a window's sum is divided by: how many elements count, or a fixed number, unless that is 0.
struct Divisor {
  Counts rows, cols;
  int64_t fixed;

  Divisor(const Averaging& a, const WindowAxis& rowAxis, const WindowAxis& colAxis)
      : rows{rowAxis, a.padBottom, a.countPadding},
        cols{colAxis, a.padRight, a.countPadding},
        fixed(a.divisor) {}

  float of(int64_t p, int64_t q) const {
    if (fixed != 0) return static_cast<float>(fixed);
    // A window over padding only counts no element: its mean is 0.
    return static_cast<float>(larger<int64_t>(rows.count(p) * cols.count(q), 1));
  }
};

}  // namespace

void avgPool2d(Context& ctx, float* out, const float* x, const Geometry& geometry,
               const Averaging& averaging) {
  const Geometry g = geometry;
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const Divisor divisor(averaging, rows, cols);
  const int64_t channels = g.inChannels;
  const int64_t cost = channels * g.kernelHeight * g.kernelWidth;
  parallelFor(ctx, g.batch * g.outHeight * g.outWidth, grainOf(cost),
              [&](int64_t begin, int64_t end) {
                for (int64_t point = begin; point < end; point++) {
                  const int64_t p = point / g.outWidth % g.outHeight, q = point % g.outWidth;
                  const float* image =
                      x + point / (g.outHeight * g.outWidth) * g.inHeight * g.inWidth * channels;
                  const Range rowTaps = rows.taps(p), colTaps = cols.taps(q);
                  const float divided = divisor.of(p, q);
                  forChannels(channels, [&](ChannelBlock block) {
                    VecF sum{};
                    for (int64_t r = rowTaps.begin; r < rowTaps.end; r++) {
                      const int64_t y = rows.start(p) + r * g.dilationHeight;
                      for (int64_t s = colTaps.begin; s < colTaps.end; s++) {
                        const int64_t at = y * g.inWidth + cols.start(q) + s * g.dilationWidth;
                        sum += block.get(image + at * channels);
                      }
                    }
                    block.put(out + point * channels, sum / splat(divided));
                  });
                }
              });
}

void avgPool2dGrad(Context& ctx, float* dx, const float* dy, const Geometry& geometry,
                   const Averaging& averaging) {
  const Geometry g = geometry;
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const Divisor divisor(averaging, rows, cols);
  const int64_t channels = g.inChannels;
  parallelFor(ctx, g.batch * g.inHeight, grainOf(channels * g.inWidth * 4),
              [&](int64_t begin, int64_t end) {
                for (int64_t row = begin; row < end; row++) {
                  const int64_t h = row % g.inHeight;
                  const int64_t outputs = row / g.inHeight * g.outHeight * g.outWidth;
                  const Range rowWindows = rows.windows(h);
                  for (int64_t w = 0; w < g.inWidth; w++) {
                    const Range colWindows = cols.windows(w);
                    float* target = dx + (row * g.inWidth + w) * channels;
                    forChannels(channels, [&](ChannelBlock block) {
                      VecF sum{};
                      for (int64_t p = rowWindows.begin; p < rowWindows.end; p++) {
                        if (rows.tapAt(p, h) < 0) continue;
                        for (int64_t q = colWindows.begin; q < colWindows.end; q++) {
                          if (cols.tapAt(q, w) < 0) continue;
                          sum += block.get(dy + (outputs + p * g.outWidth + q) * channels) *
                                 splat(1 / divisor.of(p, q));
                        }
                      }
                      block.put(target, sum);
                    });
                  }
                }
              });
}

}  // namespace axonode::AXONODE_ISA
