// Work on all tensors of a list at once, such as the parameters of a model.
#pragma once

#include "native/base/parallel.h"
#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {

static inline int64_t totalSize(Ints sizes) {
  int64_t total = 0;
  for (int64_t i = 0; i < sizes.size; ++i) total += sizes[i];
  return total;
}

// step(tensor, begin, end, part) for every tensor, on a team of threads. They share the elements of
// all tensors, laid end to end, so many small tensors cost no more than one large one.
template <class Step>
static inline void forElementsOfParts(int team, Ints sizes, const Step& step) {
  parallelParts(team, totalSize(sizes), [&](int64_t begin, int64_t end, int part) {
    int64_t start = 0;
    for (int64_t i = 0; i < sizes.size && start < end; ++i) {
      const int64_t from = larger(begin - start, int64_t{0});
      const int64_t to = smaller(end - start, static_cast<int64_t>(sizes[i]));
      if (from < to) step(i, from, to, part);
      start += sizes[i];
    }
  });
}

// As forElementsOfParts, with as many threads as the work is worth.
template <class Step>
static inline void forElements(Context& context, Ints sizes, const Step& step) {
  const int team = teamSize(context, totalSize(sizes), kGrain / 4);
  forElementsOfParts(team, sizes, [&](int64_t tensor, int64_t begin, int64_t end, int) {
    step(tensor, begin, end);
  });
}

}  // namespace axonode::AXONODE_ISA
