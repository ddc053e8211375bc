import { type Kernels, readSequences } from '../../kernels/index.js';
import {
  addRecurrent,
  at,
  keepFinal,
  previous,
  type State,
  sendBack,
  sigmoid,
  startCarry,
  walk,
} from './steps.js';

export const gru: Kernels['gru'] = (out, hn, candidate, gates, h0, weight, bias, sequences) => {
  const { sizes, hidden, reverse } = readSequences(sequences);
  const state: State = { values: out, start: h0, columns: hidden };
  const units = 3 * hidden;
  walk(sizes, reverse === 1, (now, before, after) => {
    const target = at(gates, now.first, units);
    addRecurrent(target, state, at(weight, 0, hidden), bias, 0, 2 * hidden, now, before);
    candidate.fill(0, now.first * hidden, (now.first + now.rows) * hidden);
    const last = at(weight, 2 * hidden, hidden);
    const own = at(candidate, now.first, hidden);
    addRecurrent(own, state, last, bias, 2 * hidden, hidden, now, before);
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const k = row * units + j;
        const r = sigmoid(gates[k] as number);
        const z = sigmoid(gates[k + hidden] as number);
        const inside = r * (candidate[row * hidden + j] as number);
        const n = Math.tanh((gates[k + 2 * hidden] as number) + inside);
        gates[k] = r;
        gates[k + hidden] = z;
        gates[k + 2 * hidden] = n;
        out[row * hidden + j] = n + z * (previous(state, before, b, j) - n);
      }
    }
    keepFinal(hn, out, hidden, now, after);
  });
};

export const gruGrad: Kernels['gruGrad'] = (
  dgates,
  dinner,
  dh0,
  g,
  ghn,
  out,
  gates,
  candidate,
  h0,
  weight,
  sequences,
) => {
  const { sizes, batch, hidden, reverse } = readSequences(sequences);
  const state: State = { values: out, start: h0, columns: hidden };
  const units = 3 * hidden;
  startCarry(dh0, ghn, batch * hidden);
  walk(sizes, reverse === 0, (now, _, after) => {
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const [k, at] = [row * units + j, row * hidden + j];
        const [r, z] = [gates[k] as number, gates[k + hidden] as number];
        const n = gates[k + 2 * hidden] as number;
        const e = (dh0[b * hidden + j] as number) + (g === null ? 0 : (g[at] as number));
        const dn = e * (1 - z) * (1 - n * n);
        const dr = dn * (candidate[at] as number) * r * (1 - r);
        const dz = e * (previous(state, after, b, j) - n) * z * (1 - z);
        dgates[k] = dr;
        dgates[k + hidden] = dz;
        dgates[k + 2 * hidden] = dn;
        dinner[k] = dr;
        dinner[k + hidden] = dz;
        dinner[k + 2 * hidden] = dn * r;
        dh0[b * hidden + j] = e * z;
      }
    }
    sendBack(dh0, dinner, weight, now, hidden, units);
  });
};
