// LSTM: a whole sequence of one layer and direction, and its gradient.
#include "native/kernels.h"
#include "native/recurrent/gate_math.h"
#include "native/recurrent/recurrent.h"

namespace axonode::AXONODE_ISA {
namespace {

// A projected step's rows for the thread's columns: out = a · panels.
void projectStep(const Panels& panels, float* out, int64_t columns, const float* a, Rows rows) {
  const int64_t depth = panels.depth();
  panels.forBlocks([&](int64_t block, Units units) {
    multiplyRows(out + rows.begin * columns + units.begin, columns, a + rows.begin * depth, depth,
                 rows.count(), depth, panels.panel(block, 0), units.count(), nullptr, false);
  });
}

}  // namespace

void lstm(Context& context, float* out, float* hn, float* cn, float* cells, float* gates,
          const float* h0, const float* c0, const float* weight, const float* bias,
          const float* projection, const Sequences& sequences) {
  const Ints sizes = sequences.sizes;
  const int64_t batch = sequences.batch, hidden = sequences.hidden, outputs = sequences.outputs;
  const int64_t units = 4 * hidden;
  const Team team = stepTeam(context, sizes, batch, units, outputs);
  const bool projected = projection != nullptr;
  const int64_t gateFloats = Panels::floats(hidden, 4, outputs, team);
  const int64_t projectionFloats = projected ? Panels::floats(outputs, 1, hidden, team) : 0;
  const int64_t floats = gateFloats + projectionFloats + (projected ? batch * hidden : 0);
  const State state{out, h0, outputs}, cellState{cells, c0, hidden};

  onTeam(context, team, floats, [&](const Member& member, float* memory) {
    const Panels panels(memory, weight, bias, hidden, 4, outputs, true, member);
    const Panels projecting(memory + gateFloats, projection, nullptr, projected ? outputs : 0, 1,
                            hidden, true, member);
    // Of one step, before their projection.
    float* inner = memory + gateFloats + projectionFloats;
    GateSums<4> sums;
    forSteps(sizes, sequences.reverse, [&](Step now, Step before, Step after) {
      float* h = projected ? inner : out + now.first * hidden;
      forwardStep(
          panels, state, member, now, before, gates, hidden, sums,
          [&](Units block, const GateSums<4>& sums, int64_t row, int64_t b) {
            const float* previous = cellState.row(before, b);
            float* cell = cells + (now.first + b) * hidden;
            forVectors(block, [&](int64_t j, int64_t count) {
              float* gate = gates + (now.first + b) * units + j;
              const auto input = [&](int k) {
                return loadSome(gate + k * hidden, count) + sums.of(k, row, j - block.begin);
              };
              const auto [i, f] = divide(sigmoidQuotient(input(0)), sigmoidQuotient(input(1)));
              const auto [c, o] = divide(tanhQuotient(input(2)), sigmoidQuotient(input(3)));
              const VecF next = f * loadOrZero(previous, j, count) + i * c;
              storeSome(gate, i, count);
              storeSome(gate + hidden, f, count);
              storeSome(gate + 2 * hidden, c, count);
              storeSome(gate + 3 * hidden, o, count);
              storeSome(cell + j, next, count);
              storeSome(h + b * hidden + j, o * gateTanh(next), count);
            });
          });
      keepFinal(cn, cells, hidden, member, now, after);
      if (projected) {
        member.awaitUnits();
        projectStep(projecting, out + now.first * outputs, outputs, inner, member.rows(now));
      }
      keepFinal(hn, out, outputs, member, now, after);
      member.awaitUnits();
    });
  });
}

void lstmGrad(Context& context, float* dgates, float* dh0, float* dc0, float* dh, float* inner,
              const float* g, const float* ghn, const float* gcn, const float* gates,
              const float* cells, const float* c0, const float* weight, const float* projection,
              const Sequences& sequences) {
  const Ints sizes = sequences.sizes;
  const int64_t batch = sequences.batch, hidden = sequences.hidden, outputs = sequences.outputs;
  const int64_t gateUnits = 4 * hidden;
  const Team team = stepTeam(context, sizes, batch, gateUnits, outputs);
  const bool projected = projection != nullptr;
  const int64_t gateFloats = Panels::floats(outputs, 1, gateUnits, team);
  const int64_t projectionFloats = projected ? Panels::floats(hidden, 1, outputs, team) : 0;
  const int64_t floats = gateFloats + projectionFloats + (projected ? batch * hidden : 0);
  const State cellState{cells, c0, hidden};

  onTeam(context, team, floats, [&](const Member& member, float* memory) {
    const Panels panels(memory, weight, nullptr, outputs, 1, gateUnits, false, member);
    const Panels projecting(memory + gateFloats, projection, nullptr, projected ? hidden : 0, 1,
                            outputs, false, member);
    // Gradient of one step's o·tanh(c), with a projection.
    float* dinner = memory + gateFloats + projectionFloats;
    const Units units = member.units(hidden);
    startCarry(dh0, ghn, outputs, member);
    startCarry(dc0, gcn, hidden, member);
    forSteps(sizes, !sequences.reverse, [&](Step now, Step, Step after) {
      const Rows mine = member.rows(now);
      if (projected) {
        for (int64_t b = mine.begin; b < mine.end; b++) {
          const int64_t row = (now.first + b) * outputs;
          for (int64_t j = panels.mine().begin; j < panels.mine().end; j++) {
            dh[row + j] = dh0[b * outputs + j] + (g == nullptr ? 0 : g[row + j]);
          }
        }
        member.awaitUnits();
        projectStep(projecting, dinner, hidden, dh + now.first * outputs, mine);
      }
      for (int64_t b = mine.begin; b < mine.end; b++) {
        const int64_t row = now.first + b;
        const float* previous = cellState.row(after, b);
        const float* source = (projected ? dinner : dh0) + b * hidden;
        forVectors(units, [&](int64_t j, int64_t count) {
          const float* gate = gates + row * gateUnits + j;
          const VecF i = loadSome(gate, count), f = loadSome(gate + hidden, count);
          const VecF c = loadSome(gate + 2 * hidden, count);
          const VecF o = loadSome(gate + 3 * hidden, count);
          VecF d = loadSome(source + j, count);
          if (!projected && g != nullptr) d += loadSome(g + row * hidden + j, count);
          const VecF bent = gateTanh(loadSome(cells + row * hidden + j, count));
          if (projected) storeSome(inner + row * hidden + j, o * bent, count);
          float* carry = dc0 + b * hidden + j;
          const VecF dcell = loadSome(carry, count) + d * o * (1.0f - bent * bent);
          float* to = dgates + row * gateUnits + j;
          storeSome(to, dcell * c * i * (1.0f - i), count);
          storeSome(to + hidden, dcell * loadOrZero(previous, j, count) * f * (1.0f - f), count);
          storeSome(to + 2 * hidden, dcell * i * (1.0f - c * c), count);
          storeSome(to + 3 * hidden, d * bent * o * (1.0f - o), count);
          storeSome(carry, dcell * f, count);
        });
      }
      member.awaitUnits();
      carryBack(panels, dh0, outputs, dgates, member, now, after, false,
                [&](Units block, Rows part) {
                  if (projected) return;  // other units than the gates'
                  const int64_t row = after.first + part.begin, rows = part.count();
                  for (int64_t gate = 0; gate < 4; gate++) {
                    const int64_t at = row * gateUnits + gate * hidden;
                    prefetchRows<0>(gates + at, gateUnits, rows, block);
                    prefetchRows<1>(dgates + at, gateUnits, rows, block);
                  }
                  prefetchRows<0>(cells + row * hidden, hidden, rows, block);
                  if (g != nullptr) prefetchRows<0>(g + row * hidden, hidden, rows, block);
                });
    });
  });
}

}  // namespace axonode::AXONODE_ISA
