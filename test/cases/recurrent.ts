import {
  gru,
  type LstmWeights,
  lstm,
  rnn,
  type SequenceOptions,
} from '../../src/ops/recurrent/recurrent.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { composed, type OpCase } from './case.js';

const LENGTHS = [3, 2, 2, 1];
const WHOLE = [2, 2, 2];

type Inputs = readonly Tensor[];
type Run = (
  x: Tensor,
  states: Inputs,
  weights: LstmWeights,
  options: SequenceOptions,
) => readonly Tensor[];

const KINDS: Readonly<Record<string, { op: 'rnn' | 'lstm' | 'gru'; run: Run; isBent?: boolean }>> =
  {
    'rnn with tanh': { op: 'rnn', run: (x, [h], w, o) => rnn(x, h ?? null, w, o) },
    'rnn with relu': {
      op: 'rnn',
      run: (x, [h], w, o) => rnn(x, h ?? null, w, { ...o, nonlinearity: 'relu' }),
    },
    lstm: { op: 'lstm', run: (x, [h, c], w, o) => lstm(x, h && c ? [h, c] : null, w, o) },
    gru: { op: 'gru', run: (x, [h], w, o) => gru(x, h ?? null, w, o) },
  };

/** x, the states, two weights, perhaps two biases and a projection, in this order. */
function caseOf(
  kind: string,
  name: string,
  batchSizes: readonly number[],
  reverse: boolean,
  states: number,
): OpCase {
  const { op, run } = KINDS[kind] ?? { op: 'rnn', run: () => [] };
  return {
    name,
    ops: [op],
    fn: composed((x, ...rest) => {
      const [weightIh, weightHh, ih, hh, weightHr = null] = rest.slice(states);
      if (!x || !weightIh || !weightHh) throw new Error('inputs are missing');
      const biases = ih && hh ? ([ih, hh] as const) : null;
      const weights = { weightIh, weightHh, biases, weightHr };
      return run(x, rest.slice(0, states), weights, { batchSizes, reverse });
    }),
    noSecondOrder: 'the fused op says that it has none',
  };
}

function casesOf(kind: string): OpCase[] {
  const states = kind === 'lstm' ? 2 : 1;
  return [
    caseOf(kind, kind, WHOLE, false, states),
    caseOf(kind, `${kind} in reverse`, WHOLE, true, states),
    caseOf(kind, `${kind} of several lengths`, LENGTHS, false, states),
    caseOf(kind, `${kind} of several lengths in reverse`, LENGTHS, true, states),
  ];
}

export const recurrent: readonly OpCase[] = [
  ...Object.keys(KINDS).flatMap(casesOf),
  caseOf('lstm', 'lstm with projection', LENGTHS, false, 2),
  caseOf('lstm', 'lstm with projection in reverse', WHOLE, true, 2),
  caseOf('rnn with tanh', 'rnn without biases and state', LENGTHS, false, 0),
  caseOf('lstm', 'lstm without biases and state', LENGTHS, false, 0),
  caseOf('gru', 'gru without biases and state', LENGTHS, false, 0),
];
