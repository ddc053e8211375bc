// Softmax and log-softmax over the middle axis of [outer, axis, inner], and their gradients.
#include "native/base/map.h"
#include "native/kernels.h"
#include "native/loss/softmax_row.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int64_t kCost = 8;  // of an element, in additions

void softmaxRow(float* out, const float* x, int64_t n) {
  if (n <= kLanes) {
    const ShortRow row = ShortRow::of(x, n);
    return storePartial(out, row.power / row.total, n);
  }
  const float total = static_cast<float>(expRow(out, x, n, rowMaximum(x, n)));
  mapRange([total](VecF e) { return e / total; }, n, out, out);
}

void softmaxGradRow(float* dx, const float* g, const float* y, int64_t n) {
  const float dot = static_cast<float>(rowSum(n, [=](int64_t i, int64_t count) {
    if (count == kLanes) return load(g + i) * load(y + i);
    return loadPartial(g + i, count) * loadPartial(y + i, count);
  }));
  mapRange([dot](VecF d, VecF p) { return p * (d - dot); }, n, dx, g, y);
}

void logSoftmaxGradRow(float* dx, const float* g, const float* y, int64_t n) {
  const float total = static_cast<float>(rowSum(n, [=](int64_t i, int64_t count) {
    return count == kLanes ? load(g + i) : loadPartial(g + i, count);
  }));
  mapRange([total](VecF d, VecF p) { return d - exp(p) * total; }, n, dx, g, y);
}

// A vector of columns side by side: element k of each is at [k * inner], of the first `count`
// lanes.
struct Columns {
  int64_t axis, inner, count;

  VecF get(const float* p, int64_t k) const {
    return count == kLanes ? load(p + k * inner) : loadPartial(p + k * inner, count);
  }
  void set(float* p, int64_t k, VecF v) const {
    if (count == kLanes) {
      store(p + k * inner, v);
    } else {
      storePartial(p + k * inner, v, count);
    }
  }
  // Sums f(k) over the axis, in blocks.
  template <class Function>
  VecF sum(const Function& f) const {
    constexpr int64_t kBlock = 64;
    VecF total{};
    for (int64_t start = 0; start < axis; start += kBlock) {
      VecF block{};
      for (int64_t k = start; k < smaller(start + kBlock, axis); ++k) block += f(k);
      total += block;
    }
    return total;
  }
};

void softmaxColumns(float* out, const float* x, Columns columns, bool log) {
  VecF maximum = splat(-kInfinity);
  for (int64_t k = 0; k < columns.axis; ++k) maximum = maxOrSecond(maximum, columns.get(x, k));
  const VecF total = columns.sum([&](int64_t k) {
    const VecF e = exp(columns.get(x, k) - maximum);
    if (!log) columns.set(out, k, e);
    return e;
  });
  const VecF logTotal = AXONODE_ISA::log(total);
  for (int64_t k = 0; k < columns.axis; ++k) {
    columns.set(out, k, log ? columns.get(x, k) - maximum - logTotal : columns.get(out, k) / total);
  }
}

void softmaxGradColumns(float* dx, const float* g, const float* y, Columns columns, bool log) {
  const VecF total = columns.sum([&](int64_t k) {
    const VecF d = columns.get(g, k);
    return log ? d : d * columns.get(y, k);
  });
  for (int64_t k = 0; k < columns.axis; ++k) {
    const VecF d = columns.get(g, k), p = columns.get(y, k);
    columns.set(dx, k, log ? d - exp(p) * total : p * (d - total));
  }
}

// work(offset, columns) for each vector of columns.
template <class Work>
void forColumns(Context& context, int64_t outer, int64_t axis, int64_t inner, const Work& work) {
  const int64_t vectors = (inner + kLanes - 1) / kLanes;
  const int64_t cost = kCost * axis * smaller(inner, int64_t{kLanes});
  parallelFor(context, outer * vectors, grainOf(cost), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t column = unit % vectors * kLanes;
      work(unit / vectors * axis * inner + column,
           Columns{axis, inner, smaller(inner - column, int64_t{kLanes})});
    }
  });
}

}  // namespace

void softmax(Context& context, float* out, const float* x, int64_t outer, int64_t axis,
             int64_t inner, int64_t log) {
  if (inner > 1) {
    return forColumns(context, outer, axis, inner, [&](int64_t offset, Columns columns) {
      softmaxColumns(out + offset, x + offset, columns, log != 0);
    });
  }
  const auto row = log != 0 ? logSoftmaxRow : softmaxRow;
  parallelFor(context, outer, grainOf(kCost * axis), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) row(out + o * axis, x + o * axis, axis);
  });
}

void softmaxGrad(Context& context, float* dx, const float* g, const float* y, int64_t outer,
                 int64_t axis, int64_t inner, int64_t log) {
  if (inner > 1) {
    return forColumns(context, outer, axis, inner, [&](int64_t offset, Columns columns) {
      softmaxGradColumns(dx + offset, g + offset, y + offset, columns, log != 0);
    });
  }
  const auto row = log != 0 ? logSoftmaxGradRow : softmaxGradRow;
  parallelFor(context, outer, grainOf(kCost * axis), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      row(dx + o * axis, g + o * axis, y + o * axis, axis);
    }
  });
}

}  // namespace axonode::AXONODE_ISA
