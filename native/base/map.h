// Elementwise loops: a function of vectors, applied along arrays.
#pragma once

#include "native/base/parallel.h"
#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {

// out[i] = f(x[i], ...) for i < n. out may be any of the inputs.
template <class T, class Function, class... In>
static __attribute__((noinline)) void mapRange(Function f, int64_t n, T* out, const In*... x) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, f(load(x + i)...));
  if (i < n) storePartial(out + i, f(loadPartial(x + i, n - i)...), n - i);
}

// The same on all threads; one element costs as much as `cost` additions.
template <class T, class Function, class... In>
static inline void map(const Context& context, Function f, int64_t cost, int64_t n, T* out,
                       const In*... x) {
  parallelFor(context, n, grainOf(cost), [=](int64_t begin, int64_t end) {
    mapRange(f, end - begin, out + begin, (x + begin)...);
  });
}

}  // namespace axonode::AXONODE_ISA
