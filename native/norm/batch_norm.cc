// Batch normalisation of [rows, channels], its gradient, and its use with given statistics.
//
// Mean and variance of a channel are found in one pass over memory: rows are taken in blocks that
// stay in the first-level cache, each block is centred on its own mean, and blocks, parts and
// threads are combined in float64 by the formula of Chan, Golub and LeVeque ("Updating formulae and
// a pairwise algorithm for computing sample variances", 1979). So no digits cancel, however far the
// mean is from zero.
#include <cmath>
#include <numeric>
#include <type_traits>

#include "native/base/parallel.h"
#include "native/base/simd.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int64_t kBlockRows = 64;
constexpr int kGroup = 4;  // vectors of columns that are summed side by side
constexpr int64_t kGroupColumns = kGroup * kLanes;

// Few channels leave vectors half empty, so several rows are taken as one `wide` row: column j of
// it is channel j % channels. What is left of the last one is the tail.
struct Matrix {
  int64_t channels, wide, rows, tail;

  static Matrix of(int64_t rows, int64_t channels) {
    const int64_t fold =
        channels >= kGroupColumns ? 1 : kGroupColumns / std::gcd(kGroupColumns, channels);
    return {channels, channels * fold, rows / fold, rows % fold * channels};
  }

  // The values that column j of part `part` stands for.
  int64_t count(int team, int part, int64_t column) const {
    const bool inTail = part == team - 1 && column < tail;
    return partBegin(rows, team, part + 1) - partBegin(rows, team, part) + inTail;
  }
};

AXONODE_INLINE VecF loadColumns(const float* p, int64_t count) {
  return count >= kLanes ? load(p) : loadPartial(p, count);
}
AXONODE_INLINE void storeColumns(float* p, VecF v, int64_t count) {
  if (count >= kLanes) return store(p, v);
  storePartial(p, v, count);
}

// body(vectors, column, count) for groups of whole vectors of columns, and for single ones at the
// end, of which the last may be partial. The number of vectors is a constant.
template <class Body>
AXONODE_INLINE void forColumns(int64_t columns, const Body& body) {
  int64_t c = 0;
  for (; c + kGroupColumns <= columns; c += kGroupColumns) {
    body(std::integral_constant<int, kGroup>(), c, kGroupColumns);
  }
  for (; c < columns; c += kLanes) {
    body(std::integral_constant<int, 1>(), c, smaller(columns - c, int64_t{kLanes}));
  }
}

// body(row, rows, columns) for the blocks of a part, and for the tail in the last one.
template <class Body>
AXONODE_INLINE void forBlocks(const Matrix& m, int team, int64_t begin, int64_t end, int part,
                              const Body& body) {
  for (int64_t row = begin; row < end; row += kBlockRows) {
    body(row, smaller(kBlockRows, end - row), m.wide);
  }
  if (part == team - 1 && m.tail > 0) body(m.rows, int64_t{1}, m.tail);
}

// body(offset, column, count) for every vector of a part.
template <class Body>
AXONODE_INLINE void forVectors(const Matrix& m, int team, int64_t begin, int64_t end, int part,
                               const Body& body) {
  forBlocks(m, team, begin, end, part, [&](int64_t first, int64_t rows, int64_t columns) {
    for (int64_t row = first; row < first + rows; ++row) {
      int64_t c = 0;
      for (; c + kLanes <= columns; c += kLanes) body(row * m.wide + c, c, int64_t{kLanes});
      if (c < columns) body(row * m.wide + c, c, columns - c);
    }
  });
}

// Mean and summed squared deviations of some values.
struct Moments {
  double mean = 0, squares = 0;

  // Of `count` values, with `more` others of which `other` tells.
  void combine(double count, Moments other, double more) {
    const double delta = other.mean - mean;
    mean += delta * (more / (count + more));
    squares += other.squares + delta * delta * (count * more / (count + more));
  }
};

// Adds up to kBlockRows rows to the moments of a group of columns that stand for `before` rows.
template <int kVectors>
AXONODE_INLINE void addMoments(Moments* moments, int64_t before, const float* x, int64_t stride,
                               int64_t rows, int64_t count) {
  VecF sum[kVectors] = {}, deviation[kVectors] = {}, squares[kVectors] = {};
  const auto at = [=](int64_t r, int v) { return loadColumns(x + r * stride + v * kLanes, count); };
  for (int64_t r = 0; r < rows; ++r) {
    for (int v = 0; v < kVectors; ++v) sum[v] += at(r, v);
  }
  const float share = 1 / static_cast<float>(rows);
  for (int v = 0; v < kVectors; ++v) sum[v] *= share;
  for (int64_t r = 0; r < rows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const VecF d = at(r, v) - sum[v];
      deviation[v] += d;
      squares[v] += d * d;
    }
  }
  const auto n = static_cast<double>(rows);
  for (int64_t c = 0; c < count; ++c) {
    const int64_t v = c / kLanes, lane = c % kLanes;
    const double off = deviation[v][lane];
    moments[c].combine(static_cast<double>(before),
                       {sum[v][lane] + off / n, squares[v][lane] - off * off / n}, n);
  }
}

// Moments of each channel, into `moments`, which has room for those of all columns of all parts.
void channelMoments(const Matrix& m, int team, const float* x, Moments* moments) {
  parallelParts(team, m.rows, [&](int64_t begin, int64_t end, int part) {
    Moments* own = moments + part * m.wide;
    for (int64_t c = 0; c < m.wide; ++c) own[c] = {};
    forBlocks(m, team, begin, end, part, [&](int64_t row, int64_t rows, int64_t columns) {
      forColumns(columns, [&](auto vectors, int64_t c, int64_t count) {
        addMoments<vectors>(own + c, row - begin, x + row * m.wide + c, m.wide, rows, count);
      });
    });
  });
  for (int64_t channel = 0; channel < m.channels; ++channel) {
    Moments total;
    int64_t values = 0;
    for (int part = 0; part < team; ++part) {
      for (int64_t c = channel; c < m.wide; c += m.channels) {
        const int64_t more = m.count(team, part, c);
        if (more == 0) continue;
        total.combine(static_cast<double>(values), moments[part * m.wide + c],
                      static_cast<double>(more));
        values += more;
      }
    }
    moments[channel] = total;
  }
}

// What the columns of a wide row have in common with their channel.
struct Affine {
  float *mean, *scale, *shift;

  Affine(float* memory, const Matrix& m)
      : mean(memory), scale(memory + m.wide), shift(memory + 2 * m.wide) {}

  void set(const Matrix& m, int64_t channel, float center, float factor, float offset) const {
    for (int64_t c = channel; c < m.wide; c += m.channels) {
      mean[c] = center;
      scale[c] = factor;
      shift[c] = offset;
    }
  }
};

// What comes after the normalisation: `added`, unless it is nullptr, and ReLU.
struct Finish {
  const float* added;
  bool relu;
};

// out = (x - mean) * scale + shift, and what comes after.
void apply(const Matrix& m, int team, float* out, const float* x, const Affine& affine,
           const Finish& after) {
  const auto run = [&](const auto& finish) {
    parallelParts(team, m.rows, [&](int64_t begin, int64_t end, int part) {
      forVectors(m, team, begin, end, part, [&](int64_t i, int64_t c, int64_t count) {
        const VecF centered = loadColumns(x + i, count) - loadColumns(affine.mean + c, count);
        const VecF y =
            centered * loadColumns(affine.scale + c, count) + loadColumns(affine.shift + c, count);
        storeColumns(out + i, finish(y, i, count), count);
      });
    });
  };
  const auto rectified = [](VecF y) { return maxOrSecond(VecF{}, y); };
  const auto sum = [added = after.added](VecF y, int64_t i, int64_t count) {
    return y + loadColumns(added + i, count);
  };
  if (after.added != nullptr && after.relu) {
    run([&](VecF y, int64_t i, int64_t count) { return rectified(sum(y, i, count)); });
  } else if (after.added != nullptr) {
    run(sum);
  } else if (after.relu) {
    run([&](VecF y, int64_t, int64_t) { return rectified(y); });
  } else {
    run([](VecF y, int64_t, int64_t) { return y; });
  }
}

float orElse(const float* values, int64_t i, float otherwise) {
  return values == nullptr ? otherwise : values[i];
}

// Sums of g and of g * (x - mean) over the rows of a block, for a group of columns.
template <int kVectors, class Gradient>
AXONODE_INLINE void addProducts(double* sumG, double* sumGx, const Gradient& gradient,
                                const float* x, const float* mean, int64_t stride, int64_t rows,
                                int64_t count) {
  VecF center[kVectors], a[kVectors] = {}, b[kVectors] = {};
  for (int v = 0; v < kVectors; ++v) center[v] = loadColumns(mean + v * kLanes, count);
  for (int64_t r = 0; r < rows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      const int64_t i = r * stride + v * kLanes;
      const VecF g = gradient(i, count);
      a[v] += g;
      b[v] += g * (loadColumns(x + i, count) - center[v]);
    }
  }
  for (int64_t c = 0; c < count; ++c) {
    sumG[c] += static_cast<double>(a[c / kLanes][c % kLanes]);
    sumGx[c] += static_cast<double>(b[c / kLanes][c % kLanes]);
  }
}

// The gradient that flows into the normalisation: g, or what ReLU lets through of it.
struct PlainGradient {
  const float* g;
  VecF operator()(int64_t i, int64_t count) const { return loadColumns(g + i, count); }
};
struct ReluGradient {
  const float *g, *y;
  VecF operator()(int64_t i, int64_t count) const {
    return select(loadColumns(y + i, count) <= VecF{}, VecF{}, loadColumns(g + i, count));
  }
};

}  // namespace

void batchNorm(Context& context, float* out, float* mean, float* rstd, float* runningMean,
               float* runningVar, const float* x, const float* weight, const float* bias,
               const float* added, int64_t rows, int64_t channels, double momentum, double eps,
               int64_t relu) {
  const Matrix m = Matrix::of(rows, channels);
  const int team = teamSize(context, rows * channels, kGrain);
  auto* moments = static_cast<Moments*>(context.scratch.reserve(
      m.wide * static_cast<int64_t>(team * sizeof(Moments) + 3 * sizeof(float))));
  const Affine affine(reinterpret_cast<float*>(moments + team * m.wide), m);
  channelMoments(m, team, x, moments);
  const auto n = static_cast<double>(rows);
  const auto moved = [momentum](float from, double to) {
    return static_cast<float>(momentum == 1 ? to : (1 - momentum) * from + momentum * to);
  };
  for (int64_t c = 0; c < channels; ++c) {
    const Moments& found = moments[c];
    mean[c] = static_cast<float>(found.mean);
    rstd[c] = static_cast<float>(1 / std::sqrt(found.squares / n + eps));
    if (!context.faultPending) {
      runningMean[c] = moved(runningMean[c], found.mean);
      runningVar[c] = moved(runningVar[c], found.squares / (n - 1));
    }
    // The shift takes up what the mean loses as a float.
    const float scale = rstd[c] * orElse(weight, c, 1);
    const double rest = found.mean - static_cast<double>(mean[c]);
    const double shift = orElse(bias, c, 0) - rest * static_cast<double>(scale);
    affine.set(m, c, mean[c], scale, static_cast<float>(shift));
  }
  apply(m, team, out, x, affine, {added, relu != 0});
}

void batchNormInference(Context& context, float* out, const float* x, const float* mean,
                        const float* variance, const float* weight, const float* bias,
                        const float* added, int64_t rows, int64_t channels, double eps,
                        int64_t relu) {
  const Matrix m = Matrix::of(rows, channels);
  const int team = teamSize(context, rows * channels, kGrain);
  const Affine affine(
      static_cast<float*>(context.scratch.reserve(3 * m.wide * int64_t{sizeof(float)})), m);
  for (int64_t c = 0; c < channels; ++c) {
    const double scale = orElse(weight, c, 1) / std::sqrt(static_cast<double>(variance[c]) + eps);
    affine.set(m, c, mean[c], static_cast<float>(scale), orElse(bias, c, 0));
  }
  apply(m, team, out, x, affine, {added, relu != 0});
}

void batchNormGrad(Context& context, float* dx, float* dweight, float* dbias, float* dadded,
                   const float* g, const float* x, const float* y, const float* mean,
                   const float* rstd, const float* weight, int64_t rows, int64_t channels,
                   int64_t training) {
  if (rows == 0) {
    for (int64_t c = 0; c < channels; ++c) dweight[c] = dbias[c] = 0;
    return;
  }
  const Matrix m = Matrix::of(rows, channels);
  const int team = teamSize(context, rows * channels, kGrain);
  auto* sums = static_cast<double*>(context.scratch.reserve(
      m.wide * static_cast<int64_t>(2 * team * sizeof(double) + 4 * sizeof(float))));
  auto* factors = reinterpret_cast<float*>(sums + 2 * team * m.wide);
  // dx = g * scale + (x - mean) * slope + shift
  const Affine affine(factors, m);
  float* slope = factors + 3 * m.wide;
  for (int64_t c = 0; c < channels; ++c) affine.set(m, c, mean[c], 0, 0);

  const auto run = [&](const auto& gradient) {
    parallelParts(team, m.rows, [&](int64_t begin, int64_t end, int part) {
      double* sumG = sums + 2 * part * m.wide;
      for (int64_t c = 0; c < 2 * m.wide; ++c) sumG[c] = 0;
      forBlocks(m, team, begin, end, part, [&](int64_t row, int64_t count, int64_t columns) {
        forColumns(columns, [&](auto vectors, int64_t c, int64_t width) {
          const int64_t start = row * m.wide + c;
          addProducts<vectors>(
              sumG + c, sumG + m.wide + c,
              [&](int64_t i, int64_t lanes) { return gradient(start + i, lanes); }, x + start,
              affine.mean + c, m.wide, count, width);
        });
      });
    });
    for (int64_t channel = 0; channel < channels; ++channel) {
      double total = 0, product = 0;
      for (int part = 0; part < team; ++part) {
        for (int64_t c = channel; c < m.wide; c += channels) {
          total += sums[2 * part * m.wide + c];
          product += sums[(2 * part + 1) * m.wide + c];
        }
      }
      const auto inverse = static_cast<double>(rstd[channel]);
      dbias[channel] = static_cast<float>(total);
      dweight[channel] = static_cast<float>(product * inverse);
      const double scale = inverse * static_cast<double>(orElse(weight, channel, 1));
      const double share = training != 0 ? scale / static_cast<double>(rows) : 0;
      affine.set(m, channel, mean[channel], static_cast<float>(scale),
                 static_cast<float>(-share * total));
      for (int64_t c = channel; c < m.wide; c += channels) {
        slope[c] = static_cast<float>(-share * product * inverse * inverse);
      }
    }
    parallelParts(team, m.rows, [&](int64_t begin, int64_t end, int part) {
      forVectors(m, team, begin, end, part, [&](int64_t i, int64_t c, int64_t count) {
        const VecF own = gradient(i, count);
        // Fixed statistics have no part in it, not even of an infinite x.
        VecF rest{};
        if (training != 0) {
          const VecF centered = loadColumns(x + i, count) - loadColumns(affine.mean + c, count);
          rest = centered * loadColumns(slope + c, count) + loadColumns(affine.shift + c, count);
        }
        if (dadded != nullptr) storeColumns(dadded + i, own, count);
        storeColumns(dx + i, own * loadColumns(affine.scale + c, count) + rest, count);
      });
    });
  };
  if (y != nullptr) return run(ReluGradient{g, y});
  run(PlainGradient{g});
}

}  // namespace axonode::AXONODE_ISA
