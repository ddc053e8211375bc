// Recurrent layers over packed sequences.
import { copied, f32, flag, orNull } from '../arguments.mjs';

/** Packed sequences: sizes of steps that never rise. */
function packed(random, projects = false) {
  const sizes = [random.chance(0.03) ? 70 : random.integer(1, 7)];
  while (random.chance(0.7)) sizes.push(random.integer(1, sizes.at(-1)));
  const hidden = random.pick([1, 5, 16, 33, 80]);
  const outputs = projects && random.chance(0.5) ? random.pick([1, 4, 17]) : hidden;
  const rows = sizes.reduce((a, b) => a + b, 0);
  const sequences = copied(Int32Array.of(hidden, outputs, random.integer(0, 1), ...sizes));
  return { sequences, batch: sizes[0], rows, hidden, outputs };
}

export const recurrentCalls = {
  rnn: (r) => {
    const { sequences, batch, rows, hidden } = packed(r);
    const [out, state] = [f32(rows * hidden), f32(batch * hidden)];
    const arrays = [out, state, orNull(r, state), f32(hidden ** 2), orNull(r, f32(hidden))];
    return [...arrays, sequences, flag(r)];
  },
  rnnGrad: (r) => {
    const { sequences, batch, rows, hidden } = packed(r);
    const [out, state] = [f32(rows * hidden), f32(batch * hidden)];
    const arrays = [out, state, orNull(r, out), orNull(r, state), out, f32(hidden ** 2)];
    return [...arrays, sequences, flag(r)];
  },
  lstm: (r) => {
    const { sequences, batch, rows, hidden, outputs } = packed(r, true);
    const [h, c, cells] = [f32(batch * outputs), f32(batch * hidden), f32(rows * hidden)];
    const arrays = [f32(rows * outputs), h, c, cells, f32(4 * rows * hidden)];
    arrays.push(orNull(r, h), orNull(r, c), f32(4 * hidden * outputs), orNull(r, f32(4 * hidden)));
    arrays.push(outputs === hidden ? { value: null } : f32(outputs * hidden));
    return [...arrays, sequences];
  },
  lstmGrad: (r) => {
    const { sequences, batch, rows, hidden, outputs } = packed(r, true);
    const [h, c] = [f32(batch * outputs), f32(batch * hidden)];
    const [out, cells, gates] = [rows * outputs, rows * hidden, 4 * rows * hidden].map((n) =>
      f32(n),
    );
    const arrays = [gates, h, c, out, cells, orNull(r, out), orNull(r, h), orNull(r, c), gates];
    arrays.push(cells, orNull(r, c), f32(4 * hidden * outputs));
    arrays.push(outputs === hidden ? { value: null } : f32(outputs * hidden));
    return [...arrays, sequences];
  },
  gru: (r) => {
    const { sequences, batch, rows, hidden } = packed(r);
    const [out, state, gates] = [f32(rows * hidden), f32(batch * hidden), f32(3 * rows * hidden)];
    const arrays = [out, state, out, gates, orNull(r, state), f32(3 * hidden ** 2)];
    arrays.push(orNull(r, f32(3 * hidden)));
    return [...arrays, sequences];
  },
  gruGrad: (r) => {
    const { sequences, batch, rows, hidden } = packed(r);
    const [out, state, gates] = [f32(rows * hidden), f32(batch * hidden), f32(3 * rows * hidden)];
    const arrays = [gates, gates, state, orNull(r, out), orNull(r, state), out, gates, out];
    arrays.push(orNull(r, state), f32(3 * hidden ** 2));
    return [...arrays, sequences];
  },
};
