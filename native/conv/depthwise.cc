#include "native/conv/depthwise.h"

#include "native/base/parallel.h"
#include "native/base/window_axis.h"

namespace axonode::AXONODE_ISA {
// So that a vector holds one tap of neighbouring channels.
void depthwisePack(float* packed, const float* w, const Geometry& g) {
  const int64_t channels = g.inChannels, taps = g.kernelHeight * g.kernelWidth;
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t t = 0; t < taps; t++) packed[t * channels + c] = w[c * taps + t];
  }
}

namespace {

const float* tapsFirst(Context& ctx, const float* w, const Geometry& g) {
  const int64_t floats = g.inChannels * g.kernelHeight * g.kernelWidth;
  float* to = static_cast<float*>(ctx.scratch.reserve(floats * 4));
  depthwisePack(to, w, g);
  return to;
}

}  // namespace

void depthwiseForward(Context& ctx, float* out, const float* x, const ConvWeights& w,
                      const ConvFinish& finish, const Geometry& geometry) {
  const Geometry g = geometry;
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const int64_t channels = g.inChannels, taps = g.kernelHeight * g.kernelWidth;
  const float* filters = w.packed ? w.data : tapsFirst(ctx, w.data, g);
  parallelFor(ctx, g.batch * g.outHeight * g.outWidth, grainOf(channels * taps),
              [&](int64_t begin, int64_t end) {
                for (int64_t point = begin; point < end; point++) {
                  const int64_t p = point / g.outWidth % g.outHeight, q = point % g.outWidth;
                  const float* image =
                      x + point / (g.outHeight * g.outWidth) * g.inHeight * g.inWidth * channels;
                  const Range rowTaps = rows.taps(p), colTaps = cols.taps(q);
                  forChannels(channels, [&](ChannelBlock block) {
                    VecF sum = finish.bias ? block.get(finish.bias) : VecF{};
                    for (int64_t r = rowTaps.begin; r < rowTaps.end; r++) {
                      const int64_t y = rows.start(p) + r * g.dilationHeight;
                      for (int64_t s = colTaps.begin; s < colTaps.end; s++) {
                        const int64_t at = y * g.inWidth + cols.start(q) + s * g.dilationWidth;
                        sum += block.get(image + at * channels) *
                               block.get(filters + (r * g.kernelWidth + s) * channels);
                      }
                    }
                    if (finish.add) sum += block.get(finish.add + point * channels);
                    if (finish.relu) sum = maxOrSecond(VecF{}, sum);
                    block.put(out + point * channels, sum);
                  });
                }
              });
}

void depthwiseInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                        const Geometry& geometry) {
  const Geometry g = geometry;
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const int64_t channels = g.inChannels, taps = g.kernelHeight * g.kernelWidth;
  const float* filters = tapsFirst(ctx, w, g);
  parallelFor(ctx, g.batch * g.inHeight * g.inWidth, grainOf(channels * taps),
              [&](int64_t begin, int64_t end) {
                for (int64_t point = begin; point < end; point++) {
                  const int64_t h = point / g.inWidth % g.inHeight, v = point % g.inWidth;
                  const int64_t outputs =
                      point / (g.inHeight * g.inWidth) * g.outHeight * g.outWidth;
                  const Range rowWindows = rows.windows(h), colWindows = cols.windows(v);
                  forChannels(channels, [&](ChannelBlock block) {
                    VecF sum = bias ? block.get(bias) : VecF{};
                    for (int64_t p = rowWindows.begin; p < rowWindows.end; p++) {
                      const int64_t r = rows.tapAt(p, h);
                      if (r < 0) continue;
                      for (int64_t q = colWindows.begin; q < colWindows.end; q++) {
                        const int64_t s = cols.tapAt(q, v);
                        if (s < 0) continue;
                        sum += block.get(dy + (outputs + p * g.outWidth + q) * channels) *
                               block.get(filters + (r * g.kernelWidth + s) * channels);
                      }
                    }
                    block.put(dx + point * channels, sum);
                  });
                }
              });
}

void depthwiseWeightGrad(Context& ctx, float* dw, const float* dy, const float* x,
                         const Geometry& geometry) {
  const Geometry g = geometry;
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const int64_t channels = g.inChannels, taps = g.kernelHeight * g.kernelWidth;
  const int64_t size = taps * channels;
  const int64_t rowCost = size * g.outWidth;
  const int team = teamSize(ctx, g.batch * g.outHeight, grainOf(rowCost));
  // Per thread: sums over its output rows, after each row's own sum (short sums keep float32
  // exact).
  float* scratch = static_cast<float*>(ctx.scratch.reserve(team * size * 4));
  parallelParts(team, g.batch * g.outHeight, [&](int64_t begin, int64_t end, int part) {
    float* sums = scratch + part * size;
    for (int64_t i = 0; i < size; i++) sums[i] = 0;
    for (int64_t row = begin; row < end; row++) {
      const int64_t p = row % g.outHeight;
      const float* image = x + row / g.outHeight * g.inHeight * g.inWidth * channels;
      const float* grads = dy + row * g.outWidth * channels;
      const Range rowTaps = rows.taps(p);
      for (int64_t r = rowTaps.begin; r < rowTaps.end; r++) {
        const float* line = image + (rows.start(p) + r * g.dilationHeight) * g.inWidth * channels;
        for (int64_t s = 0; s < g.kernelWidth; s++) {
          float* target = sums + (r * g.kernelWidth + s) * channels;
          for (int64_t c = 0; c < channels; c += kLanes) {
            const ChannelBlock block{c, smaller<int64_t>(kLanes, channels - c)};
            VecF sum{};
            for (int64_t q = 0; q < g.outWidth; q++) {
              const int64_t at = cols.start(q) + s * g.dilationWidth;
              if (at < 0 || at >= g.inWidth) continue;
              sum += block.get(line + at * channels) * block.get(grads + q * channels);
            }
            block.put(target, block.get(target) + sum);
          }
        }
      }
    }
  });
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t t = 0; t < taps; t++) {
      float sum = 0;
      for (int part = 0; part < team; part++) sum += scratch[part * size + t * channels + c];
      dw[c * taps + t] = sum;
    }
  }
}

}  // namespace axonode::AXONODE_ISA
