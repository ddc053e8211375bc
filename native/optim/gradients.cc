// Norms and limits of the gradients of all parameters: one pass over all of them.
#include "native/base/tensor_list.h"
#include "native/kernels.h"
#include "native/reduce/norm_sums.h"

namespace axonode::AXONODE_ISA {
namespace {

// sum(x, n) of every tensor; join(a, b) adds up the sums of its parts.
template <class Sum, class Join, class Root>
void norms(Context& context, float* total, float* each, InList grads, Ints sizes, const Sum& sum,
           const Join& join, const Root& root) {
  const int team = teamSize(context, totalSize(sizes), kGrain / 2);
  const int64_t count = sizes.size;
  auto* sums = static_cast<double*>(context.scratch.reserve((team * count + 1) * 8));
  for (int64_t i = 0; i < team * count; ++i) sums[i] = 0;
  forElementsOfParts(team, sizes, [&](int64_t tensor, int64_t begin, int64_t end, int part) {
    sums[part * count + tensor] = sum(grads.data[tensor] + begin, end - begin);
  });
  double all = 0;
  for (int64_t tensor = 0; tensor < count; ++tensor) {
    double own = 0;
    for (int part = 0; part < team; ++part) own = join(own, sums[part * count + tensor]);
    each[tensor] = static_cast<float>(root(own));
    all = join(all, own);
  }
  *total = static_cast<float>(root(all));
}

}  // namespace

void gradNorms(Context& context, float* total, float* each, InList grads, Ints sizes,
               double normType) {
  withNorm(normType, [&](const auto& sum, const auto& join, const auto& root) {
    norms(context, total, each, grads, sizes, sum, join, root);
  });
}

void clipGradNorm(Context& context, OutList grads, const float* total, Ints sizes, double maxNorm) {
  const float factor = static_cast<float>(maxNorm) / (*total + 1e-6f);
  if (factor >= 1) return;
  forElements(context, sizes, [&](int64_t tensor, int64_t begin, int64_t end) {
    float* g = grads.data[tensor];
    for (int64_t i = begin; i < end; ++i) g[i] *= factor;
  });
}

void clipGradValue(Context& context, OutList grads, Ints sizes, double clipValue) {
  const auto limit = static_cast<float>(clipValue);
  forElements(context, sizes, [&](int64_t tensor, int64_t begin, int64_t end) {
    float* g = grads.data[tensor];
    for (int64_t i = begin; i < end; ++i) {
      const float below = g[i] > limit ? limit : g[i];
      g[i] = below < -limit ? -limit : below;
    }
  });
}

}  // namespace axonode::AXONODE_ISA
