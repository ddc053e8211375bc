import { type Kernels, readSequences } from '../../kernels/index.js';
import { addRecurrent, at, keepFinal, type State, sendBack, startCarry, walk } from './steps.js';

export const rnn: Kernels['rnn'] = (out, hn, h0, weight, bias, sequences, relu) => {
  const { sizes, hidden, reverse } = readSequences(sequences);
  const state: State = { values: out, start: h0, columns: hidden };
  const matrix = at(weight, 0, hidden);
  walk(sizes, reverse === 1, (now, before, after) => {
    addRecurrent(at(out, now.first, hidden), state, matrix, bias, 0, hidden, now, before);
    const end = (now.first + now.rows) * hidden;
    for (let i = now.first * hidden; i < end; i++) {
      const x = out[i] as number;
      out[i] = relu === 1 ? (x < 0 ? 0 : x) : Math.tanh(x);
    }
    keepFinal(hn, out, hidden, now, after);
  });
};

export const rnnGrad: Kernels['rnnGrad'] = (dgates, dh0, g, ghn, out, weight, sequences, relu) => {
  const { sizes, batch, hidden, reverse } = readSequences(sequences);
  startCarry(dh0, ghn, batch * hidden);
  walk(sizes, reverse === 0, (now) => {
    const start = now.first * hidden;
    for (let i = 0; i < now.rows * hidden; i++) {
      const y = out[start + i] as number;
      const dh = (dh0[i] as number) + (g === null ? 0 : (g[start + i] as number));
      dgates[start + i] = relu === 1 ? (y <= 0 ? 0 : dh) : dh * (1 - y * y);
    }
    dh0.fill(0, 0, now.rows * hidden);
    sendBack(dh0, dgates, weight, now, hidden, hidden);
  });
};
