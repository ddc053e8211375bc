// Recurrent layers over packed sequences.
import { copied, f32, flag, numbers, orNull } from '../arguments.mjs';

/** Packed sequences: sizes of steps that never rise. */
function packed(random) {
  const sizes = [random.chance(0.03) ? 70 : random.integer(1, 7)];
  while (random.chance(0.7)) sizes.push(random.integer(1, sizes.at(-1)));
  const [hidden, outputs] = [random.pick([1, 5, 16, 33, 80]), random.pick([1, 4, 17])];
  const rows = sizes.reduce((a, b) => a + b, 0);
  return { sizes: copied(Int32Array.from(sizes)), batch: sizes[0], rows, hidden, outputs };
}

export const recurrentCalls = {
  rnn: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state] = [f32(rows * hidden), f32(batch * hidden)];
    const arrays = [out, state, orNull(r, state), f32(hidden ** 2), orNull(r, f32(hidden))];
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r), flag(r)];
  },
  rnnGrad: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state] = [f32(rows * hidden), f32(batch * hidden)];
    const arrays = [out, state, orNull(r, out), orNull(r, state), out, f32(hidden ** 2)];
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r), flag(r)];
  },
  lstm: (r) => {
    const { sizes, batch, rows, hidden, outputs: projected } = packed(r);
    const outputs = r.chance(0.5) ? hidden : projected;
    const [h, c, cells] = [f32(batch * outputs), f32(batch * hidden), f32(rows * hidden)];
    const arrays = [f32(rows * outputs), h, c, cells, f32(4 * rows * hidden)];
    arrays.push(orNull(r, h), orNull(r, c), f32(4 * hidden * outputs), orNull(r, f32(4 * hidden)));
    arrays.push(outputs === hidden ? { value: null } : f32(outputs * hidden));
    return [...arrays, sizes, ...numbers(batch, hidden, outputs), flag(r)];
  },
  lstmGrad: (r) => {
    const { sizes, batch, rows, hidden, outputs: projected } = packed(r);
    const outputs = r.chance(0.5) ? hidden : projected;
    const [h, c] = [f32(batch * outputs), f32(batch * hidden)];
    const [out, cells, gates] = [rows * outputs, rows * hidden, 4 * rows * hidden].map((n) =>
      f32(n),
    );
    const arrays = [gates, h, c, out, cells, orNull(r, out), orNull(r, h), orNull(r, c), gates];
    arrays.push(cells, orNull(r, c), f32(4 * hidden * outputs));
    arrays.push(outputs === hidden ? { value: null } : f32(outputs * hidden));
    return [...arrays, sizes, ...numbers(batch, hidden, outputs), flag(r)];
  },
  gru: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state, gates] = [f32(rows * hidden), f32(batch * hidden), f32(3 * rows * hidden)];
    const arrays = [out, state, out, gates, orNull(r, state), f32(3 * hidden ** 2)];
    arrays.push(orNull(r, f32(3 * hidden)));
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r)];
  },
  gruGrad: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state, gates] = [f32(rows * hidden), f32(batch * hidden), f32(3 * rows * hidden)];
    const arrays = [gates, gates, state, orNull(r, out), orNull(r, state), out, gates, out];
    arrays.push(orNull(r, state), f32(3 * hidden ** 2));
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r)];
  },
};
