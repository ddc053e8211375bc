// Images of another size. Each position along an axis of the result is a mix of positions of the
// source that lie side by side: lines of pixels are mixed down the image first, then the pixels of
// that line across. The gradient is the same with the mixes turned round: each pixel of the input
// knows which outputs it had a share in.
#include <cmath>

#include "native/base/ops.h"
#include "native/base/parallel.h"
#include "native/base/simd.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

using Mode = UpsampleMode;

constexpr int kMostTaps = 4;

// One axis of the image: output positions are `scale` input positions apart.
struct Axis {
  int64_t inSize, outSize;
  double scale;

  // Also of NaN and what no integer holds.
  int64_t inside(double at) const {
    if (!(at > 0)) return 0;
    return at < static_cast<double>(inSize) ? static_cast<int64_t>(at) : inSize - 1;
  }
};

// Source positions from `first` on, and the weight of each.
struct Mix {
  int64_t first, count;
  float* weights;
};

// Up to four weights for the positions from `lowest` on, which may lie beyond the edges.
struct Taps {
  double lowest;
  int count;
  float weights[kMostTaps];
};

// Keys, "Cubic convolution interpolation for digital image processing", 1981; a as in PyTorch.
float cubic(double distance) {
  constexpr double a = -0.75;
  const double d = distance;
  return static_cast<float>(d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1
                                   : a * (((d - 5) * d + 8) * d - 4));
}

Taps tapsAt(int64_t position, const Axis& axis, Mode mode) {
  if (mode == Mode::kNearest || mode == Mode::kNearestExact) {
    // In float32, as PyTorch does, so that both round to the same pixel.
    const float middle = static_cast<float>(position) + (mode == Mode::kNearest ? 0.0F : 0.5F);
    const float at = middle * static_cast<float>(axis.scale);
    return {std::floor(static_cast<double>(at)), 1, {1}};
  }
  const auto p = static_cast<double>(position);
  const bool corners = mode == Mode::kLinearCorners || mode == Mode::kCubicCorners;
  const double at = corners ? p * axis.scale : (p + 0.5) * axis.scale - 0.5;
  const bool linear = mode == Mode::kLinear || mode == Mode::kLinearCorners;
  const double last = static_cast<double>(axis.inSize - 1);
  const double low = smaller(std::floor(linear ? larger(at, 0.0) : at), last);
  const double share = smaller(larger(at - low, 0.0), 1.0);
  if (linear) return {low, 2, {static_cast<float>(1 - share), static_cast<float>(share)}};
  return {low - 1, 4, {cubic(1 + share), cubic(share), cubic(1 - share), cubic(2 - share)}};
}

int64_t tapsOf(Mode mode) {
  if (mode == Mode::kNearest || mode == Mode::kNearestExact) return 1;
  return mode == Mode::kLinear || mode == Mode::kLinearCorners ? 2 : 4;
}

// The mixes of the outputs along an axis. What taps take from beyond the edge is the edge's.
void fillMixes(Mix* mixes, float* weights, const Axis& axis, Mode mode) {
  for (int64_t p = 0; p < axis.outSize; ++p) {
    const Taps taps = tapsAt(p, axis, mode);
    const int64_t first = axis.inside(taps.lowest);
    const int64_t last = axis.inside(taps.lowest + taps.count - 1);
    mixes[p] = {first, last - first + 1, weights};
    for (int64_t k = 0; k < mixes[p].count; ++k) weights[k] = 0;
    for (int t = 0; t < taps.count; ++t) {
      weights[axis.inside(taps.lowest + t) - first] += taps.weights[t];
    }
    weights += mixes[p].count;
  }
}

// The outputs that each input has a share in. Mixes rise along an axis, so these lie side by side.
void turnMixes(Mix* turned, float* weights, const Axis& axis, const Mix* mixes) {
  for (int64_t i = 0; i < axis.inSize; ++i) turned[i] = {0, 0, nullptr};
  for (int64_t p = 0; p < axis.outSize; ++p) {
    for (int64_t k = 0; k < mixes[p].count; ++k) {
      Mix& input = turned[mixes[p].first + k];
      if (input.count++ == 0) input.first = p;
    }
  }
  for (int64_t i = 0; i < axis.inSize; ++i) {
    turned[i].weights = weights;
    weights += turned[i].count;
    turned[i].count = 0;
  }
  for (int64_t p = 0; p < axis.outSize; ++p) {
    for (int64_t k = 0; k < mixes[p].count; ++k) {
      Mix& input = turned[mixes[p].first + k];
      input.weights[input.count++] = mixes[p].weights[k];
    }
  }
}

// The mixes along both axes of the result, and a line of the source for each thread.
struct Plan {
  const Mix *rows, *columns;
  float* lines;
  int team;
};

struct Image {
  int64_t batch, height, width, channels;
  int64_t line() const { return width * channels; }
};

// Fills the stream's scratch memory.
Plan planOf(Context& context, const Axis& height, const Axis& width, Mode mode, bool isTurned,
            const Image& source, const Image& result) {
  const int64_t taps = tapsOf(mode), outputs = height.outSize + width.outSize;
  const int64_t cost = 2 * taps * (source.line() + result.line()) + 4 * result.width;
  const int64_t lines = result.batch * result.height;
  const int team = teamSize(context, lines, grainOf(cost));
  const int64_t mixes = outputs + (isTurned ? result.height + result.width : 0);
  const int64_t weights = taps * outputs * (isTurned ? 2 : 1);
  const int64_t bytes = mixes * static_cast<int64_t>(sizeof(Mix)) +
                        (weights + team * source.line()) * static_cast<int64_t>(sizeof(float));
  auto* rows = static_cast<Mix*>(context.scratch.reserve(bytes));
  Mix* columns = rows + height.outSize;
  auto* rowWeights = reinterpret_cast<float*>(rows + mixes);
  float* columnWeights = rowWeights + taps * height.outSize;
  float* threadLines = rowWeights + weights;
  fillMixes(rows, rowWeights, height, mode);
  fillMixes(columns, columnWeights, width, mode);
  if (!isTurned) return {rows, columns, threadLines, team};
  Mix* turnedRows = columns + width.outSize;
  Mix* turnedColumns = turnedRows + height.inSize;
  turnMixes(turnedRows, rowWeights + taps * outputs, height, rows);
  turnMixes(turnedColumns, columnWeights + taps * outputs, width, columns);
  return {turnedRows, turnedColumns, threadLines, team};
}

// out[i] = sum of x[r * n + i] * weights[r]. The compiler knows the count unless it is 0.
template <int kCount>
AXONODE_INLINE void mixRuns(float* __restrict out, const float* __restrict x, int64_t n,
                            const Mix& mix) {
  const int64_t count = kCount > 0 ? kCount : mix.count;
  const float* weights = mix.weights;
  const auto mixVector = [=](int64_t i) {
    VecF sum = load(x + i) * weights[0];
    for (int64_t r = 1; r < count; ++r) sum += load(x + r * n + i) * weights[r];
    store(out + i, sum);
  };
  if (n >= kLanes) {
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) mixVector(i);
    if (i < n) mixVector(n - kLanes);
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    float sum = x[i] * weights[0];
    for (int64_t r = 1; r < count; ++r) sum += x[r * n + i] * weights[r];
    out[i] = sum;
  }
}

// Mixes runs of n elements that lie one after the other, from x on.
AXONODE_INLINE void mixRuns(float* out, const float* x, int64_t n, const Mix& mix) {
  if (mix.count == 1) return mixRuns<1>(out, x, n, mix);
  if (mix.count == 2) return mixRuns<2>(out, x, n, mix);
  if (mix.count == 4) return mixRuns<4>(out, x, n, mix);
  if (mix.count > 0) return mixRuns<0>(out, x, n, mix);
  for (int64_t i = 0; i < n; ++i) out[i] = 0;
}

void resample(float* out, const float* x, const Image& source, const Image& result,
              const Plan& plan) {
  const int64_t channels = result.channels, line = source.line();
  parallelParts(plan.team, result.batch * result.height, [=](int64_t begin, int64_t end, int part) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const Mix& row = plan.rows[unit % result.height];
      const float* pixels = x + (unit / result.height * source.height + row.first) * line;
      if (row.count != 1 || row.weights[0] != 1) {
        float* mixed = plan.lines + part * line;
        mixRuns(mixed, pixels, line, row);
        pixels = mixed;
      }
      float* target = out + unit * result.line();
      for (int64_t q = 0; q < result.width; ++q) {
        const Mix& column = plan.columns[q];
        mixRuns(target + q * channels, pixels + column.first * channels, channels, column);
      }
    }
  });
}

// From the images in `from` to those in `to`, by mixes of the upsampling, turned round for the
// gradient.
void resampleBy(Context& context, float* out, const float* x, const Upsampling& u, int64_t mode,
                bool isTurned) {
  const Image small{u.batch, u.inHeight, u.inWidth, u.channels};
  const Image large{u.batch, u.outHeight, u.outWidth, u.channels};
  const Image &from = isTurned ? large : small, &to = isTurned ? small : large;
  const Axis height{u.inHeight, u.outHeight, u.scaleHeight};
  const Axis width{u.inWidth, u.outWidth, u.scaleWidth};
  const Plan plan = planOf(context, height, width, Mode(mode), isTurned, from, to);
  resample(out, x, from, to, plan);
}

}  // namespace

void upsample2d(Context& context, float* out, const float* x, const Upsampling& upsampling,
                int64_t mode) {
  resampleBy(context, out, x, upsampling, mode, false);
}

void upsample2dGrad(Context& context, float* dx, const float* dy, const Upsampling& upsampling,
                    int64_t mode) {
  resampleBy(context, dx, dy, upsampling, mode, true);
}

}  // namespace axonode::AXONODE_ISA
