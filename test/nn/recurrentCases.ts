import type { RecurrentForwardOptions } from '../../src/nn/index.js';
import * as nn from '../../src/nn/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/** A recurrent layer or cell, its states as a list. */
export interface RecurrentCase {
  readonly module: nn.Module;
  /** Output and final states. */
  forward(x: Tensor, states: readonly Tensor[], options?: RecurrentForwardOptions): Tensor[];
}

function ofLstm(module: nn.LSTM): RecurrentCase {
  return {
    module,
    forward: (x, [h, c], options) => module.forward(x, h && c ? [h, c] : null, options).flat(),
  };
}

function ofLayer(module: nn.RNN | nn.GRU): RecurrentCase {
  return { module, forward: (x, [h], options) => module.forward(x, h ?? null, options) };
}

function ofCell(module: nn.RNNCell | nn.GRUCell): RecurrentCase {
  return { module, forward: (x, [h]) => [module.forward(x, h ?? null)] };
}

function ofLstmCell(module: nn.LSTMCell): RecurrentCase {
  return { module, forward: (x, [h, c]) => module.forward(x, h && c ? [h, c] : null) };
}

type Options = nn.RecurrentOptions;
export const KINDS = {
  RNN: (options: nn.RnnLayerOptions = {}) => ofLayer(new nn.RNN(3, 4, options)),
  LSTM: (options: nn.LstmLayerOptions = {}) => ofLstm(new nn.LSTM(3, 4, options)),
  GRU: (options: Options = {}) => ofLayer(new nn.GRU(3, 4, options)),
} as const;

const both: Options = { numLayers: 2, bidirectional: true };

/** The cases that all kinds of layers have. */
function common(kind: keyof typeof KINDS): Record<string, () => RecurrentCase> {
  const make = KINDS[kind];
  return {
    [kind]: () => make(),
    [`${kind} with state`]: () => make(),
    [`${kind} without bias`]: () => make({ bias: false }),
    [`${kind} of one sequence`]: () => make(both),
    [`${kind} stacked, bidirectional, batch first`]: () => make({ ...both, batchFirst: true }),
    [`${kind} with lengths`]: () => make(),
    [`${kind} stacked, bidirectional, with lengths`]: () => make({ ...both, batchFirst: true }),
    [`${kind} shorter than its input`]: () => make({ bidirectional: true }),
    [`${kind} residual`]: () => make({ numLayers: 3, bidirectional: true, residual: true }),
  };
}

/** The layers and cells of `make_recurrent.py`, under the same names and with the same options. */
export const CASES: Readonly<Record<string, () => RecurrentCase>> = {
  ...common('RNN'),
  ...common('LSTM'),
  ...common('GRU'),
  'RNN with relu': () => KINDS.RNN({ numLayers: 2, nonlinearity: 'relu' }),
  'RNN with relu and lengths': () => KINDS.RNN({ nonlinearity: 'relu' }),
  'LSTM with projection': () => KINDS.LSTM({ projSize: 2 }),
  'LSTM with projection, stacked, bidirectional, with lengths': () =>
    KINDS.LSTM({ ...both, projSize: 2 }),
  'LSTM residual with projection': () => KINDS.LSTM({ numLayers: 2, projSize: 3, residual: true }),
  RNNCell: () => ofCell(new nn.RNNCell(3, 4)),
  'RNNCell without state': () => ofCell(new nn.RNNCell(3, 4)),
  'RNNCell without bias': () => ofCell(new nn.RNNCell(3, 4, { bias: false })),
  'RNNCell of one': () => ofCell(new nn.RNNCell(3, 4)),
  LSTMCell: () => ofLstmCell(new nn.LSTMCell(3, 4)),
  'LSTMCell without state': () => ofLstmCell(new nn.LSTMCell(3, 4)),
  'LSTMCell without bias': () => ofLstmCell(new nn.LSTMCell(3, 4, { bias: false })),
  'LSTMCell of one': () => ofLstmCell(new nn.LSTMCell(3, 4)),
  GRUCell: () => ofCell(new nn.GRUCell(3, 4)),
  'GRUCell without state': () => ofCell(new nn.GRUCell(3, 4)),
  'GRUCell without bias': () => ofCell(new nn.GRUCell(3, 4, { bias: false })),
  'GRUCell of one': () => ofCell(new nn.GRUCell(3, 4)),
  'RNNCell with relu': () => ofCell(new nn.RNNCell(3, 4, { nonlinearity: 'relu' })),
};
