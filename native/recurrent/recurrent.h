// What the recurrent kernels share: the steps of packed sequences, the units of each thread, and
// products of the state with weights that are packed once for a whole sequence.
//
// Threads share the work in one of two ways. With small weights and sequences enough, each thread
// has sequences of its own, which it goes through alone. Else each owns some of the hidden units,
// whose weights stay in its cache: at each step it computes them for all sequences, and one barrier
// a step lets the others read them.
#pragma once

#include <omp.h>
#include <sched.h>

#include "native/base/parallel.h"
#include "native/base/simd.h"
#include "native/gemm/microkernel.h"
#include "native/gemm/panels.h"

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

// A range of sequences, or of the rows of a step, which are its first sequences.
struct Rows {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

// Neighbouring units: those of one thread, or of one panel.
struct Units {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

// How a kernel's work is shared.
struct Team {
  int threads;
  int64_t batch;
  bool bySequence;
};

// One thread of a team.
struct Member {
  Team team;
  Progress* progress;
  int64_t thread, threads;

  // Its rows of a step.
  Rows rows(int64_t stepRows) const {
    if (!team.bySequence) return {0, stepRows};
    return {smaller(stepRows, team.batch * thread / threads),
            smaller(stepRows, team.batch * (thread + 1) / threads)};
  }
  Rows rows(Step step) const { return rows(step.rows); }

  // Its share of n units, in whole vectors.
  Units share(int64_t n) const {
    const int64_t vectors = ceilDivide(n, kLanes);
    return {smaller(n, vectors * thread / threads * kLanes),
            smaller(n, vectors * (thread + 1) / threads * kLanes)};
  }
  // Those of n units that it computes.
  Units units(int64_t n) const { return team.bySequence ? Units{0, n} : share(n); }

  // All threads of the team have come this far.
  void await() const {
    if (threads > 1) progress->await(thread, threads);
  }
  // What this thread reads of the others' units in the present step is there.
  void awaitUnits() const {
    if (!team.bySequence) await();
  }
};

// body(member, memory) on every thread of a team, with memory of so many floats for all of them.
template <class Body>
static inline void onTeam(Context& context, Team team, int64_t floats, const Body& body) {
  const int64_t progressFloats = Progress::floats(team.threads);
  float* memory = static_cast<float*>(context.scratch.reserve((progressFloats + floats) * 4));
  Progress progress(memory, team.threads);
  memory += progressFloats;
  if (team.threads <= 1) {
    body(Member{team, &progress, 0, 1}, memory);
    return;
  }
#pragma omp parallel num_threads(team.threads)
  body(Member{team, &progress, omp_get_thread_num(), omp_get_num_threads()}, memory);
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

// With this many rows at most, registers hold two panels' sums at once.
constexpr int64_t kPairRows = kTileRows / 2;

// As multiplyRows for two whole panels, their distance apart given, and that of their results.
void multiplyPair(float* out, int64_t outStride, int64_t nextOut, const float* a, int64_t aStride,
                  int64_t rows, int64_t depth, const float* panel, int64_t nextPanel,
                  const float* bias, bool accumulate);

// A weight matrix as one thread's panels: for each block of its units one panel a gate. (A thread
// with all units packs them for itself: panels would come slower from another one's cache.)
class Panels {
 public:
  // Floats that the panels of a whole team need, however many threads it is given.
  static int64_t floats(int64_t units, int64_t gates, int64_t depth, Team team) {
    const int64_t blocks =
        team.bySequence ? team.threads * blocksOf(units, 1) : blocksOf(units, 1) + team.threads;
    return blocks * gates * (depth + 1) * kPanelWidth;
  }

  // weight: [gates·units, depth] if `turned`, else [depth, units] of one gate. bias: [gates·units],
  // or null.
  Panels(float* memory, const float* weight, const float* bias, int64_t units, int64_t gates,
         int64_t depth, bool turned, const Member& member);

  Units mine() const { return mine_; }
  // body(block, units) for the blocks of the thread's units.
  template <class Body>
  void forBlocks(const Body& body) const {
    for (int64_t u = mine_.begin, i = 0; u < mine_.end; u += kPanelWidth, i++) {
      body(i, Units{u, smaller(mine_.end, u + kPanelWidth)});
    }
  }
  const float* panel(int64_t block, int64_t gate) const {
    return memory_ + (block * gates_ + gate) * panelFloats() + kPanelWidth;
  }
  // In front of its panel.
  const float* bias(int64_t block, int64_t gate) const { return panel(block, gate) - kPanelWidth; }
  int64_t gates() const { return gates_; }
  int64_t depth() const { return depth_; }

 private:
  // At most, where some threads share the units.
  static int64_t blocksOf(int64_t units, int64_t threads) {
    return ceilDivide(ceilDivide(ceilDivide(units, kLanes), threads), kPanelVectors);
  }
  // With the bias in front.
  int64_t panelFloats() const { return (depth_ + 1) * kPanelWidth; }

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
    const bool paired = rows <= kPairRows && width == kPanelWidth;
    for (int gate = 0, count = 1; gate < kGates; gate += count) {
      count = paired && gate + 1 < kGates ? 2 : 1;
      for (int i = 0; i < count; i++) ahead(gate + i);
      const auto multiply = [&](int64_t first, int64_t height, const float* a, int64_t depth) {
        float* out = values[gate][first];
        const float* panel = panels.panel(block, gate);
        const float* bias = panels.bias(block, gate);
        if (count == 2) {
          multiplyPair(out, kPanelWidth, kStateRows * kPanelWidth, a, state.columns, height, depth,
                       panel, panels.panel(block, gate + 1) - panel, bias, false);
        } else {
          multiplyRows(out, kPanelWidth, a, state.columns, height, depth, panel, width, bias,
                       false);
        }
      };
      if (carried > 0) multiply(0, carried, state.row(before, row), state.columns);
      if (carried == rows) continue;
      // Without a start the state is zero.
      const int64_t depth = state.start == nullptr ? 0 : state.columns;
      multiply(carried, rows - carried, state.start + (row + carried) * depth, depth);
    }
  }
  VecF of(int gate, int64_t row, int64_t j) const { return load(values[gate][row] + j); }
};

// One step of the thread's units and rows: gates(units, sums, row, b) for each sequence b, whose
// sums are `row` of the sums. input: [rows, kGates·hidden], what the gates will read.
template <int kGates, class Gates>
static inline void forwardStep(const Panels& panels, State state, const Member& member, Step now,
                               Step before, const float* input, int64_t hidden,
                               GateSums<kGates>& sums, const Gates& gates) {
  const int64_t stride = kGates * hidden;
  const Rows mine = member.rows(now);
  panels.forBlocks([&](int64_t block, Units units) {
    for (int64_t b = mine.begin; b < mine.end; b += kStateRows) {
      const int64_t rows = smaller(kStateRows, mine.end - b);
      const float* first = input + (now.first + b) * stride;
      sums.compute(panels, block, units.count(), state, before, b, rows,
                   [&](int gate) { prefetchRows<0>(first + gate * hidden, stride, rows, units); });
      for (int64_t row = 0; row < rows; row++) gates(units, sums, row, b + row);
    }
  });
}

// Copies the thread's part of the states of the sequences that end with this step.
static inline void keepFinal(float* final, const float* values, int64_t columns,
                             const Member& member, Step now, Step after) {
  const Rows mine = member.rows(now);
  const Units units = member.units(columns);
  for (int64_t b = larger(after.rows, mine.begin); b < mine.end; b++) {
    for (int64_t j = units.begin; j < units.end; j++) {
      final[b * columns + j] = values[(now.first + b) * columns + j];
    }
  }
}

// The start of a carried gradient: that of the final state, or zero.
static inline void startCarry(float* carry, const float* final, int64_t columns,
                              const Member& member) {
  const Rows mine = member.rows(member.team.batch);
  const Units units = member.units(columns);
  for (int64_t b = mine.begin; b < mine.end; b++) {
    for (int64_t j = units.begin; j < units.end; j++) {
      carry[b * columns + j] = final == nullptr ? 0 : final[b * columns + j];
    }
  }
}

// carry (+)= gradients of the gates · weight, for the thread's columns and rows of a step.
// ahead(units, rows) goes before the products of some units, of as large a part of `after`.
template <class Ahead>
static inline void carryBack(const Panels& panels, float* carry, int64_t columns,
                             const float* dgates, const Member& member, Step now, Step after,
                             bool accumulate, const Ahead& ahead) {
  const int64_t depth = panels.depth();
  const Rows mine = member.rows(now), next = member.rows(after);
  const int64_t parts = ceilDivide(mine.count(), tileRows(depth));
  const auto part = [&](Rows rows, int64_t i) {
    return Rows{rows.begin + rows.count() * i / parts, rows.begin + rows.count() * (i + 1) / parts};
  };
  const auto isPaired = [&](int64_t block) {
    // Blocks of an even number and their next.
    const int64_t end = panels.mine().begin + ((block | 1) + 1) * kPanelWidth;
    return mine.count() <= kPairRows && end <= panels.mine().end;
  };
  panels.forBlocks([&](int64_t block, Units units) {
    for (int64_t i = 0; i < parts; i++) {
      ahead(units, part(next, i));
      const Rows rows = part(mine, i);
      float* out = carry + rows.begin * columns + units.begin;
      const float* a = dgates + (now.first + rows.begin) * depth;
      const float* panel = panels.panel(block, 0);
      if (!isPaired(block)) {
        multiplyRows(out, columns, a, depth, rows.count(), depth, panel, units.count(), nullptr,
                     accumulate);
      } else if (block % 2 == 0) {
        multiplyPair(out, columns, kPanelWidth, a, depth, rows.count(), depth, panel,
                     panels.panel(block + 1, 0) - panel, nullptr, accumulate);
      }
    }
  });
}

// Weights up to which a thread keeps all of them in its second-level cache (of a megabyte at
// least).
constexpr int64_t kOwnWeights = 256 * 1024;

// Of a layer with weights [units, depth].
static inline Team stepTeam(const Context& context, Ints sizes, int64_t batch, int64_t units,
                            int64_t depth) {
  const int threads = teamSize(context, batch * units * depth, kStepWork);
  const bool even = sizes.size > 0 && sizes[sizes.size - 1] == batch;
  return {threads, batch, even && batch >= 2 * threads && units * depth <= kOwnWeights};
}

}  // namespace axonode::AXONODE_ISA
