// Selecting, gathering and scattering by index. An index out of range is reported and its element
// skipped.
#include "native/base/ops.h"
#include "native/indexing/index_range.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

template <class T>
void copyElements(T* __restrict out, const T* __restrict x, int64_t n) {
  if (n < 8) {  // less than a call costs
    for (int64_t i = 0; i < n; ++i) out[i] = x[i];
    return;
  }
  __builtin_memcpy(out, x, static_cast<size_t>(n) * sizeof(T));
}

template <class T>
void zeroElements(T* out, int64_t n) {
  __builtin_memset(out, 0, static_cast<size_t>(n) * sizeof(T));
}

}  // namespace

void indexSelect(Context& context, AnyOut out, AnyIn x, const int32_t* index, int64_t outer,
                 int64_t axis, int64_t inner, int64_t count) {
  withCarrier(out.dtype, [&]<class T>(T) {
    parallelFor(context, outer * count, grainOf(inner), [&](int64_t begin, int64_t end) {
      int64_t o = begin / count, j = begin % count;
      for (int64_t row = begin; row < end; ++row) {
        const int32_t at = index[j];
        T* to = as<T>(out) + row * inner;
        if (inRange(at, axis)) {
          copyElements(to, as<T>(x) + (o * axis + at) * inner, inner);
        } else {
          context.report("indexSelect", at, axis);
          zeroElements(to, inner);
        }
        if (++j == count) {
          j = 0;
          ++o;
        }
      }
    });
  });
}

void indexAdd(Context& context, float* out, const float* x, const int32_t* index, int64_t outer,
              int64_t axis, int64_t inner, int64_t count) {
  const int64_t additions = outer * count * inner;
  forOwners(context, outer, axis, inner, additions, [&](Range outers, Range rows, Range columns) {
    for (int64_t o = outers.begin; o < outers.end; ++o) {
      for (int64_t j = 0; j < count; ++j) {
        const int32_t at = index[j];
        if (!inRange(at, axis)) {
          context.report("indexAdd", at, axis);
        } else if (rows.has(at)) {
          addElements(out + (o * axis + at) * inner + columns.begin,
                      x + (o * count + j) * inner + columns.begin, columns.end - columns.begin);
        }
      }
    }
  });
}

void gather(Context& context, AnyOut out, AnyIn x, const int32_t* index, int64_t outer,
            int64_t axis, int64_t inner, int64_t count) {
  withCarrier(out.dtype, [&]<class T>(T) {
    parallelFor(context, outer * count, grainOf(4 * inner), [&](int64_t begin, int64_t end) {
      const T* plane = as<T>(x) + begin / count * axis * inner;
      int64_t left = count - begin % count;  // rows of this plane
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t i = 0; i < inner; ++i) {
          const int32_t at = index[row * inner + i];
          if (!inRange(at, axis)) context.report("gather", at, axis);
          as<T>(out)[row * inner + i] = inRange(at, axis) ? plane[at * inner + i] : T{};
        }
        if (--left == 0) {
          left = count;
          plane += axis * inner;
        }
      }
    });
  });
}

void scatterAdd(Context& context, float* out, const float* x, const int32_t* index, int64_t outer,
                int64_t axis, int64_t inner, int64_t count) {
  const int64_t additions = outer * count * inner;
  forOwners(context, outer, axis, inner, additions, [&](Range outers, Range rows, Range columns) {
    for (int64_t o = outers.begin; o < outers.end; ++o) {
      for (int64_t j = 0; j < count; ++j) {
        for (int64_t i = columns.begin; i < columns.end; ++i) {
          const int64_t from = (o * count + j) * inner + i;
          const int32_t at = index[from];
          if (!inRange(at, axis)) {
            context.report("scatterAdd", at, axis);
          } else if (rows.has(at)) {
            out[(o * axis + at) * inner + i] += x[from];
          }
        }
      }
    }
  });
}

void oneHot(Context& context, AnyOut out, const int32_t* index, int64_t n, int64_t classes) {
  withType(out.dtype, [&]<class T>(T) {
    parallelFor(context, n, grainOf(classes), [&](int64_t begin, int64_t end) {
      zeroElements(as<T>(out) + begin * classes, (end - begin) * classes);
      for (int64_t i = begin; i < end; ++i) {
        if (inRange(index[i], classes)) {
          as<T>(out)[i * classes + index[i]] = T{1};
        } else {
          context.report("oneHot", index[i], classes);
        }
      }
    });
  });
}

}  // namespace axonode::AXONODE_ISA
