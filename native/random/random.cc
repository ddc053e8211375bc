// Random numbers from Philox-4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1,
// 2, 3"), bit for bit those of the TypeScript backend.
#include <math.h>

#include "native/base/parallel.h"
#include "native/base/simd.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int64_t kBlockWords = 4;    // words of one Philox block
constexpr int64_t kBatchBlocks = 64;  // blocks made side by side
constexpr int64_t kBatchWords = kBatchBlocks * kBlockWords;

constexpr int64_t kUniformCost = 8;  // of an element, in additions
constexpr int64_t kNormalCost = 128;

constexpr double kTwoToMinus24 = 1.0 / 16777216.0;
constexpr double kTwoPi = 6.283185307179586;

struct Key {
  uint32_t low, high;
  Key(int64_t seedLow, int64_t seedHigh)
      : low(static_cast<uint32_t>(seedLow)), high(static_cast<uint32_t>(seedHigh)) {}
};

// The words of the blocks `counter` to `counter + kBatchBlocks`, in order.
void philox(uint32_t* __restrict words, Key key, uint64_t counter) {
  uint32_t c0[kBatchBlocks], c1[kBatchBlocks], c2[kBatchBlocks] = {}, c3[kBatchBlocks] = {};
  for (int b = 0; b < kBatchBlocks; ++b) {
    c0[b] = static_cast<uint32_t>(counter + static_cast<uint64_t>(b));
    c1[b] = static_cast<uint32_t>((counter + static_cast<uint64_t>(b)) >> 32);
  }
  for (int round = 0; round < 10; ++round) {
    for (int b = 0; b < kBatchBlocks; ++b) {
      const uint64_t first = uint64_t{0xd2511f53} * c0[b];
      const uint64_t second = uint64_t{0xcd9e8d57} * c2[b];
      c0[b] = static_cast<uint32_t>(second >> 32) ^ c1[b] ^ key.low;
      c1[b] = static_cast<uint32_t>(second);
      c2[b] = static_cast<uint32_t>(first >> 32) ^ c3[b] ^ key.high;
      c3[b] = static_cast<uint32_t>(first);
    }
    key.low += 0x9e3779b9;
    key.high += 0xbb67ae85;
  }
  for (int b = 0; b < kBatchBlocks; ++b) {
    words[4 * b] = c0[b];
    words[4 * b + 1] = c1[b];
    words[4 * b + 2] = c2[b];
    words[4 * b + 3] = c3[b];
  }
}

// draw(first, count, words) for all of n elements in batches: word i belongs to element first + i.
template <class Draw>
void forWords(Context& context, int64_t n, Key key, int64_t counter, int64_t cost,
              const Draw& draw) {
  const int64_t batches = (n + kBatchWords - 1) / kBatchWords;
  parallelFor(context, batches, grainOf(cost * kBatchWords), [&](int64_t begin, int64_t end) {
    uint32_t words[kBatchWords];
    for (int64_t batch = begin; batch < end; ++batch) {
      philox(words, key, static_cast<uint64_t>(counter + batch * kBatchBlocks));
      draw(batch * kBatchWords, smaller(kBatchWords, n - batch * kBatchWords), words);
    }
  });
}

void scaleRange(double* __restrict out, const uint32_t* __restrict words, int64_t n, double range) {
  for (int64_t i = 0; i < n; ++i) {
    out[i] = range * (static_cast<double>(static_cast<int32_t>(words[i] >> 8)) * kTwoToMinus24);
  }
}

// The standard normal values of an even number of words, by Box-Muller, times std.
void normalRange(double* __restrict out, const uint32_t* __restrict words, int64_t n, double std) {
  for (int64_t i = 0; i < n; i += 2) {
    const double u = static_cast<double>((words[i] >> 8) + 1) * kTwoToMinus24;
    const double angle = kTwoPi * (static_cast<double>(words[i + 1] >> 8) * kTwoToMinus24);
    const double r = ::sqrt(-2.0 * ::log(u));
    out[i] = std * (r * ::cos(angle));
    out[i + 1] = std * (r * ::sin(angle));
  }
}

// out = offset + x, and belowLimit where rounding reaches the limit. Never inlined: a
// multiplication and this addition in one instruction would round once where JavaScript rounds
// twice.
__attribute__((noinline)) void shiftRange(float* __restrict out, const double* __restrict x,
                                          int64_t n, double offset, float limit, float belowLimit) {
  for (int64_t i = 0; i < n; ++i) {
    const float value = static_cast<float>(offset + x[i]);
    out[i] = value >= limit ? belowLimit : value;
  }
}

void integerRange(int32_t* __restrict out, const uint32_t* __restrict words, int64_t n,
                  uint32_t low, uint64_t range) {
  for (int64_t i = 0; i < n; ++i) {
    out[i] = static_cast<int32_t>(low + static_cast<uint32_t>(words[i] * range >> 32));
  }
}

void maskRange(uint8_t* __restrict mask, const uint32_t* __restrict words, int64_t n,
               int32_t threshold) {
  for (int64_t i = 0; i < n; ++i) mask[i] = static_cast<int32_t>(words[i] >> 8) >= threshold;
}

void maskScaleRange(float* __restrict out, const float* __restrict x,
                    const uint8_t* __restrict mask, int64_t n, float scale) {
  for (int64_t i = 0; i < n; ++i) {
    const float value = x[i] * scale;
    out[i] = mask[i] != 0 ? value : 0.0f;
  }
}

// The same with one mask element for each `inner` elements, from element `begin` on.
void maskScaleGroups(float* __restrict out, const float* __restrict x,
                     const uint8_t* __restrict mask, int64_t begin, int64_t end, int64_t inner,
                     float scale) {
  for (int64_t i = begin; i < end;) {
    const int64_t group = i / inner, groupEnd = smaller(end, (group + 1) * inner);
    if (mask[group] != 0) {
      for (; i < groupEnd; ++i) out[i] = x[i] * scale;
    } else {
      for (; i < groupEnd; ++i) out[i] = 0;
    }
  }
}

}  // namespace

void randomUniform(Context& context, float* out, int64_t n, int64_t seedLow, int64_t seedHigh,
                   int64_t counter, double low, double high) {
  const float limit = static_cast<float>(high);
  const float belowLimit = ::nextafterf(limit, -__builtin_inff());
  forWords(context, n, Key(seedLow, seedHigh), counter, kUniformCost,
           [=](int64_t first, int64_t count, const uint32_t* words) {
             double scaled[kBatchWords];
             scaleRange(scaled, words, count, high - low);
             shiftRange(out + first, scaled, count, low, limit, belowLimit);
           });
}

void randomNormal(Context& context, float* out, int64_t n, int64_t seedLow, int64_t seedHigh,
                  int64_t counter, double mean, double std) {
  constexpr float kNoLimit = __builtin_inff();
  forWords(context, n, Key(seedLow, seedHigh), counter, kNormalCost,
           [=](int64_t first, int64_t count, const uint32_t* words) {
             double scaled[kBatchWords];
             normalRange(scaled, words, (count + 1) / 2 * 2, std);
             shiftRange(out + first, scaled, count, mean, kNoLimit, kNoLimit);
           });
}

void randomInteger(Context& context, int32_t* out, int64_t n, int64_t seedLow, int64_t seedHigh,
                   int64_t counter, int64_t low, int64_t high) {
  forWords(context, n, Key(seedLow, seedHigh), counter, kUniformCost,
           [=](int64_t first, int64_t count, const uint32_t* words) {
             integerRange(out + first, words, count, static_cast<uint32_t>(low),
                          static_cast<uint64_t>(high - low));
           });
}

void dropout(Context& context, float* out, uint8_t* mask, const float* x, int64_t n, int64_t inner,
             int64_t seedLow, int64_t seedHigh, int64_t counter, double p) {
  // u ≥ p for u = k·2⁻²⁴ is k ≥ ⌈p·2²⁴⌉.
  const int32_t threshold = static_cast<int32_t>(::ceil(p * 16777216.0));
  const float scale = static_cast<float>(1.0 / (1.0 - p));
  forWords(context, n / inner, Key(seedLow, seedHigh), counter, kUniformCost,
           [=](int64_t first, int64_t count, const uint32_t* words) {
             maskRange(mask + first, words, count, threshold);
             if (inner == 1) maskScaleRange(out + first, x + first, mask + first, count, scale);
           });
  if (inner != 1) maskScale(context, out, x, mask, n, inner, static_cast<double>(scale));
}

void maskScale(Context& context, float* out, const float* x, const uint8_t* mask, int64_t n,
               int64_t inner, double scale) {
  const float factor = static_cast<float>(scale);
  parallelFor(context, n, kGrain, [&](int64_t begin, int64_t end) {
    if (inner == 1) {
      maskScaleRange(out + begin, x + begin, mask + begin, end - begin, factor);
    } else {
      maskScaleGroups(out, x, mask, begin, end, inner, factor);
    }
  });
}

}  // namespace axonode::AXONODE_ISA
