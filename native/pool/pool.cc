// Max pooling. Gradients are gathered (each input pixel looks at the windows that contain it), so
// that every element is written once, by one thread, in a fixed order.
#include "native/base/parallel.h"
#include "native/base/window_axis.h"
#include "native/indexing/index_range.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {

void maxPool2d(Context& ctx, float* out, int32_t* index, const float* x, const Geometry& geometry) {
  const Geometry g = geometry;
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const int64_t channels = g.inChannels;
  const int64_t cost = channels * g.kernelWidth * g.kernelHeight * g.outWidth;
  parallelFor(ctx, g.batch * g.outHeight, grainOf(cost), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* image = x + row / g.outHeight * g.inHeight * g.inWidth * channels;
      const int64_t y0 = rows.start(row % g.outHeight);
      const Range rowTaps = rows.taps(row % g.outHeight);
      for (int64_t q = 0; q < g.outWidth; q++) {
        const int64_t x0 = cols.start(q);
        const Range colTaps = cols.taps(q);
        const int64_t target = (row * g.outWidth + q) * channels;
        forChannels(channels, [&](ChannelBlock block) {
          VecF best = splat(-__builtin_inff());
          VecI where = splat(int32_t{-1});
          for (int64_t r = rowTaps.begin; r < rowTaps.end; r++) {
            for (int64_t s = colTaps.begin; s < colTaps.end; s++) {
              const int64_t at = (y0 + r * g.dilationHeight) * g.inWidth + x0 + s * g.dilationWidth;
              const VecF value = block.get(image + at * channels);
              // The first, a larger one, or the last NaN, as in PyTorch.
              const VecI better = (where < 0) | (value > best) | (value != value);
              best = select(better, value, best);
              where = select(better, splat(static_cast<int32_t>(at)), where);
            }
          }
          block.put(out + target, best);
          block.put(index + target, where);
        });
      }
    }
  });
}

void maxPool2dGrad(Context& ctx, float* dx, const float* dy, const int32_t* index,
                   const Geometry& geometry) {
  const Geometry g = geometry;
  const WindowAxis rows = rowAxis(g), cols = colAxis(g);
  const int64_t channels = g.inChannels;
  const int64_t cost = channels * g.inWidth * 4;
  parallelFor(ctx, g.batch * g.inHeight, grainOf(cost), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t h = row % g.inHeight;
      const int64_t outputs = row / g.inHeight * g.outHeight * g.outWidth;
      const Range rowWindows = rows.windows(h);
      for (int64_t w = 0; w < g.inWidth; w++) {
        const Range colWindows = cols.windows(w);
        const VecI here = splat(static_cast<int32_t>(h * g.inWidth + w));
        float* target = dx + (row * g.inWidth + w) * channels;
        forChannels(channels, [&](ChannelBlock block) {
          VecF sum{};
          for (int64_t p = rowWindows.begin; p < rowWindows.end; p++) {
            for (int64_t q = colWindows.begin; q < colWindows.end; q++) {
              const int64_t source = (outputs + p * g.outWidth + q) * channels;
              const VecI chosen = block.get(index + source) == here;
              sum += select(chosen, block.get(dy + source), VecF{});
            }
          }
          block.put(target, sum);
        });
      }
    }
  });
}

void maxPool2dGather(Context& ctx, float* out, const float* x, const int32_t* index,
                     const Geometry& geometry) {
  const Geometry g = geometry;
  const int64_t channels = g.inChannels, area = g.outHeight * g.outWidth;
  const int64_t inputArea = g.inHeight * g.inWidth;
  parallelFor(ctx, g.batch * area, grainOf(channels * 4), [&](int64_t begin, int64_t end) {
    for (int64_t point = begin; point < end; point++) {
      const float* image = x + point / area * inputArea * channels;
      for (int64_t c = 0; c < channels; c++) {
        const int64_t at = index[point * channels + c];
        const bool inside = at >= 0 && at < inputArea;
        if (!inside && at != -1) ctx.report("maxPool2dGather", at, inputArea);
        out[point * channels + c] = inside ? image[at * channels + c] : 0.0f;
      }
    }
  });
}

void maxUnpool2d(Context& ctx, float* out, const float* x, const int32_t* index, int64_t batch,
                 int64_t pixels, int64_t channels, int64_t count) {
  const int64_t writes = batch * (pixels + count) * channels;
  forOwners(ctx, batch, pixels, channels, writes, [&](Range images, Range rows, Range columns) {
    const size_t width = static_cast<size_t>(columns.end - columns.begin) * sizeof(float);
    for (int64_t n = images.begin; n < images.end; n++) {
      float* plane = out + n * pixels * channels;
      for (int64_t row = rows.begin; row < rows.end; row++) {
        __builtin_memset(plane + row * channels + columns.begin, 0, width);
      }
      for (int64_t j = 0; j < count; j++) {
        for (int64_t c = columns.begin; c < columns.end; c++) {
          const int64_t from = (n * count + j) * channels + c;
          const int32_t at = index[from];
          if (!inRange(at, pixels)) {
            ctx.report("maxUnpool2d", at, pixels);
          } else if (rows.has(at)) {
            plane[at * channels + c] = x[from];
          }
        }
      }
    }
  });
}

}  // namespace axonode::AXONODE_ISA
