// Reductions over the middle axis of [outer, axis, inner]. All sums are pairwise: blocks are halved
// until a few dozen elements are left for each lane, so that the error grows with log(n).
#include "native/base/map.h"
#include "native/base/ops.h"
#include "native/base/vector_math.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int64_t kBlockRows = 64;    // rows of a matrix that are added one group after another
constexpr int64_t kGroupRows = 8;     // rows read side by side
constexpr int64_t kNarrow = 64;       // columns below which several rows are taken as one
constexpr int64_t kMinColumns = 512;  // columns of a unit of parallel work
constexpr int64_t kMaxColumns = 4096;

// A reduction: what an element counts for, and how two results combine. kNeutral counts for
// nothing.
struct FloatSum {
  using Element = float;
  static constexpr float kNeutral = 0;
  static VecF of(VecF x) { return x; }
  static VecF combine(VecF a, VecF b) { return a + b; }
};
struct FloatSumSquares : FloatSum {
  static VecF of(VecF x) { return x * x; }
};
struct FloatSumAbs : FloatSum {
  static VecF of(VecF x) { return absolute(x); }
};
struct FloatProd : FloatSum {
  static constexpr float kNeutral = 1;
  static VecF combine(VecF a, VecF b) { return a * b; }
};
struct FloatMax : FloatSum {
  static constexpr float kNeutral = -kInfinity;
  static VecF combine(VecF a, VecF b) { return select(a != a, a, maxOrSecond(a, b)); }
};
struct FloatMin : FloatSum {
  static constexpr float kNeutral = kInfinity;
  static VecF combine(VecF a, VecF b) { return select(a != a, a, minOrSecond(a, b)); }
};
struct IntSum {
  using Element = int32_t;
  static constexpr int32_t kNeutral = 0;
  static VecI of(VecI x) { return x; }
  static VecI combine(VecI a, VecI b) { return VecI(VecU(a) + VecU(b)); }
};
struct IntProd : IntSum {
  static constexpr int32_t kNeutral = 1;
  static VecI combine(VecI a, VecI b) { return VecI(VecU(a) * VecU(b)); }
};
struct IntMax : IntSum {
  static constexpr int32_t kNeutral = INT32_MIN;
  static VecI combine(VecI a, VecI b) { return select(a > b, a, b); }
};
struct IntMin : IntSum {
  static constexpr int32_t kNeutral = INT32_MAX;
  static VecI combine(VecI a, VecI b) { return select(a < b, a, b); }
};

template <class R>
struct Reducer {
  using T = typename R::Element;
  using V = Vec<T>;

  // n contiguous elements, lane by lane.
  static V lanes(const T* x, int64_t n) {
    constexpr int64_t kStep = 4 * kLanes, kBlock = 16 * kStep;
    if (n > kBlock) {
      const int64_t half = (n / 2 + kBlock - 1) / kBlock * kBlock;
      return R::combine(lanes(x, half), lanes(x + half, n - half));
    }
    V a = splat(R::kNeutral), b = a, c = a, d = a;
    int64_t i = 0;
    for (; i + kStep <= n; i += kStep) {
      a = R::combine(a, R::of(load(x + i)));
      b = R::combine(b, R::of(load(x + i + kLanes)));
      c = R::combine(c, R::of(load(x + i + 2 * kLanes)));
      d = R::combine(d, R::of(load(x + i + 3 * kLanes)));
    }
    for (; i + kLanes <= n; i += kLanes) a = R::combine(a, R::of(load(x + i)));
    if (i < n) b = R::combine(b, R::of(loadPartial(x + i, n - i, R::kNeutral)));
    return R::combine(R::combine(a, b), R::combine(c, d));
  }

  static T row(const T* x, int64_t n) { return foldLanes(lanes(x, n), R::combine)[0]; }

  static void combineInto(T* out, const T* x, int64_t n) { mapRange(R::combine, n, out, out, x); }

  // Combines up to kBlockRows rows into out. The last vector of columns overlaps the one before
  // rather than stop short; it is read before that one is written.
  static void addBlock(T* out, const T* x, int64_t stride, int64_t rows, int64_t columns) {
    if (columns < kLanes) return addNarrow(out, x, stride, rows, columns);
    const auto at = [=](int64_t row, int64_t c) { return R::of(load(x + row * stride + c)); };
    const auto addRows = [=](const auto& sum) {
      const int64_t last = columns - kLanes;
      const V end = R::combine(load(out + last), sum(last));
      for (int64_t c = 0; c < last; c += kLanes) store(out + c, R::combine(load(out + c), sum(c)));
      store(out + last, end);
    };
    int64_t r = 0;
    for (; r + kGroupRows <= rows; r += kGroupRows) {
      addRows([=](int64_t c) {
        const auto pair = [=](int64_t k) { return R::combine(at(r + k, c), at(r + k + 1, c)); };
        return R::combine(R::combine(pair(0), pair(2)), R::combine(pair(4), pair(6)));
      });
    }
    for (; r < rows; ++r) addRows([=](int64_t c) { return at(r, c); });
  }

  static void addNarrow(T* out, const T* x, int64_t stride, int64_t rows, int64_t columns) {
    V sum = loadPartial(out, columns);
    for (int64_t r = 0; r < rows; ++r) {
      sum = R::combine(sum, R::of(loadPartial(x + r * stride, columns)));
    }
    storePartial(out, sum, columns);
  }

  // Column results of a matrix whose rows are `stride` apart. `spare` has room for spareSize()
  // elements.
  static void columns(T* out, const T* x, int64_t stride, int64_t rows, int64_t count, T* spare) {
    if (rows <= kBlockRows) {
      for (int64_t c = 0; c < count; ++c) out[c] = R::kNeutral;
      addBlock(out, x, stride, rows, count);
      return;
    }
    const int64_t half = (rows / 2 + kBlockRows - 1) / kBlockRows * kBlockRows;
    columns(out, x, stride, half, count, spare);
    columns(spare, x + half * stride, stride, rows - half, count, spare + count);
    combineInto(out, spare, count);
  }

  // The same for a contiguous matrix of few columns: kLanes rows are taken as one.
  static void narrowColumns(T* out, const T* x, int64_t rows, int64_t count, T* spare) {
    const int64_t wide = count * kLanes, wideRows = rows / kLanes;
    columns(spare, x, wide, wideRows, wide, spare + wide);
    for (int64_t k = kLanes / 2; k > 0; k /= 2) combineInto(spare, spare + k * count, k * count);
    for (int64_t c = 0; c < count; ++c) out[c] = spare[c];
    addBlock(out, x + wideRows * wide, count, rows - wideRows * kLanes, count);
  }

  static void matrix(T* out, const T* x, int64_t stride, int64_t rows, int64_t count, T* spare) {
    if (stride == 1) {
      *out = row(x, rows);
    } else if (stride < kNarrow && rows >= 2 * kLanes) {
      narrowColumns(out, x, rows, stride, spare);
    } else {
      columns(out, x, stride, rows, count, spare);
    }
  }

  static int64_t spareSize(int64_t rows, int64_t count) {
    int64_t levels = 2;
    for (int64_t n = rows; n > kBlockRows; n = (n + 1) / 2) ++levels;
    return levels * (count < kNarrow ? count * kLanes : count);
  }

  static void run(Context& context, T* out, const T* x, int64_t outer, int64_t axis,
                  int64_t inner) {
    const int team = teamSize(context, outer * axis * inner, kGrain);
    const int64_t share = (inner / team + kLanes) / kLanes * kLanes;
    const int64_t chunk = smaller(inner, smaller(larger(share, kMinColumns), kMaxColumns));
    const int64_t chunks = (inner + chunk - 1) / chunk, units = outer * chunks;
    const int64_t spareCount = inner == 1 ? 0 : spareSize(axis, chunk);
    const bool splitsAxis = units < team;
    T* spare = nullptr;
    if (splitsAxis || spareCount > 0) {
      const int64_t elements = team * (spareCount + (splitsAxis ? inner : 0));
      spare = static_cast<T*>(context.scratch.reserve(elements * sizeof(T)));
    }
    if (!splitsAxis) {
      parallelParts(team, units, [&](int64_t begin, int64_t end, int part) {
        for (int64_t unit = begin; unit < end; ++unit) {
          const int64_t o = unit / chunks, c = unit % chunks * chunk;
          matrix(out + o * inner + c, x + o * axis * inner + c, inner, axis,
                 smaller(chunk, inner - c), spare + part * spareCount);
        }
      });
      return;
    }
    // Too few results for the threads: each takes a part of the axis. Here inner is one chunk.
    T* partial = spare + team * spareCount;
    for (int64_t o = 0; o < outer; ++o) {
      parallelParts(team, axis, [&](int64_t begin, int64_t end, int part) {
        matrix(partial + part * inner, x + (o * axis + begin) * inner, inner, end - begin, inner,
               spare + part * spareCount);
      });
      for (int64_t c = 0; c < inner; ++c) out[o * inner + c] = partial[c];
      for (int part = 1; part < team; ++part) {
        combineInto(out + o * inner, partial + part * inner, inner);
      }
    }
  }
};

// The better of two elements for argReduce: a NaN is better than all numbers.
template <class T, bool kMax>
struct Best {
  static auto better(auto v, auto best) {
    const auto ahead = kMax ? v > best : v < best;
    return ahead | ((v != v) & (best == best));
  }

  static int32_t scalarRow(const T* x, int64_t step, int64_t n) {
    int64_t at = 0;
    for (int64_t i = 1; i < n; ++i) {
      if (better(x[i * step], x[at * step])) at = i;
    }
    return static_cast<int32_t>(at);
  }

  static int32_t row(const T* x, int64_t n) {
    if (n < 2 * kLanes) return scalarRow(x, 1, n);
    Vec<T> best = load(x);
    VecI start{};
    int64_t i = kLanes;
    for (; i + kLanes <= n; i += kLanes) take(best, start, load(x + i), static_cast<int32_t>(i));
    int64_t at = start[0];
    for (int lane = 1; lane < kLanes; ++lane) {
      const int64_t candidate = start[lane] + lane;
      const bool first = candidate < at && !better(x[at], x[candidate]);
      if (better(x[candidate], x[at]) || first) at = candidate;
    }
    for (; i < n; ++i) {
      if (better(x[i], x[at])) at = i;
    }
    return static_cast<int32_t>(at);
  }

  AXONODE_INLINE void take(Vec<T>& best, VecI& at, Vec<T> v, int32_t position) {
    const VecI replace = better(v, best);
    best = select(replace, v, best);
    at = select(replace, splat(position), at);
  }

  static void columns(int32_t* out, const T* x, int64_t axis, int64_t inner) {
    if (inner < kLanes) {
      for (int64_t c = 0; c < inner; ++c) out[c] = scalarRow(x + c, inner, axis);
      return;
    }
    for (int64_t c = 0; c < inner; c += kLanes) {
      const int64_t column =
          smaller(c, inner - kLanes);  // the last vector may overlap the one before
      Vec<T> best = load(x + column);
      VecI at{};
      for (int64_t i = 1; i < axis; ++i) {
        take(best, at, load(x + i * inner + column), static_cast<int32_t>(i));
      }
      store(out + column, at);
    }
  }

  static void run(Context& context, int32_t* out, const T* x, int64_t outer, int64_t axis,
                  int64_t inner) {
    parallelFor(context, outer, grainOf(2 * axis * inner), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        const T* slab = x + o * axis * inner;
        if (inner == 1) {
          out[o] = row(slab, axis);
        } else {
          columns(out + o * inner, slab, axis, inner);
        }
      }
    });
  }
};

}  // namespace

void reduce(Context& context, AnyOut out, AnyIn x, int64_t outer, int64_t axis, int64_t inner,
            int64_t op) {
  if (outer * inner == 0) return;
  const auto run = [&]<class R>(R) {
    using T = typename R::Element;
    Reducer<R>::run(context, as<T>(out), as<T>(x), outer, axis, inner);
  };
  const bool whole = out.dtype == DType::kInt32;
  switch (ReduceOp(op)) {
    case ReduceOp::kSum:
      return whole ? run(IntSum{}) : run(FloatSum{});
    case ReduceOp::kMean: {
      run(FloatSum{});
      const float count = static_cast<float>(axis);
      return map(
          context, [count](VecF sum) { return sum / count; }, 1, outer * inner, as<float>(out),
          as<float>(AnyIn{out.data, out.dtype}));
    }
    case ReduceOp::kMax:
      return whole ? run(IntMax{}) : run(FloatMax{});
    case ReduceOp::kMin:
      return whole ? run(IntMin{}) : run(FloatMin{});
    case ReduceOp::kProd:
      return whole ? run(IntProd{}) : run(FloatProd{});
    case ReduceOp::kSumSquares:
      return run(FloatSumSquares{});
    case ReduceOp::kSumAbs:
      return run(FloatSumAbs{});
    case ReduceOp::kCount:
      return;
  }
}

void argReduce(Context& context, int32_t* out, AnyIn x, int64_t outer, int64_t axis, int64_t inner,
               int64_t op) {
  const auto run = [&]<class T>(T) {
    if (ArgOp(op) == ArgOp::kMax) {
      Best<T, true>::run(context, out, as<T>(x), outer, axis, inner);
    } else {
      Best<T, false>::run(context, out, as<T>(x), outer, axis, inner);
    }
  };
  if (x.dtype == DType::kInt32) return run(int32_t{});
  run(float{});
}

}  // namespace axonode::AXONODE_ISA
