import { type Kernels, readSequences } from '../../kernels/index.js';
import { transposed } from '../gemm/matrix.js';
import { multiplyAdd } from '../gemm/multiply.js';
import { Scratch } from '../kit/scratch.js';
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

const hiddenRows = new Scratch();

export const lstm: Kernels['lstm'] = (
  out,
  hn,
  cn,
  cells,
  gates,
  h0,
  c0,
  weight,
  bias,
  projection,
  sequences,
) => {
  const { sizes, batch, hidden, outputs, reverse } = readSequences(sequences);
  const state: State = { values: out, start: h0, columns: outputs };
  const cellState: State = { values: cells, start: c0, columns: hidden };
  const matrix = at(weight, 0, outputs);
  const units = 4 * hidden;
  // Of one step, before their projection.
  const inner = projection === null ? null : hiddenRows.like(out, batch * hidden);
  walk(sizes, reverse === 1, (now, before, after) => {
    addRecurrent(at(gates, now.first, units), state, matrix, bias, 0, units, now, before);
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const k = row * units + j;
        const i = sigmoid(gates[k] as number);
        const f = sigmoid(gates[k + hidden] as number);
        const c = Math.tanh(gates[k + 2 * hidden] as number);
        const o = sigmoid(gates[k + 3 * hidden] as number);
        gates[k] = i;
        gates[k + hidden] = f;
        gates[k + 2 * hidden] = c;
        gates[k + 3 * hidden] = o;
        const cell = f * previous(cellState, before, b, j) + i * c;
        cells[row * hidden + j] = cell;
        if (inner === null) out[row * hidden + j] = o * Math.tanh(cell);
        else inner[b * hidden + j] = o * Math.tanh(cell);
      }
    }
    if (inner !== null && projection !== null) {
      out.fill(0, now.first * outputs, (now.first + now.rows) * outputs);
      const turned = transposed(at(projection, 0, hidden));
      const target = at(out, now.first, outputs);
      multiplyAdd(target, at(inner, 0, hidden), turned, now.rows, outputs, hidden);
    }
    keepFinal(hn, out, outputs, now, after);
    keepFinal(cn, cells, hidden, now, after);
  });
};

export const lstmGrad: Kernels['lstmGrad'] = (
  dgates,
  dh0,
  dc0,
  dh,
  inner,
  g,
  ghn,
  gcn,
  gates,
  cells,
  c0,
  weight,
  projection,
  sequences,
) => {
  const { sizes, batch, hidden, outputs, reverse } = readSequences(sequences);
  const cellState: State = { values: cells, start: c0, columns: hidden };
  const units = 4 * hidden;
  const rowsOf = hiddenRows.like(dgates, batch * Math.max(hidden, outputs));
  startCarry(dh0, ghn, batch * outputs);
  startCarry(dc0, gcn, batch * hidden);
  walk(sizes, reverse === 0, (now, _, after) => {
    const start = now.first * outputs;
    const total = projection === null ? rowsOf : dh.subarray(start, start + now.rows * outputs);
    for (let i = 0; i < now.rows * outputs; i++) {
      total[i] = (dh0[i] as number) + (g === null ? 0 : (g[start + i] as number));
    }
    if (projection !== null) {
      rowsOf.fill(0, 0, now.rows * hidden);
      const matrix = at(projection, 0, hidden);
      const source = at(dh, now.first, outputs);
      multiplyAdd(at(rowsOf, 0, hidden), source, matrix, now.rows, hidden, outputs);
    }
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const k = row * units + j;
        const [i, f] = [gates[k] as number, gates[k + hidden] as number];
        const [c, o] = [gates[k + 2 * hidden] as number, gates[k + 3 * hidden] as number];
        const e = rowsOf[b * hidden + j] as number;
        const bent = Math.tanh(cells[row * hidden + j] as number);
        const dcell = (dc0[b * hidden + j] as number) + e * o * (1 - bent * bent);
        if (projection !== null) inner[row * hidden + j] = o * bent;
        dgates[k] = dcell * c * i * (1 - i);
        dgates[k + hidden] = dcell * previous(cellState, after, b, j) * f * (1 - f);
        dgates[k + 2 * hidden] = dcell * i * (1 - c * c);
        dgates[k + 3 * hidden] = e * bent * o * (1 - o);
        dc0[b * hidden + j] = dcell * f;
      }
    }
    dh0.fill(0, 0, now.rows * outputs);
    sendBack(dh0, dgates, weight, now, outputs, units);
  });
};
