// Matrix product: tiny ones in a plain loop, batches of small ones one per thread, large ones by
// BLAS with all threads.
#if defined(AXONODE_ACCELERATE)
#include <Accelerate/Accelerate.h>
#else
#include <cblas.h>
#endif

#include "native/base/parallel.h"
#include "native/base/tile_transpose.h"
#include "native/gemm/gemm_blocked.h"
#include "native/gemm/microkernel.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

// Multiplications up to which BLAS's own overhead outweighs its speed.
constexpr int64_t kTinyWork = 4096;
// Multiplications below which a team costs more than it gains.
constexpr int64_t kSerialWork = 500'000;
// Multiplications of one product above which BLAS's threads serve it better than a loop over
// batches.
constexpr int64_t kThreadedWork = 1 << 20;

void startRow(float* c, const Product& p) {
  if (p.bias && p.accumulate) {
    for (int64_t j = 0; j < p.n; j++) c[j] += p.bias[j];
  } else if (p.bias) {
    copyFloats(c, p.bias, p.n);
  } else if (!p.accumulate) {
    zeroFloats(c, p.n);
  }
}

// Columns in groups of up to four, each a dot product in a register.
template <int Columns>
void tinyColumns(float* c, const float* a, const float* b, const Product& p, int64_t first) {
  const int64_t aRow = p.transA ? 1 : p.k, aStep = p.transA ? p.m : 1;
  const int64_t bColumn = p.transB ? p.k : 1, bStep = p.transB ? 1 : p.n;
  for (int64_t i = 0; i < p.m; i++) {
    float sum[Columns] = {};
    const float* left = a + i * aRow;
    const float* right = b + first * bColumn;
    for (int64_t q = 0; q < p.k; q++, left += aStep, right += bStep) {
      for (int j = 0; j < Columns; j++) sum[j] += *left * right[j * bColumn];
    }
    for (int j = 0; j < Columns; j++) {
      float& target = c[i * p.n + first + j];
      const float start = (p.bias ? p.bias[first + j] : 0) + (p.accumulate ? target : 0);
      target = start + sum[j];
    }
  }
}

void tinyProduct(float* c, const float* a, const float* b, const Product& p) {
  // Whole vectors of columns; a transposed b is turned first (it has no more than kTinyWork
  // elements).
  float turned[kTinyWork];
  const float* right = b;
  if (p.transB && p.n >= kLanes) {
    for (int64_t q = 0; q < p.k; q++) {
      for (int64_t col = 0; col < p.n; col++) turned[q * p.n + col] = b[col * p.k + q];
    }
    right = turned;
  }
  const int64_t aRow = p.transA ? 1 : p.k, aStep = p.transA ? p.m : 1;
  int64_t j = 0;
  for (; j + kLanes <= p.n; j += kLanes) {
    for (int64_t i = 0; i < p.m; i++) {
      float* target = c + i * p.n + j;
      VecF sum = p.bias ? load(p.bias + j) : VecF{};
      if (p.accumulate) sum += load(target);
      const float* left = a + i * aRow;
      for (int64_t q = 0; q < p.k; q++) {
        sum += splat(left[q * aStep]) * load(right + q * p.n + j);
      }
      store(target, sum);
    }
  }
  for (; j + 4 <= p.n; j += 4) tinyColumns<4>(c, a, b, p, j);
  if (p.n - j >= 2) tinyColumns<2>(c, a, b, p, j), j += 2;
  if (p.n - j == 1) tinyColumns<1>(c, a, b, p, j);
}

void blasProduct(float* c, const float* a, const float* b, const Product& p) {
  if (p.bias) {
    for (int64_t i = 0; i < p.m; i++) startRow(c + i * p.n, p);
  }
  const float beta = p.bias || p.accumulate ? 1.0f : 0.0f;
  const auto product = [&] {
    cblas_sgemm(CblasRowMajor, p.transA ? CblasTrans : CblasNoTrans,
                p.transB ? CblasTrans : CblasNoTrans, static_cast<int>(p.m), static_cast<int>(p.n),
                static_cast<int>(p.k), 1.0f, a, static_cast<int>(p.transA ? p.m : p.k), b,
                static_cast<int>(p.transB ? p.k : p.n), beta, c, static_cast<int>(p.n));
  };
  if (omp_in_parallel()) {
    product();
    return;
  }
  // OpenBLAS keeps one count of threads for the whole process and takes it from its caller. Streams
  // of several worker_threads with different counts must not change it under each other: sums came
  // out wrong. (It runs threaded products one at a time anyway.)
#pragma omp critical(axonode_blas)
  product();
}

// Multiplications up to which our product is the faster one on any processor.
constexpr int64_t kSmallWork = 1'000'000;

// With AVX-512 our kernel outdoes BLAS everywhere; elsewhere BLAS is tuned better.
bool ownProduct(const Product& p) { return kLanes == 16 || p.m * p.n * p.k < kSmallWork; }

}  // namespace

void gemm(Context& ctx, float* c, const float* a, const float* b, const float* bias, int64_t m,
          int64_t n, int64_t k, int64_t transA, int64_t transB, int64_t accumulate, int64_t batch,
          int64_t strideC, int64_t strideA, int64_t strideB) {
  if (m == 0 || n == 0 || batch == 0) return;
  if (batch > 1 && !transA && strideB == 0 && strideA == m * k && strideC == m * n) {
    // One matrix on the right of all: their rows make one tall product.
    m *= batch;
    batch = 1;
  }
  const Product p{m, n, k, transA != 0, transB != 0, accumulate != 0, bias};
  const int64_t work = m * n * k, work1 = larger<int64_t>(work, 1);
  const auto one = [&](int64_t i) {
    float* target = c + i * strideC;
    if (k == 0) {
      for (int64_t row = 0; row < m; row++) startRow(target + row * n, p);
    } else if (work <= kTinyWork) {
      tinyProduct(target, a + i * strideA, b + i * strideB, p);
    } else {
      blasProduct(target, a + i * strideA, b + i * strideB, p);
    }
  };
  if (k == 0 || work <= kTinyWork || (!ownProduct(p) && ctx.blas.suffices(ctx.threads))) {
    // Products that share one result (strideC = 0) must follow each other.
    if (batch > 1 && work < kThreadedWork && strideC != 0) {
      // BLAS inside a parallel region runs on its own thread.
      parallelFor(ctx, batch, kSerialWork / work1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) one(i);
      });
    } else {
      for (int64_t i = 0; i < batch; i++) one(i);
    }
    return;
  }

  const int team = teamSize(ctx, batch * work, kSerialWork);
  const BlockedPlan plan = planBlocked(p);
  if (batch >= team && work < kThreadedWork && strideC != 0) {
    // One product per thread at a time.
    const int64_t floats = roundUp(plan.scratchFloats(1), 16);
    float* scratch = static_cast<float*>(ctx.scratch.reserve(team * floats * 4));
    parallelParts(team, batch, [&](int64_t begin, int64_t end, int part) {
      for (int64_t i = begin; i < end; i++) {
        runBlocked(p, plan, c + i * strideC, a + i * strideA, b + i * strideB,
                   scratch + part * floats, 0, 1);
      }
    });
    return;
  }
  float* scratch = static_cast<float*>(ctx.scratch.reserve(plan.scratchFloats(team) * 4));
#pragma omp parallel num_threads(team)
  for (int64_t i = 0; i < batch; i++) {
    runBlocked(p, plan, c + i * strideC, a + i * strideA, b + i * strideB, scratch,
               omp_get_thread_num(), omp_get_num_threads());
#pragma omp barrier
  }
}

}  // namespace axonode::AXONODE_ISA
