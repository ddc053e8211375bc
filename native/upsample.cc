// Enlarging (or shrinking) images by the nearest pixel or by bilinear interpolation, and its
// gradient, which gathers: each input pixel knows which outputs it had a share in.
#include <cmath>

#include "native/kernels.h"
#include "native/map.h"
#include "native/ops.h"
#include "native/parallel.h"

namespace axonode::AXONODE_ISA {
namespace {

using Mode = UpsampleMode;

// An output position is a mix of two input positions: (1 - share) * low + share * high.
struct Tap {
  int64_t low, high;
  float share;

  static Tap of(int64_t position, int64_t size, double scale, Mode mode) {
    if (mode == Mode::kNearest) {
      // In float32, as PyTorch does, so that both round to the same pixel.
      const float source = static_cast<float>(position) * static_cast<float>(scale);
      const int64_t at = clamped(std::floor(static_cast<double>(source)), size);
      return {at, at, 0};
    }
    const auto p = static_cast<double>(position);
    const double centered = (p + 0.5) * scale - 0.5;
    const double source = mode == Mode::kBilinearCorners ? p * scale : larger(centered, 0.0);
    const int64_t low = clamped(std::floor(source), size);
    const double share = source - static_cast<double>(low);
    return {low, smaller(low + 1, size - 1), static_cast<float>(smaller(larger(share, 0.0), 1.0))};
  }

  // Also of NaN and what no integer holds.
  static int64_t clamped(double at, int64_t size) {
    if (!(at > 0)) return 0;
    return at < static_cast<double>(size) ? static_cast<int64_t>(at) : size - 1;
  }

  float weightOf(int64_t input) const {
    return (low == input ? 1 - share : 0.0F) + (high == input ? share : 0.0F);
  }
};

void fillTaps(Tap* taps, int64_t count, int64_t size, double scale, Mode mode) {
  for (int64_t i = 0; i < count; ++i) taps[i] = Tap::of(i, size, scale, mode);
}

// The outputs that each input position may have a share in. Taps rise along an axis, so these lie
// side by side.
void fillRanges(Range* ranges, int64_t size, const Tap* taps, int64_t count) {
  int64_t begin = 0, end = 0;
  for (int64_t i = 0; i < size; ++i) {
    while (begin < count && taps[begin].high < i) ++begin;
    while (end < count && taps[end].low <= i) ++end;
    ranges[i] = {begin, larger(begin, end)};
  }
}

}  // namespace

void upsample2d(Context& context, float* out, const float* x, int64_t batch, int64_t inHeight,
                int64_t inWidth, int64_t channels, int64_t outHeight, int64_t outWidth,
                double scaleHeight, double scaleWidth, int64_t mode) {
  auto* rows = static_cast<Tap*>(
      context.scratch.reserve((outHeight + outWidth) * static_cast<int64_t>(sizeof(Tap))));
  Tap* columns = rows + outHeight;
  fillTaps(rows, outHeight, inHeight, scaleHeight, Mode(mode));
  fillTaps(columns, outWidth, inWidth, scaleWidth, Mode(mode));
  const int64_t cost = 4 * outWidth * channels;
  parallelFor(context, batch * outHeight, grainOf(cost), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const Tap row = rows[unit % outHeight];
      const float* image = x + unit / outHeight * inHeight * inWidth * channels;
      const float* top = image + row.low * inWidth * channels;
      const float* bottom = image + row.high * inWidth * channels;
      for (int64_t q = 0; q < outWidth; ++q) {
        const Tap column = columns[q];
        const int64_t left = column.low * channels, right = column.high * channels;
        float* pixel = out + (unit * outWidth + q) * channels;
        if (Mode(mode) == Mode::kNearest) {
          mapRange([](VecF v) { return v; }, channels, pixel, top + left);
          continue;
        }
        const float u = row.share, v = column.share;
        mapRange(
            [u, v](VecF a, VecF b, VecF c, VecF d) {
              return (a * (1 - v) + b * v) * (1 - u) + (c * (1 - v) + d * v) * u;
            },
            channels, pixel, top + left, top + right, bottom + left, bottom + right);
      }
    }
  });
}

void upsample2dGrad(Context& context, float* dx, const float* dy, int64_t batch, int64_t inHeight,
                    int64_t inWidth, int64_t channels, int64_t outHeight, int64_t outWidth,
                    double scaleHeight, double scaleWidth, int64_t mode) {
  auto* rows = static_cast<Tap*>(
      context.scratch.reserve((outHeight + outWidth) * static_cast<int64_t>(sizeof(Tap)) +
                              (inHeight + inWidth) * static_cast<int64_t>(sizeof(Range))));
  Tap* columns = rows + outHeight;
  auto* rowRanges = reinterpret_cast<Range*>(columns + outWidth);
  Range* columnRanges = rowRanges + inHeight;
  fillTaps(rows, outHeight, inHeight, scaleHeight, Mode(mode));
  fillTaps(columns, outWidth, inWidth, scaleWidth, Mode(mode));
  fillRanges(rowRanges, inHeight, rows, outHeight);
  fillRanges(columnRanges, inWidth, columns, outWidth);
  const int64_t cost = (outHeight * outWidth / (inHeight * inWidth) + 1) * inWidth * channels;
  parallelFor(context, batch * inHeight, grainOf(cost), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t i = unit % inHeight;
      const float* image = dy + unit / inHeight * outHeight * outWidth * channels;
      for (int64_t j = 0; j < inWidth; ++j) {
        float* pixel = dx + (unit * inWidth + j) * channels;
        for (int64_t c = 0; c < channels; c += kLanes) {
          const int64_t count = smaller(channels - c, int64_t{kLanes});
          VecF sum{};
          for (int64_t p = rowRanges[i].begin; p < rowRanges[i].end; ++p) {
            const float weight = rows[p].weightOf(i);
            for (int64_t q = columnRanges[j].begin; q < columnRanges[j].end; ++q) {
              const float* source = image + (p * outWidth + q) * channels + c;
              const VecF g = count == kLanes ? load(source) : loadPartial(source, count);
              sum += g * (weight * columns[q].weightOf(j));
            }
          }
          if (count == kLanes) {
            store(pixel + c, sum);
          } else {
            storePartial(pixel + c, sum, count);
          }
        }
      }
    }
  });
}

}  // namespace axonode::AXONODE_ISA
