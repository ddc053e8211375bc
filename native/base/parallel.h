// Loops on the OpenMP team that OpenBLAS uses too.
#pragma once

#include <omp.h>

#include "native/base/types.h"

namespace axonode::AXONODE_ISA {

// The positions from begin to before end.
struct Range {
  int64_t begin, end;
  bool has(int64_t i) const { return i >= begin && i < end; }
};

// Elements of cheap work (a load, an add, a store) below which a parallel region costs more than it
// gains.
constexpr int64_t kGrain = 98304;

// The team is either one thread or all of them: libgomp ends and starts threads whenever a team's
// size changes, which would cost far more than idle threads do.
static inline int teamSize(const Context& context, int64_t n, int64_t grain) {
  return n > grain ? context.threads : 1;
}

// Where part `part` of `parts` equal parts of n begins. On multiples of 16 when n is large, so that
// threads do not share cache lines. A fixed partition: results depend on the number of threads,
// never on timing.
static inline int64_t partBegin(int64_t n, int64_t parts, int64_t part) {
  if (part >= parts) return n;
  const int64_t begin = n / parts * part + n % parts * part / parts;
  return n >= 1024 * parts ? begin & ~int64_t{15} : begin;
}

// body(begin, end, part) on every thread of a team of `team`, covering [0, n). Empty parts are
// called too, so that per-part results are always written.
template <class Body>
static inline void parallelParts(int team, int64_t n, const Body& body) {
  if (team <= 1) {
    body(int64_t{0}, n, 0);
    return;
  }
#pragma omp parallel num_threads(team)
  {
    // Inside another region, or when threads are short, the runtime gives fewer than asked for.
    const int given = omp_get_num_threads();
    for (int part = omp_get_thread_num(); part < team; part += given) {
      body(partBegin(n, team, part), partBegin(n, team, part + 1), part);
    }
  }
}

// body(begin, end) for parts of [0, n): serially up to `grain`, else on all threads.
template <class Body>
static inline void parallelFor(const Context& context, int64_t n, int64_t grain, const Body& body) {
  if (n <= 0) return;
  parallelParts(teamSize(context, n, grain), n, [&](int64_t begin, int64_t end, int) {
    if (begin < end) body(begin, end);
  });
}

// A grain in rows, when a row costs `cost` elements of cheap work.
static inline int64_t grainOf(int64_t cost) { return kGrain / (cost > 0 ? cost : 1); }

}  // namespace axonode::AXONODE_ISA
