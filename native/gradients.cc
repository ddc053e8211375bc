// Norms and limits of the gradients of all parameters: one pass over all of them.
#include "native/kernels.h"
#include "native/tensor_list.h"

namespace axonode::AXONODE_ISA {
namespace {

// Half as many floats as a vector holds, and the same numbers as doubles: squares of floats neither
// overflow nor vanish there.
typedef float HalfF __attribute__((vector_size(kVectorBytes / 2)));
typedef HalfF HalfUnaligned __attribute__((aligned(alignof(float))));
typedef double VecD __attribute__((vector_size(kVectorBytes)));
typedef int64_t VecL __attribute__((vector_size(kVectorBytes)));
constexpr int kHalf = kLanes / 2;

AXONODE_INLINE VecD loadDoubles(const float* x) {
  return __builtin_convertvector(*reinterpret_cast<const HalfUnaligned*>(x), VecD);
}

// What a norm adds up. Zero counts for nothing in all of them.
struct Squares {
  static VecD combine(VecD sum, VecD x) { return sum + x * x; }
  static VecD join(VecD a, VecD b) { return a + b; }
};
struct Magnitudes {
  static VecD magnitude(VecD x) { return x < 0.0 ? -x : x; }
  static VecD combine(VecD sum, VecD x) { return sum + magnitude(x); }
  static VecD join(VecD a, VecD b) { return a + b; }
};
struct Largest {
  static VecD combine(VecD a, VecD x) { return join(a, Magnitudes::magnitude(x)); }
  // A NaN wins.
  static VecD join(VecD a, VecD b) { return ((a > b) | (a != a)) ? a : b; }
};

template <class Norm>
double sumRange(const float* x, int64_t n) {
  VecD sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kHalf <= n; i += 4 * kHalf) {
    for (int k = 0; k < 4; ++k) sums[k] = Norm::combine(sums[k], loadDoubles(x + i + k * kHalf));
  }
  for (; i < n; i += kHalf) {
    VecD rest = {};
    for (int k = 0; k < kHalf && i + k < n; ++k) rest[k] = static_cast<double>(x[i + k]);
    sums[0] = Norm::combine(sums[0], rest);
  }
  VecD sum = Norm::join(Norm::join(sums[0], sums[1]), Norm::join(sums[2], sums[3]));
  for (int k = 1; k < kHalf; ++k) {
    VecD lane = {};
    lane[0] = sum[k];
    sum = Norm::join(sum, lane);
  }
  return sum[0];
}

double powerRange(const float* x, int64_t n, double power) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += __builtin_pow(__builtin_fabs(x[i]), power);
  return sum;
}

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
  const auto add = [](double a, double b) { return a + b; };
  const auto larger = [](double a, double b) { return a > b || a != a ? a : b; };
  const auto same = [](double x) { return x; };
  if (normType == 2) {
    return norms(context, total, each, grads, sizes, sumRange<Squares>, add,
                 [](double x) { return __builtin_sqrt(x); });
  }
  if (normType == 1) {
    return norms(context, total, each, grads, sizes, sumRange<Magnitudes>, add, same);
  }
  if (normType == __builtin_inf()) {
    return norms(context, total, each, grads, sizes, sumRange<Largest>, larger, same);
  }
  norms(
      context, total, each, grads, sizes,
      [=](const float* x, int64_t n) { return powerRange(x, n, normType); }, add,
      [=](double x) { return __builtin_pow(x, 1 / normType); });
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
