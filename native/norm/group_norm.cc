// Normalisation of groups of channels within each sample of [batch, spatial, channels]. Layer
// normalisation is the case of one group and nothing spatial.
#include <cmath>

#include "native/base/map.h"
#include "native/base/row_sum.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int64_t kCost = 4;  // of an element, in additions

struct Sizes {
  int64_t spatial, channels, groups;
  int64_t width() const { return channels / groups; }
  int64_t sample() const { return spatial * channels; }
  double values() const { return static_cast<double>(spatial * width()); }
};

VecF lanesOf(const float* p, int64_t count) {
  return count == kLanes ? load(p) : loadPartial(p, count);
}

void addTo(double* sums, const float* values, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sums[i] += static_cast<double>(values[i]);
}

// sums[c] = the sum of f(row, c, count), vectors of columns, over the rows of a sample. `block` has
// room for a row.
template <class Function>
void sumColumns(const Sizes& sizes, double* sums, float* block, const Function& f) {
  constexpr int64_t kBlockRows = 64;
  const int64_t columns = sizes.channels;
  for (int64_t c = 0; c < columns; ++c) sums[c] = 0;
  for (int64_t start = 0; start < sizes.spatial; start += kBlockRows) {
    const int64_t end = smaller(start + kBlockRows, sizes.spatial);
    for (int64_t c = 0; c < columns; c += kLanes) {
      const int64_t count = smaller(columns - c, int64_t{kLanes});
      VecF total{};
      for (int64_t row = start; row < end; ++row) total += f(row, c, count);
      storePartial(block + c, total, count);
    }
    addTo(sums, block, columns);
  }
}

// Working memory of one thread, in elements of a row: doubles for sums, floats for what the
// channels of a group have in common.
struct Work {
  double *a, *b;
  float *block, *other, *mean, *scale;

  static constexpr int64_t kBytes = 2 * sizeof(double) + 4 * sizeof(float);
  Work(void* memory, int64_t channels, int part) {
    a = reinterpret_cast<double*>(static_cast<char*>(memory) + part * channels * kBytes);
    b = a + channels;
    block = reinterpret_cast<float*>(b + channels);
    other = block + channels;
    mean = other + channels;
    scale = mean + channels;
  }
};

double groupSum(const double* columns, int64_t width) {
  double sum = 0;
  for (int64_t i = 0; i < width; ++i) sum += columns[i];
  return sum;
}

// Mean and inverse deviation of a sample's groups, in two passes. The first sums distances from the
// first position's values, which have more digits than the values when the mean is far from zero.
// `rest` of a group is what its mean loses as a float.
void statistics(const Sizes& sizes, float* mean, float* rstd, double* rest, const float* x,
                double eps, const Work& work) {
  // Of squared distances from the mean as a float.
  const auto inverse = [&](double squares, double off) {
    const double variance = larger(squares / sizes.values() - off * off, 0.0);
    return static_cast<float>(1 / std::sqrt(variance + eps));
  };
  if (sizes.groups == 1) {
    const int64_t n = sizes.sample();
    const auto distance = [=](int64_t i, int64_t count, float from) {
      return (count == kLanes ? load(x + i) : loadPartial(x + i, count, from)) - from;
    };
    const double sum = rowSum(n, [=](int64_t i, int64_t count) { return distance(i, count, *x); });
    const double exact = static_cast<double>(*x) + sum / static_cast<double>(n);
    const float center = *mean = static_cast<float>(exact);
    *rest = exact - static_cast<double>(center);
    const double squares = rowSum(n, [=](int64_t i, int64_t count) {
      const VecF d = distance(i, count, center);
      return d * d;
    });
    *rstd = inverse(squares, *rest);
    return;
  }
  const int64_t width = sizes.width();
  const auto distance = [=](int64_t row, int64_t c, int64_t count, const float* from) {
    return lanesOf(x + row * sizes.channels + c, count) - lanesOf(from + c, count);
  };
  sumColumns(sizes, work.a, work.block,
             [&](int64_t row, int64_t c, int64_t count) { return distance(row, c, count, x); });
  for (int64_t c = 0; c < sizes.channels; ++c) {
    work.a[c] += static_cast<double>(x[c]) * static_cast<double>(sizes.spatial);
  }
  for (int64_t group = 0; group < sizes.groups; ++group) {
    const double exact = groupSum(work.a + group * width, width) / sizes.values();
    mean[group] = static_cast<float>(exact);
    rest[group] = exact - static_cast<double>(mean[group]);
    for (int64_t i = 0; i < width; ++i) work.mean[group * width + i] = mean[group];
  }
  sumColumns(sizes, work.a, work.block, [&](int64_t row, int64_t c, int64_t count) {
    const VecF d = distance(row, c, count, work.mean);
    return d * d;
  });
  for (int64_t group = 0; group < sizes.groups; ++group) {
    rstd[group] = inverse(groupSum(work.a + group * width, width), rest[group]);
  }
}

void normalizeSample(const Sizes& sizes, float* out, const float* mean, const float* rstd,
                     const double* rest, const float* x, const float* weight, const float* bias,
                     const Work& work) {
  const int64_t channels = sizes.channels;
  if (sizes.groups == 1) {
    const auto off = static_cast<float>(*rest * static_cast<double>(*rstd));
    const auto f = [center = *mean, inverse = *rstd, off](VecF v, VecF w, VecF b) {
      return ((v - center) * inverse - off) * w + b;
    };
    for (int64_t i = 0; i < sizes.sample(); i += channels) {
      mapRange(f, channels, out + i, x + i, weight, bias);
    }
    return;
  }
  for (int64_t c = 0; c < channels; ++c) {
    work.mean[c] = mean[c / sizes.width()];
    const int64_t group = c / sizes.width();
    work.scale[c] = rstd[group] * weight[c];
    work.other[c] = static_cast<float>(bias[c] - rest[group] * static_cast<double>(work.scale[c]));
  }
  const auto f = [](VecF v, VecF m, VecF k, VecF b) { return (v - m) * k + b; };
  for (int64_t i = 0; i < sizes.sample(); i += channels) {
    mapRange(f, channels, out + i, x + i, work.mean, work.scale, work.other);
  }
}

// Fills dx of a sample; adds to dweight and dbias.
void gradOfSample(const Sizes& sizes, float* dx, double* dweight, double* dbias, const float* g,
                  const float* x, const float* mean, const float* rstd, const float* weight,
                  const Work& work) {
  const int64_t channels = sizes.channels, width = sizes.width();
  for (int64_t group = 0; group < sizes.groups; ++group) {
    for (int64_t c = group * width; c < (group + 1) * width; ++c) {
      work.mean[c] = mean[group];
      work.scale[c] = rstd[group];
    }
  }
  // Per channel: the sums of g and of g * (x - mean) * rstd.
  sumColumns(sizes, work.a, work.block, [&](int64_t row, int64_t c, int64_t count) {
    return lanesOf(g + row * channels + c, count);
  });
  sumColumns(sizes, work.b, work.block, [&](int64_t row, int64_t c, int64_t count) {
    const int64_t i = row * channels + c;
    const VecF d = lanesOf(x + i, count) - lanesOf(work.mean + c, count);
    return lanesOf(g + i, count) * d * lanesOf(work.scale + c, count);
  });
  // dx = g * rstd * weight - (x - mean) * slope - shift; slope and shift are those of the group.
  for (int64_t group = 0; group < sizes.groups; ++group) {
    double total = 0, product = 0;
    for (int64_t c = group * width; c < (group + 1) * width; ++c) {
      dbias[c] += work.a[c];
      dweight[c] += work.b[c];
      total += work.a[c] * static_cast<double>(weight[c]);
      product += work.b[c] * static_cast<double>(weight[c]);
    }
    const double inverse = static_cast<double>(rstd[group]) / sizes.values();
    const auto slope = static_cast<float>(product * inverse * static_cast<double>(rstd[group]));
    const auto shift = static_cast<float>(total * inverse);
    for (int64_t c = group * width; c < (group + 1) * width; ++c) {
      work.scale[c] = rstd[group] * weight[c];
      work.block[c] = slope;
      work.other[c] = shift;
    }
  }
  const auto f = [](VecF d, VecF v, VecF k, VecF m, VecF slope, VecF shift) {
    return d * k - (v - m) * slope - shift;
  };
  for (int64_t i = 0; i < sizes.sample(); i += channels) {
    mapRange(f, channels, dx + i, g + i, x + i, work.scale, work.mean, work.block, work.other);
  }
}

// The same for rows of a layer normalisation, one group and nothing spatial each. Blocks of rows
// are added up in float32, and those in float64.
void gradOfRows(int64_t rows, int64_t n, float* dx, double* dweight, double* dbias, const float* g,
                const float* x, const float* mean, const float* rstd, const float* weight,
                const Work& work) {
  constexpr int64_t kBlockRows = 64;
  for (int64_t row = 0; row < rows; ++row) {
    if (row % kBlockRows == 0) {
      for (int64_t c = 0; c < n; ++c) work.block[c] = work.other[c] = 0;
    }
    const float center = mean[row], inverse = rstd[row];
    const float *gradient = g + row * n, *source = x + row * n;
    const double total = rowSum(n, [=](int64_t i, int64_t count) {
      return lanesOf(gradient + i, count) * lanesOf(weight + i, count);
    });
    const double product = rowSum(n, [=](int64_t i, int64_t count) {
      const VecF own = lanesOf(gradient + i, count) * lanesOf(weight + i, count);
      return own * ((lanesOf(source + i, count) - center) * inverse);
    });
    const double share = static_cast<double>(inverse) / static_cast<double>(n);
    const auto slope = static_cast<float>(product * share);
    const auto shift = static_cast<float>(total * share);
    mapRange([=](VecF d, VecF v,
                 VecF w) { return d * (w * inverse) - (v - center) * inverse * slope - shift; },
             n, dx + row * n, gradient, source, weight);
    mapRange([=](VecF sum, VecF d, VecF v) { return sum + d * ((v - center) * inverse); }, n,
             work.block, work.block, gradient, source);
    mapRange([](VecF sum, VecF d) { return sum + d; }, n, work.other, work.other, gradient);
    if (row % kBlockRows == kBlockRows - 1 || row == rows - 1) {
      addTo(dweight, work.block, n);
      addTo(dbias, work.other, n);
    }
  }
}

}  // namespace

void groupNorm(Context& context, float* out, float* mean, float* rstd, const float* x,
               const float* weight, const float* bias, const Grouping& grouping, double eps) {
  const int64_t batch = grouping.batch, spatial = grouping.spatial;
  const int64_t channels = grouping.channels, groups = grouping.groups;
  const Sizes sizes{spatial, channels, groups};
  const int team = teamSize(context, kCost * batch * sizes.sample(), kGrain);
  // Working memory, then ones and zeros where there is no weight and no bias.
  auto* memory = static_cast<char*>(
      context.scratch.reserve(channels * (team * Work::kBytes + 2 * int64_t{sizeof(float)})));
  auto* plain = reinterpret_cast<float*>(memory + channels * team * Work::kBytes);
  for (int64_t c = 0; c < channels; ++c) {
    plain[c] = 1;
    plain[channels + c] = 0;
  }
  if (weight == nullptr) weight = plain;
  if (bias == nullptr) bias = plain + channels;
  parallelParts(team, batch, [&](int64_t begin, int64_t end, int part) {
    const Work work(memory, channels, part);
    for (int64_t n = begin; n < end; ++n) {
      const int64_t i = n * sizes.sample();
      statistics(sizes, mean + n * groups, rstd + n * groups, work.b, x + i, eps, work);
      normalizeSample(sizes, out + i, mean + n * groups, rstd + n * groups, work.b, x + i, weight,
                      bias, work);
    }
  });
}

void groupNormGrad(Context& context, float* dx, float* dweight, float* dbias, const float* g,
                   const float* x, const float* mean, const float* rstd, const float* weight,
                   const Grouping& grouping) {
  const int64_t batch = grouping.batch, spatial = grouping.spatial;
  const int64_t channels = grouping.channels, groups = grouping.groups;
  if (batch == 0) {
    for (int64_t c = 0; c < channels; ++c) dweight[c] = dbias[c] = 0;
    return;
  }
  const Sizes sizes{spatial, channels, groups};
  const int team = teamSize(context, kCost * batch * sizes.sample(), kGrain);
  constexpr int64_t kSums = 2 * sizeof(double);
  auto* memory = static_cast<char*>(
      context.scratch.reserve(channels * (team * (Work::kBytes + kSums) + int64_t{sizeof(float)})));
  auto* sums = reinterpret_cast<double*>(memory + channels * team * Work::kBytes);
  auto* plain = reinterpret_cast<float*>(sums + 2 * team * channels);
  for (int64_t c = 0; c < channels; ++c) plain[c] = 1;
  if (weight == nullptr) weight = plain;
  parallelParts(team, batch, [&](int64_t begin, int64_t end, int part) {
    const Work work(memory, channels, part);
    double* own = sums + 2 * part * channels;
    for (int64_t c = 0; c < 2 * channels; ++c) own[c] = 0;
    if (groups == 1 && spatial == 1) {
      const int64_t i = begin * channels;
      return gradOfRows(end - begin, channels, dx + i, own, own + channels, g + i, x + i,
                        mean + begin, rstd + begin, weight, work);
    }
    for (int64_t n = begin; n < end; ++n) {
      const int64_t i = n * sizes.sample();
      gradOfSample(sizes, dx + i, own, own + channels, g + i, x + i, mean + n * groups,
                   rstd + n * groups, weight, work);
    }
  });
  for (int64_t c = 0; c < channels; ++c) {
    double weightSum = 0, biasSum = 0;
    for (int part = 0; part < team; ++part) {
      weightSum += sums[2 * part * channels + c];
      biasSum += sums[(2 * part + 1) * channels + c];
    }
    dweight[c] = static_cast<float>(weightSum);
    dbias[c] = static_cast<float>(biasSum);
  }
}

}  // namespace axonode::AXONODE_ISA
