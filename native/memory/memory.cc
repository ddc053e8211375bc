// Filling, converting, copying and transposing.
#include "native/base/ops.h"
#include "native/base/parallel.h"
#include "native/base/strided.h"
#include "native/base/tile_transpose.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

// The sides of a unit of parallel work in transpositions: 64 KB in, 64 KB out.
constexpr int64_t kTransposeRows = 64;
constexpr int64_t kTransposeColumns = 256;

template <class T>
void fillRange(T* out, int64_t n, T value) {
  for (int64_t i = 0; i < n; ++i) out[i] = value;
}

// Truncates where the values fit, as nearly always; else one by one, modulo 2³².
void truncateRange(int32_t* __restrict out, const float* __restrict x, int64_t n) {
  int32_t outside = 0;
  for (int64_t i = 0; i < n; ++i) outside |= __builtin_fabsf(x[i]) < 2147483648.0f ? 0 : 1;
  if (outside == 0) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<int32_t>(x[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = toInt32(static_cast<double>(x[i]));
  }
}

template <class Out, class In>
void castRange(Out* __restrict out, const In* __restrict x, int64_t n) {
  if constexpr (__is_same(In, float) && !__is_same(Out, float)) {
    constexpr int64_t kBlock = 256;
    int32_t whole[kBlock];
    for (int64_t start = 0; start < n; start += kBlock) {
      const int64_t count = smaller(kBlock, n - start);
      truncateRange(whole, x + start, count);
      for (int64_t i = 0; i < count; ++i) out[start + i] = static_cast<Out>(whole[i]);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<Out>(x[i]);
  }
}

// The copies that `[rank, outStart, xStart, ...dims, ...outStrides, ...xStrides]` names.
struct CopyPlan {
  Shape<2> shape;  // array 0 is out, array 1 is x
  int64_t outStart, xStart;

  // Writes go through memory in order: dims sorted by out's stride, the smallest last.
  explicit CopyPlan(Ints plan) : outStart(plan[1]), xStart(plan[2]) {
    const int64_t rank = plan[0];
    const int32_t* dims = plan.data + 3;
    const int32_t *outStrides = dims + rank, *xStrides = outStrides + rank;
    int order[kMaxRank];
    for (int k = 0; k < rank; ++k) {
      int at = k;
      for (; at > 0 && __builtin_abs(outStrides[order[at - 1]]) < __builtin_abs(outStrides[k]);
           --at) {
        order[at] = order[at - 1];
      }
      order[at] = k;
    }
    for (int k = 0; k < rank; ++k) {
      shape.append(dims[order[k]], {outStrides[order[k]], xStrides[order[k]]});
    }
    shape.ensureRow();
  }
};

template <class T>
void copyRow(T* out, int64_t outStep, const T* x, int64_t xStep, int64_t n) {
  if (outStep == 1 && xStep == 1) {
    __builtin_memcpy(out, x, static_cast<size_t>(n) * sizeof(T));
  } else if (outStep == 1 && xStep == 0) {
    fillRange(out, n, *x);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i * outStep] = x[i * xStep];
  }
}

// out[r, c] = x[c, r]: the rows of each are contiguous, outStride and xStride elements apart.
template <class T>
void transposeBlock(T* __restrict out, int64_t outStride, const T* __restrict x, int64_t xStride,
                    int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r += 16) {
    for (int64_t c = 0; c < columns; c += 16) {
      const int64_t rowEnd = smaller(r + 16, rows), columnEnd = smaller(c + 16, columns);
      for (int64_t i = r; i < rowEnd; ++i) {
        for (int64_t j = c; j < columnEnd; ++j) out[i * outStride + j] = x[j * xStride + i];
      }
    }
  }
}

// Squares of vectors, and single elements at the edges.
template <>
void transposeBlock(float* __restrict out, int64_t outStride, const float* __restrict x,
                    int64_t xStride, int64_t rows, int64_t columns) {
  int64_t r = 0;
  for (; r + kLanes <= rows; r += kLanes) {
    int64_t c = 0;
    for (; c + kLanes <= columns; c += kLanes) {
      VecF square[kLanes];
      for (int i = 0; i < kLanes; ++i) square[i] = load(x + (c + i) * xStride + r);
      transposeSquare(square);
      for (int i = 0; i < kLanes; ++i) store(out + (r + i) * outStride + c, square[i]);
    }
    for (int64_t i = r; i < r + kLanes; ++i) {
      for (int64_t j = c; j < columns; ++j) out[i * outStride + j] = x[j * xStride + i];
    }
  }
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = r; i < rows; ++i) out[i * outStride + j] = x[j * xStride + i];
  }
}

// The last two dims are a transposition: out's rows run along the last dim, x's along the one
// before.
template <class T>
void transposeDims(Context& context, const Shape<2>& shape, T* out, const T* x) {
  const int outer = shape.rank - 2;
  const int64_t rows = shape.dims[outer], columns = shape.dims[outer + 1];
  const int64_t outStride = shape.strides[outer][0], xStride = shape.strides[outer + 1][1];
  const int64_t rowBlocks = (rows + kTransposeRows - 1) / kTransposeRows;
  const int64_t columnBlocks = (columns + kTransposeColumns - 1) / kTransposeColumns;
  const int64_t blocks = rowBlocks * columnBlocks;
  const int64_t cost = smaller(rows, kTransposeRows) * smaller(columns, kTransposeColumns);
  parallelFor(context, shape.product(outer) * blocks, grainOf(cost),
              [&](int64_t begin, int64_t end) {
                Walk<2> walk(shape, outer, begin / blocks);
                int64_t block = begin % blocks;
                for (int64_t unit = begin; unit < end; ++unit) {
                  const int64_t r = block / columnBlocks * kTransposeRows;
                  const int64_t c = block % columnBlocks * kTransposeColumns;
                  transposeBlock(out + walk.offset[0] + r * outStride + c, outStride,
                                 x + walk.offset[1] + c * xStride + r, xStride,
                                 smaller(kTransposeRows, rows - r),
                                 smaller(kTransposeColumns, columns - c));
                  if (++block == blocks) {
                    block = 0;
                    walk.next();
                  }
                }
              });
}

// Moves the dim along which x is contiguous to the last place but one, if out is contiguous along
// the last.
bool arrangeTransposition(Shape<2>& shape) {
  const int last = shape.rank - 1;
  if (shape.strides[last][0] != 1 || shape.strides[last][1] == 1) return false;
  for (int d = 0; d < last; ++d) {
    if (shape.strides[d][1] != 1) continue;
    shape.swapDims(d, last - 1);
    return true;
  }
  return false;
}

}  // namespace

void fill(Context& context, AnyOut out, int64_t n, double value) {
  withType(out.dtype, [&]<class T>(T) {
    const T element = [&] {
      if constexpr (__is_same(T, float)) return static_cast<float>(value);
      return static_cast<T>(toInt32(value));
    }();
    parallelFor(context, n, kGrain, [&](int64_t begin, int64_t end) {
      fillRange(as<T>(out) + begin, end - begin, element);
    });
  });
}

void assign(Context& context, AnyOut out, AnyIn x, int64_t n) {
  if (!context.faultPending) cast(context, out, x, n);
}

void cast(Context& context, AnyOut out, AnyIn x, int64_t n) {
  withType(out.dtype, [&]<class Out>(Out) {
    withType(x.dtype, [&]<class In>(In) {
      parallelFor(context, n, kGrain, [&](int64_t begin, int64_t end) {
        castRange(as<Out>(out) + begin, as<In>(x) + begin, end - begin);
      });
    });
  });
}

void copyStrided(Context& context, AnyOut out, AnyIn x, Ints plan) {
  CopyPlan copy(plan);
  const bool transposition = arrangeTransposition(copy.shape);
  withCarrier(out.dtype, [&]<class T>(T) {
    T* to = as<T>(out) + copy.outStart;
    const T* from = as<T>(x) + copy.xStart;
    if (transposition) {
      transposeDims(context, copy.shape, to, from);
      return;
    }
    const int64_t(&step)[2] = copy.shape.strides[copy.shape.rank - 1];
    forRows(context, copy.shape, 1, [&](int64_t, const int64_t(&offset)[2], int64_t count) {
      copyRow(to + offset[0], step[0], from + offset[1], step[1], count);
    });
  });
}

void transpose(Context& context, AnyOut out, AnyIn x, int64_t batch, int64_t rows, int64_t cols) {
  Shape<2> shape;
  shape.rank = 3;
  const int64_t dims[] = {batch, cols, rows};
  const int64_t strides[][2] = {{rows * cols, rows * cols}, {rows, 1}, {1, cols}};
  for (int d = 0; d < 3; ++d) {
    shape.dims[d] = dims[d];
    shape.strides[d][0] = strides[d][0];
    shape.strides[d][1] = strides[d][1];
  }
  withCarrier(out.dtype, [&]<class T>(T) { transposeDims(context, shape, as<T>(out), as<T>(x)); });
}

void addScaled(Context& context, float* y, const float* x, int64_t n, double alpha) {
  const float factor = static_cast<float>(alpha);
  parallelFor(context, n, kGrain, [&](int64_t begin, int64_t end) {
    float* __restrict to = y;
    const float* __restrict from = x;
    for (int64_t i = begin; i < end; ++i) to[i] += factor * from[i];
  });
}

}  // namespace axonode::AXONODE_ISA
