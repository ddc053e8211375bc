// What the recurrent kernels share: the steps of packed sequences, the units of each thread, and
// products of the state with weights that are packed once for a whole sequence.
//
// Every thread of a team owns some of the hidden units: it packs their weights, and at each step
// computes them for all sequences. One barrier a step lets the others read them.
#pragma once

#include <omp.h>
#include <sched.h>

#include "native/gemm_blocked.h"
#include "native/microkernel.h"
#include "native/parallel.h"
#include "native/simd.h"

namespace axonode::AXONODE_ISA {

// Multiplications of one step below which a barrier costs more than a team gains.
constexpr int64_t kStepWork = 100'000;
// Sequences that go through all gates of some units together.
constexpr int64_t kStateRows = 4 * kTileRows;

// The packed rows of one time step.
struct Step {
  int64_t first, rows;
};

// visit(now, before, after) for the steps in time, or backwards; no rows beyond both ends.
template <class Visit>
static inline void forSteps(Ints sizes, bool backwards, const Visit& visit) {
  const int64_t steps = sizes.size, direction = backwards ? -1 : 1;
  int64_t t = backwards ? steps - 1 : 0, first = 0;
  for (int64_t i = 0; i < t; i++) first += sizes[i];
  Step before{0, 0};
  for (int64_t i = 0; i < steps; i++, t += direction) {
    const Step now{first, sizes[t]};
    Step after{0, 0};
    if (i + 1 < steps) {
      after.rows = sizes[t + direction];
      after.first = backwards ? first - after.rows : first + now.rows;
    }
    visit(now, before, after);
    before = now;
    first = after.first;
  }
}

// Where the threads of a team are, one cache line each. A step is a few microseconds long, so they
// wait by looking: OpenMP's own barrier costs as much as a small step.
class Progress {
 public:
  static int64_t floats(int64_t team) { return team * kLineFloats; }

  // `memory` outlives it.
  Progress(float* memory, int team) : steps_(reinterpret_cast<int64_t*>(memory)) {
    for (int i = 0; i < team; i++) *of(i) = 0;
  }

  // Waits until every thread has called it as often as this one, and sees what they have written.
  void await(int64_t thread, int64_t threads) {
    const int64_t mine = *of(thread) + 1;
    __atomic_store_n(of(thread), mine, __ATOMIC_RELEASE);
    for (int64_t other = 0; other < threads; other++) {
      for (int looks = 0; __atomic_load_n(of(other), __ATOMIC_ACQUIRE) < mine; looks++) {
        // Perhaps it has no processor at the moment.
        if (looks > kLooks) sched_yield();
      }
    }
  }

 private:
  static constexpr int64_t kLineFloats = 16;
  static constexpr int kLooks = 20'000;
  int64_t* of(int64_t thread) const { return steps_ + thread * (kLineFloats / 2); }
  int64_t* steps_;
};

// One thread of a team that goes through the steps together.
struct Member {
  Progress* progress;
  int64_t thread, threads;
  // All threads of the team have come this far.
  void await() const {
    if (threads > 1) progress->await(thread, threads);
  }
};

// Scratch: Progress::floats(team), and then `floats` for the kernel.
static inline float* reserveFor(Context& context, int team, int64_t floats) {
  return static_cast<float*>(context.scratch.reserve((Progress::floats(team) + floats) * 4));
}

// body(member) on every thread of a team of at most `team`. memory: what reserveFor gave.
template <class Body>
static inline void onTeam(int team, float* memory, const Body& body) {
  Progress progress(memory, team);
  if (team <= 1) {
    body(Member{&progress, 0, 1});
    return;
  }
#pragma omp parallel num_threads(team)
  body(Member{&progress, omp_get_thread_num(), omp_get_num_threads()});
}

// Neighbouring units: those of one thread, or of one panel.
struct Units {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

// The units of one thread of a team, whole vectors of them.
static inline Units unitsOf(int64_t n, int64_t thread, int64_t threads) {
  const int64_t vectors = ceilDivide(n, kLanes);
  return {smaller(n, vectors * thread / threads * kLanes),
          smaller(n, vectors * (thread + 1) / threads * kLanes)};
}

AXONODE_INLINE VecF loadSome(const float* p, int64_t count) {
  return count >= kLanes ? load(p) : loadPartial(p, count);
}
AXONODE_INLINE void storeSome(float* p, VecF v, int64_t count) {
  if (count >= kLanes) {
    store(p, v);
  } else {
    storePartial(p, v, count);
  }
}

// body(j, count) for the vectors of `units`.
template <class Body>
AXONODE_INLINE void forVectors(Units units, const Body& body) {
  for (int64_t j = units.begin; j < units.end; j += kLanes) {
    body(j, smaller(units.end - j, int64_t{kLanes}));
  }
}

// Brings the units' elements of some rows near: those of the next gates come from far away, which
// costs nothing while a product runs.
template <int kWrite>
AXONODE_INLINE void prefetchRows(const float* data, int64_t stride, int64_t rows, Units units) {
  constexpr int kSecondLevel = 2;
  constexpr int64_t kLine = 16;
  for (int64_t b = 0; b < rows; b++) {
    for (int64_t j = units.begin; j < units.end; j += kLine) {
      __builtin_prefetch(data + b * stride + j, kWrite, kSecondLevel);
    }
  }
}

// A state of every sequence and step, packed: row b before a step is row b of the step before it
// or, where the sequence begins, of the start (null for zeros).
struct State {
  const float* values;
  const float* start;
  int64_t columns;

  const float* row(Step before, int64_t b) const {
    if (b < before.rows) return values + (before.first + b) * columns;
    return start == nullptr ? nullptr : start + b * columns;
  }
};

AXONODE_INLINE VecF loadOrZero(const float* row, int64_t j, int64_t count) {
  return row == nullptr ? VecF{} : loadSome(row + j, count);
}

// Rows of a left operand that go through a product together. Those that fall into the same cache
// sets: no more than the sets have ways.
static inline int64_t tileRows(int64_t stride) {
  const bool collide = stride * 4 % (2 * kAliasBytes) == 0;
  return collide ? smaller(int64_t{8}, kTileRows) : kTileRows;
}

// out = (out +) bias + a · panel, rows of a being far apart or not.
void multiplyRows(float* out, int64_t outStride, const float* a, int64_t aStride, int64_t rows,
                  int64_t depth, const float* panel, int64_t columns, const float* bias,
                  bool accumulate);

// A weight matrix as one thread's panels: for each block of its units one panel a gate.
class Panels {
 public:
  // Floats that the panels of a whole team need, however many threads it is given.
  static int64_t floats(int64_t units, int64_t gates, int64_t depth, int64_t team) {
    const int64_t blocks = ceilDivide(ceilDivide(units, kLanes), kPanelVectors) + team;
    return blocks * gates * (depth + 1) * kPanelWidth;
  }

  // weight: [gates·units, depth] if `turned`, else [depth, units] of one gate. bias: [gates·units],
  // or null.
  Panels(float* memory, const float* weight, const float* bias, int64_t units, int64_t gates,
         int64_t depth, bool turned, Member member);

  Units mine() const { return mine_; }
  // body(block, units) for the blocks of the thread's units.
  template <class Body>
  void forBlocks(const Body& body) const {
    for (int64_t u = mine_.begin, i = 0; u < mine_.end; u += kPanelWidth, i++) {
      body(i, Units{u, smaller(mine_.end, u + kPanelWidth)});
    }
  }
  const float* panel(int64_t block, int64_t gate) const {
    return memory_ + (block * gates_ + gate) * (depth_ + 1) * kPanelWidth + kPanelWidth;
  }
  // In front of its panel.
  const float* bias(int64_t block, int64_t gate) const { return panel(block, gate) - kPanelWidth; }
  int64_t gates() const { return gates_; }
  int64_t depth() const { return depth_; }

 private:
  float* memory_;
  int64_t gates_, depth_;
  Units mine_;
};

// Sums of one block of units and up to kStateRows sequences, for all gates.
template <int kGates>
struct GateSums {
  alignas(64) float values[kGates][kStateRows][kPanelWidth];

  // Of the sequences from `row` on: bias + state · weight. ahead(gate) goes before each product.
  template <class Ahead>
  void compute(const Panels& panels, int64_t block, int64_t columns, State state, Step before,
               int64_t row, int64_t rows, const Ahead& ahead) {
    const int64_t carried = larger(int64_t{0}, smaller(rows, before.rows - row));
    const int64_t width = roundUp(columns, kLanes);
    for (int gate = 0; gate < kGates; gate++) {
      ahead(gate);
      float* out = values[gate][0];
      const float* panel = panels.panel(block, gate);
      const float* bias = panels.bias(block, gate);
      if (carried > 0) {
        multiplyRows(out, kPanelWidth, state.row(before, row), state.columns, carried,
                     state.columns, panel, width, bias, false);
      }
      if (carried == rows) continue;
      // Without a start the state is zero.
      const int64_t depth = state.start == nullptr ? 0 : state.columns;
      multiplyRows(out + carried * kPanelWidth, kPanelWidth, state.start + (row + carried) * depth,
                   state.columns, rows - carried, depth, panel, width, bias, false);
    }
  }
  VecF of(int gate, int64_t row, int64_t j) const { return load(values[gate][row] + j); }
};

// One step of the thread's units: gates(units, sums, row, b) for each sequence b, whose sums are
// `row` of the sums. input: [rows, kGates·hidden], what the gates will read.
template <int kGates, class Gates>
static inline void forwardStep(const Panels& panels, State state, Step now, Step before,
                               const float* input, int64_t hidden, GateSums<kGates>& sums,
                               const Gates& gates) {
  const int64_t stride = kGates * hidden;
  panels.forBlocks([&](int64_t block, Units units) {
    for (int64_t b = 0; b < now.rows; b += kStateRows) {
      const int64_t rows = smaller(kStateRows, now.rows - b);
      const float* first = input + (now.first + b) * stride;
      sums.compute(panels, block, units.count(), state, before, b, rows,
                   [&](int gate) { prefetchRows<0>(first + gate * hidden, stride, rows, units); });
      for (int64_t row = 0; row < rows; row++) gates(units, sums, row, b + row);
    }
  });
}

// Copies the thread's columns of the states of the sequences that end with this step.
static inline void keepFinal(float* final, const float* values, int64_t columns, Units units,
                             Step now, Step after) {
  for (int64_t b = smaller(after.rows, now.rows); b < now.rows; b++) {
    for (int64_t j = units.begin; j < units.end; j++) {
      final[b * columns + j] = values[(now.first + b) * columns + j];
    }
  }
}

// The start of a carried gradient: that of the final state, or zero.
static inline void startCarry(float* carry, const float* final, int64_t batch, int64_t columns,
                              Units units) {
  for (int64_t b = 0; b < batch; b++) {
    for (int64_t j = units.begin; j < units.end; j++) {
      carry[b * columns + j] = final == nullptr ? 0 : final[b * columns + j];
    }
  }
}

// carry (+)= gradients of the gates · weight, for the thread's columns and the rows of a step.
// ahead(units, begin, end) goes before the products of some units of `after` rows each.
template <class Ahead>
static inline void carryBack(const Panels& panels, float* carry, int64_t columns,
                             const float* dgates, Step now, Step after, bool accumulate,
                             const Ahead& ahead) {
  const int64_t depth = panels.depth(), parts = ceilDivide(now.rows, tileRows(depth));
  panels.forBlocks([&](int64_t block, Units units) {
    for (int64_t i = 0; i < parts; i++) {
      ahead(units, after.rows * i / parts, after.rows * (i + 1) / parts);
      const int64_t begin = now.rows * i / parts, end = now.rows * (i + 1) / parts;
      multiplyRows(carry + begin * columns + units.begin, columns,
                   dgates + (now.first + begin) * depth, depth, end - begin, depth,
                   panels.panel(block, 0), units.count(), nullptr, accumulate);
    }
  });
}

static inline int stepTeam(const Context& context, int64_t batch, int64_t units, int64_t depth) {
  return teamSize(context, batch * units * depth, kStepWork);
}

}  // namespace axonode::AXONODE_ISA
