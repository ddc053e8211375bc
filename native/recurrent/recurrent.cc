// Plain recurrent layers and GRU: whole sequences of one layer and direction, and their gradients.
#include "native/recurrent/recurrent.h"

#include "native/kernels.h"
#include "native/recurrent/gate_math.h"

namespace axonode::AXONODE_ISA {
namespace {

struct PairTile {
  float* out;
  int64_t outStride, nextOut;
  const float* a;
  int64_t aStride, depth;
  const float* panel;
  int64_t nextPanel;
  const float* bias;  // next to each panel, or null
  bool accumulate;
};

template <int Rows>
void pairTile(const PairTile& t) {
  constexpr int kVectors = 2 * kPanelVectors;
  const auto offset = [](int j, int64_t next) {
    return j / kPanelVectors * next + j % kPanelVectors * kLanes;
  };
  VecF sum[Rows][kVectors];
#pragma GCC unroll 4
  for (int j = 0; j < kVectors; j++) {
    const VecF start = t.bias ? load(t.bias + offset(j, t.nextPanel)) : VecF{};
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) sum[r][j] = start;
  }
  const float *a = t.a, *panel = t.panel;
  const int64_t aStride = t.aStride, nextPanel = t.nextPanel;
  for (int64_t k = 0; k < t.depth; k++, panel += kPanelWidth) {
    VecF b[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; j++) b[j] = load(panel + offset(j, nextPanel));
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
      const VecF value = splat(a[r * aStride + k]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; j++) sum[r][j] += value * b[j];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; j++) {
      float* out = t.out + r * t.outStride + offset(j, t.nextOut);
      store(out, t.accumulate ? sum[r][j] + load(out) : sum[r][j]);
    }
  }
}

// The kernel for so many rows.
template <int Rows>
void pairRows(const PairTile& tile, int64_t rows) {
  if (rows == Rows) {
    pairTile<Rows>(tile);
  } else if constexpr (Rows > 1) {
    pairRows<Rows - 1>(tile, rows);
  }
}

}  // namespace

void multiplyPair(float* out, int64_t outStride, int64_t nextOut, const float* a, int64_t aStride,
                  int64_t rows, int64_t depth, const float* panel, int64_t nextPanel,
                  const float* bias, bool accumulate) {
  const PairTile tile{out,   outStride, nextOut,   a,    aStride,
                      depth, panel,     nextPanel, bias, accumulate};
  pairRows<kPairRows>(tile, rows);
}

void multiplyRows(float* out, int64_t outStride, const float* a, int64_t aStride, int64_t rows,
                  int64_t depth, const float* panel, int64_t columns, const float* bias,
                  bool accumulate) {
  const RowTiles tiles(rows, tileRows(aStride));
  int64_t offsets[kTileRows];
  for (int64_t r = 0; r < kTileRows; r++) offsets[r] = r * outStride;
  RowTile tile{};
  tile.rowStride = aStride;
  tile.segments = 1;
  tile.length = depth;
  tile.panel = panel;
  tile.rowOffset = offsets;
  tile.columns = columns;
  tile.bias = bias;
  tile.accumulate = accumulate;
  for (int64_t i = 0; i < tiles.count(); i++) {
    const int64_t begin = tiles.begin(i), end = tiles.begin(i + 1);
    tile.a = a + begin * aStride;
    tile.out = out + begin * outStride;
    rowKernel(end - begin, ceilDivide(columns, kLanes))(tile);
  }
}

Panels::Panels(float* memory, const float* weight, const float* bias, int64_t units, int64_t gates,
               int64_t depth, bool turned, const Member& member)
    : gates_(gates), depth_(depth), mine_(member.units(units)) {
  memory_ = memory + member.thread * gates * panelFloats() *
                         blocksOf(units, member.team.bySequence ? 1 : member.threads);
  const PanelSource source{weight, turned ? depth : gates * units, turned};
  forBlocks([&](int64_t block, Units columns) {
    for (int64_t gate = 0; gate < gates; gate++) {
      const int64_t column = gate * units + columns.begin;
      float* target = memory_ + (block * gates + gate) * panelFloats();
      for (int64_t j = 0; j < kPanelWidth; j++) {
        target[j] = bias != nullptr && j < columns.count() ? bias[column + j] : 0;
      }
      packPanel(source, 0, depth, column, columns.count(), target + kPanelWidth);
    }
  });
}

void rnn(Context& context, float* out, float* hn, const float* h0, const float* weight,
         const float* bias, const Sequences& sequences, int64_t relu) {
  const Ints sizes = sequences.sizes;
  const int64_t batch = sequences.batch, hidden = sequences.hidden;
  const Team team = stepTeam(context, sizes, batch, hidden, hidden);
  const int64_t floats = Panels::floats(hidden, 1, hidden, team);
  const State state{out, h0, hidden};
  onTeam(context, team, floats, [&](const Member& member, float* memory) {
    const Panels panels(memory, weight, bias, hidden, 1, hidden, true, member);
    GateSums<1> sums;
    forSteps(sizes, sequences.reverse, [&](Step now, Step before, Step after) {
      forwardStep(panels, state, member, now, before, out, hidden, sums,
                  [&](Units units, const GateSums<1>& sums, int64_t row, int64_t b) {
                    float* h = out + (now.first + b) * hidden;
                    forVectors(units, [&](int64_t j, int64_t count) {
                      const VecF x = loadSome(h + j, count) + sums.of(0, row, j - units.begin);
                      // A NaN stays one.
                      storeSome(h + j, relu == 1 ? select(x < 0.0f, VecF{}, x) : gateTanh(x),
                                count);
                    });
                  });
      keepFinal(hn, out, hidden, member, now, after);
      member.awaitUnits();
    });
  });
}

void rnnGrad(Context& context, float* dgates, float* dh0, const float* g, const float* ghn,
             const float* out, const float* weight, const Sequences& sequences, int64_t relu) {
  const Ints sizes = sequences.sizes;
  const int64_t batch = sequences.batch, hidden = sequences.hidden;
  const Team team = stepTeam(context, sizes, batch, hidden, hidden);
  const int64_t floats = Panels::floats(hidden, 1, hidden, team);
  onTeam(context, team, floats, [&](const Member& member, float* memory) {
    const Panels panels(memory, weight, nullptr, hidden, 1, hidden, false, member);
    startCarry(dh0, ghn, hidden, member);
    forSteps(sizes, !sequences.reverse, [&](Step now, Step, Step after) {
      const Rows mine = member.rows(now);
      for (int64_t b = mine.begin; b < mine.end; b++) {
        const int64_t row = (now.first + b) * hidden;
        forVectors(panels.mine(), [&](int64_t j, int64_t count) {
          const VecF y = loadSome(out + row + j, count);
          VecF dh = loadSome(dh0 + b * hidden + j, count);
          if (g != nullptr) dh += loadSome(g + row + j, count);
          const VecF d = relu == 1 ? select(y <= 0.0f, VecF{}, dh) : dh * (1.0f - y * y);
          storeSome(dgates + row + j, d, count);
        });
      }
      member.awaitUnits();
      carryBack(panels, dh0, hidden, dgates, member, now, after, false,
                [&](Units units, Rows rows) {
                  const int64_t first = (after.first + rows.begin) * hidden;
                  prefetchRows<0>(out + first, hidden, rows.count(), units);
                  if (g != nullptr) prefetchRows<0>(g + first, hidden, rows.count(), units);
                  prefetchRows<1>(dgates + first, hidden, rows.count(), units);
                });
    });
  });
}

void gru(Context& context, float* out, float* hn, float* candidate, float* gates, const float* h0,
         const float* weight, const float* bias, const Sequences& sequences) {
  const Ints sizes = sequences.sizes;
  const int64_t batch = sequences.batch, hidden = sequences.hidden;
  const int64_t units = 3 * hidden;
  const Team team = stepTeam(context, sizes, batch, units, hidden);
  const int64_t floats = Panels::floats(hidden, 3, hidden, team);
  const State state{out, h0, hidden};
  onTeam(context, team, floats, [&](const Member& member, float* memory) {
    const Panels panels(memory, weight, bias, hidden, 3, hidden, true, member);
    GateSums<3> sums;
    forSteps(sizes, sequences.reverse, [&](Step now, Step before, Step after) {
      forwardStep(panels, state, member, now, before, gates, hidden, sums,
                  [&](Units block, const GateSums<3>& sums, int64_t row, int64_t b) {
                    const int64_t at = now.first + b;
                    const float* previous = state.row(before, b);
                    forVectors(block, [&](int64_t j, int64_t count) {
                      float* gate = gates + at * units + j;
                      const auto sum = [&](int k) { return sums.of(k, row, j - block.begin); };
                      const auto [r, z] =
                          divide(sigmoidQuotient(loadSome(gate, count) + sum(0)),
                                 sigmoidQuotient(loadSome(gate + hidden, count) + sum(1)));
                      const VecF inner = sum(2);
                      const VecF n = gateTanh(loadSome(gate + 2 * hidden, count) + r * inner);
                      storeSome(gate, r, count);
                      storeSome(gate + hidden, z, count);
                      storeSome(gate + 2 * hidden, n, count);
                      storeSome(candidate + at * hidden + j, inner, count);
                      const VecF h = n + z * (loadOrZero(previous, j, count) - n);
                      storeSome(out + at * hidden + j, h, count);
                    });
                  });
      keepFinal(hn, out, hidden, member, now, after);
      member.awaitUnits();
    });
  });
}

void gruGrad(Context& context, float* dgates, float* dinner, float* dh0, const float* g,
             const float* ghn, const float* out, const float* gates, const float* candidate,
             const float* h0, const float* weight, const Sequences& sequences) {
  const Ints sizes = sequences.sizes;
  const int64_t batch = sequences.batch, hidden = sequences.hidden;
  const int64_t units = 3 * hidden;
  const Team team = stepTeam(context, sizes, batch, units, hidden);
  const int64_t floats = Panels::floats(hidden, 1, units, team);
  const State state{out, h0, hidden};
  onTeam(context, team, floats, [&](const Member& member, float* memory) {
    const Panels panels(memory, weight, nullptr, hidden, 1, units, false, member);
    startCarry(dh0, ghn, hidden, member);
    forSteps(sizes, !sequences.reverse, [&](Step now, Step, Step after) {
      const Rows mine = member.rows(now);
      for (int64_t b = mine.begin; b < mine.end; b++) {
        const int64_t at = now.first + b;
        const float* previous = state.row(after, b);
        forVectors(panels.mine(), [&](int64_t j, int64_t count) {
          const float* gate = gates + at * units + j;
          const VecF r = loadSome(gate, count), z = loadSome(gate + hidden, count);
          const VecF n = loadSome(gate + 2 * hidden, count);
          const VecF inner = loadSome(candidate + at * hidden + j, count);
          float* carry = dh0 + b * hidden + j;
          VecF dh = loadSome(carry, count);
          if (g != nullptr) dh += loadSome(g + at * hidden + j, count);
          const VecF dn = dh * (1.0f - z) * (1.0f - n * n);
          const VecF dz = dh * (loadOrZero(previous, j, count) - n) * z * (1.0f - z);
          const VecF dr = dn * inner * r * (1.0f - r);
          const auto write = [&](float* to, VecF last) {
            to += at * units + j;
            storeSome(to, dr, count);
            storeSome(to + hidden, dz, count);
            storeSome(to + 2 * hidden, last, count);
          };
          write(dgates, dn);
          write(dinner, dn * r);
          storeSome(carry, dh * z, count);
        });
      }
      member.awaitUnits();
      carryBack(panels, dh0, hidden, dinner, member, now, after, true, [&](Units block, Rows part) {
        const int64_t row = after.first + part.begin, rows = part.count();
        for (int64_t gate = 0; gate < 3; gate++) {
          const int64_t at = row * units + gate * hidden;
          prefetchRows<0>(gates + at, units, rows, block);
          prefetchRows<1>(dgates + at, units, rows, block);
          prefetchRows<1>(dinner + at, units, rows, block);
        }
        prefetchRows<0>(candidate + row * hidden, hidden, rows, block);
        if (g != nullptr) prefetchRows<0>(g + row * hidden, hidden, rows, block);
      });
    });
  });
}

}  // namespace axonode::AXONODE_ISA
