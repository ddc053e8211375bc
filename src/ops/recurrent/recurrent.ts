import { kernels } from '../../backend/select.js';
import { checkOptions, type OptionNames } from '../../options.js';
import type { Op } from '../../tape/node.js';
import { recordAll } from '../../tape/record.js';
import { empty, type Tensor } from '../../tensor/tensor.js';
import { floats } from '../kit/define.js';
import { checkChoice } from '../kit/options.js';
import {
  addOuter,
  type Call,
  checkCall,
  gradients,
  inputPart,
  inputsOf,
  type LstmWeights,
  RecurrentAttrs,
  type RecurrentSaves,
  type RecurrentWeights,
  refuseSecondDerivative,
  type SequenceOptions,
  sequencesOf,
} from './recurrentCall.js';

export type { LstmWeights, RecurrentWeights, SequenceOptions };

// Each op is one layer in one direction over whole sequences: one product for the input's part of all gates,
// one kernel over time, and in the gradient one kernel and one product for each weight.

// --- plain -------------------------------------------------------------------------------------------------------

export type RnnNonlinearity = 'tanh' | 'relu';

export interface RnnSequenceOptions extends SequenceOptions {
  /** Default: 'tanh'. */
  nonlinearity?: RnnNonlinearity;
}

const SEQUENCE: OptionNames<SequenceOptions> = { batchSizes: true, reverse: true };
const RNN: OptionNames<RnnSequenceOptions> = { ...SEQUENCE, nonlinearity: true };

class RnnAttrs extends RecurrentAttrs {
  readonly nonlinearity: RnnNonlinearity;

  constructor(call: Call, nonlinearity: RnnNonlinearity) {
    super(call);
    this.nonlinearity = nonlinearity;
  }

  get relu(): 0 | 1 {
    return this.nonlinearity === 'relu' ? 1 : 0;
  }
}

const rnnOp: Op<RecurrentSaves, RnnAttrs> = {
  name: 'rnn',
  vjp: (node, [g, ghn]) => {
    refuseSecondDerivative('rnn', 'RNNCell');
    const { packing, hidden, relu } = node.attrs;
    const { out, weightHh } = node.saved;
    const dgates = empty(out.shape, out.dtype);
    const dh0 = empty([packing.batch, hidden], out.dtype);
    kernels().rnnGrad(
      floats(dgates),
      floats(dh0),
      g ? floats(g) : null,
      ghn ? floats(ghn) : null,
      floats(out),
      floats(weightHh),
      sequencesOf(node.attrs),
      relu,
    );
    return [...gradients(node, dgates, dgates), dh0];
  },
};

/**
 * A plain recurrent layer in one direction (Elman, "Finding structure in time", 1990):
 * h = tanh(x·weightIhᵀ + biasIh + h·weightHhᵀ + biasHh), or relu of that.
 * @param x [rows, inputs], packed by time
 * @param h0 [batch, hidden], the state before the first step; null for zeros
 * @returns the states [rows, hidden], and the last of each sequence [batch, hidden]
 */
export function rnn(
  x: Tensor,
  h0: Tensor | null,
  weights: RecurrentWeights,
  options: RnnSequenceOptions,
): [output: Tensor, hn: Tensor] {
  checkOptions('rnn', options, RNN);
  const { nonlinearity = 'tanh' } = options;
  checkChoice(nonlinearity, ['tanh', 'relu'], 'nonlinearity', 'rnn');
  const call = checkCall('rnn', 1, x, h0 ? [h0] : [], weights, options);
  const { packing, hidden } = call;
  const attrs = new RnnAttrs(call, nonlinearity);
  const out = inputPart(x, weights);
  const hn = empty([packing.batch, hidden], x.dtype);
  kernels().rnn(
    floats(out),
    floats(hn),
    h0 && floats(h0),
    floats(weights.weightHh),
    weights.biases ? floats(weights.biases[1]) : null,
    sequencesOf(call),
    attrs.relu,
  );
  const { weightIh, weightHh } = weights;
  const saves = { x, weightIh, weightHh, out, h0 };
  recordAll(rnnOp, [out, hn], [...inputsOf(call), h0], saves, attrs);
  return [out, hn];
}

// --- LSTM --------------------------------------------------------------------------------------------------------

interface LstmSaves extends RecurrentSaves {
  readonly gates: Tensor;
  readonly cells: Tensor;
  readonly c0: Tensor | null;
  readonly weightHr: Tensor | null;
}

const lstmOp: Op<LstmSaves, RecurrentAttrs> = {
  name: 'lstm',
  vjp: (node, [g, ghn, gcn]) => {
    refuseSecondDerivative('lstm', 'LSTMCell');
    const { packing, hidden, outputs } = node.attrs;
    const { out, gates, cells, c0, weightHh, weightHr } = node.saved;
    const { dtype } = out;
    const dgates = empty(gates.shape, dtype);
    const dh0 = empty([packing.batch, outputs], dtype);
    const dc0 = empty([packing.batch, hidden], dtype);
    const dh = empty(weightHr ? out.shape : [0], dtype);
    const inner = empty(weightHr ? cells.shape : [0], dtype);
    kernels().lstmGrad(
      floats(dgates),
      floats(dh0),
      floats(dc0),
      floats(dh),
      floats(inner),
      g ? floats(g) : null,
      ghn ? floats(ghn) : null,
      gcn ? floats(gcn) : null,
      floats(gates),
      floats(cells),
      c0 && floats(c0),
      floats(weightHh),
      weightHr && floats(weightHr),
      sequencesOf(node.attrs),
    );
    let dweightHr: Tensor | null = null;
    if (weightHr && node.needs(5)) {
      dweightHr = empty(weightHr.shape, dtype);
      addOuter(dweightHr, dh, inner, false);
    }
    return [...gradients(node, dgates, dgates), dweightHr, dh0, dc0];
  },
};

/**
 * LSTM in one direction (Hochreiter and Schmidhuber, "Long short-term memory", 1997), gates in the order input,
 * forget, cell, output; with weightHr the hidden state is projected (Sak et al. 2014).
 * @param x [rows, inputs], packed by time
 * @param state [h: [batch, outputs], c: [batch, hidden]] before the first step; null for zeros
 * @returns the states h [rows, outputs], and the last h and c of each sequence
 */
export function lstm(
  x: Tensor,
  state: readonly [h: Tensor, c: Tensor] | null,
  weights: LstmWeights,
  options: SequenceOptions,
): [output: Tensor, hn: Tensor, cn: Tensor] {
  checkOptions('lstm', options, SEQUENCE);
  const call = checkCall('lstm', 4, x, state ?? [], weights, options);
  const { packing, hidden, outputs } = call;
  const { weightIh, weightHh, weightHr = null } = weights;
  const [h0, c0] = state ?? [null, null];
  const rows = x.shape[0] ?? 0;
  const gates = inputPart(x, weights);
  const out = empty([rows, outputs], x.dtype);
  const hn = empty([packing.batch, outputs], x.dtype);
  const cn = empty([packing.batch, hidden], x.dtype);
  const cells = empty([rows, hidden], x.dtype);
  kernels().lstm(
    floats(out),
    floats(hn),
    floats(cn),
    floats(cells),
    floats(gates),
    h0 && floats(h0),
    c0 && floats(c0),
    floats(weightHh),
    weights.biases ? floats(weights.biases[1]) : null,
    weightHr && floats(weightHr),
    sequencesOf(call),
  );
  const inputs = [...inputsOf(call), weightHr, h0, c0];
  const saves = { x, weightIh, weightHh, weightHr, out, gates, cells, h0, c0 };
  recordAll(lstmOp, [out, hn, cn], inputs, saves, new RecurrentAttrs(call));
  gates.dispose();
  cells.dispose();
  return [out, hn, cn];
}

// --- GRU ---------------------------------------------------------------------------------------------------------

interface GruSaves extends RecurrentSaves {
  readonly gates: Tensor;
  /** The inner parts of the candidates. */
  readonly candidate: Tensor;
}

const gruOp: Op<GruSaves, RecurrentAttrs> = {
  name: 'gru',
  vjp: (node, [g, ghn]) => {
    refuseSecondDerivative('gru', 'GRUCell');
    const { packing, hidden } = node.attrs;
    const { out, gates, candidate, h0, weightHh } = node.saved;
    const dgates = empty(gates.shape, out.dtype);
    const dinner = empty(gates.shape, out.dtype);
    const dh0 = empty([packing.batch, hidden], out.dtype);
    kernels().gruGrad(
      floats(dgates),
      floats(dinner),
      floats(dh0),
      g ? floats(g) : null,
      ghn ? floats(ghn) : null,
      floats(out),
      floats(gates),
      floats(candidate),
      h0 && floats(h0),
      floats(weightHh),
      sequencesOf(node.attrs),
    );
    return [...gradients(node, dgates, dinner), dh0];
  },
};

/**
 * GRU in one direction (Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014), gates in
 * the order reset, update, new; the reset gate acts after the product with the state, as in PyTorch.
 * @param x [rows, inputs], packed by time
 * @param h0 [batch, hidden], the state before the first step; null for zeros
 * @returns the states [rows, hidden], and the last of each sequence [batch, hidden]
 */
export function gru(
  x: Tensor,
  h0: Tensor | null,
  weights: RecurrentWeights,
  options: SequenceOptions,
): [output: Tensor, hn: Tensor] {
  checkOptions('gru', options, SEQUENCE);
  const call = checkCall('gru', 3, x, h0 ? [h0] : [], weights, options);
  const { packing, hidden } = call;
  const rows = x.shape[0] ?? 0;
  const gates = inputPart(x, weights);
  const out = empty([rows, hidden], x.dtype);
  const hn = empty([packing.batch, hidden], x.dtype);
  const candidate = empty([rows, hidden], x.dtype);
  kernels().gru(
    floats(out),
    floats(hn),
    floats(candidate),
    floats(gates),
    h0 && floats(h0),
    floats(weights.weightHh),
    weights.biases ? floats(weights.biases[1]) : null,
    sequencesOf(call),
  );
  const { weightIh, weightHh } = weights;
  const saves = { x, weightIh, weightHh, out, gates, candidate, h0 };
  recordAll(gruOp, [out, hn], [...inputsOf(call), h0], saves, new RecurrentAttrs(call));
  gates.dispose();
  candidate.dispose();
  return [out, hn];
}
