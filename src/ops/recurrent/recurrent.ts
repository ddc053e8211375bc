import { kernels } from '../../backend/select.js';
import { type Op, recordAll } from '../../tape/node.js';
import { empty, type Tensor } from '../../tensor/tensor.js';
import { floats } from '../kit/define.js';
import { checkChoice } from '../kit/options.js';
import {
  addOuter,
  checkCall,
  gradients,
  inputPart,
  inputsOf,
  type LstmWeights,
  type RecurrentAttrs,
  type RecurrentWeights,
  refuseSecondDerivative,
  type SequenceOptions,
  savedOr,
  sequencesOf,
} from './recurrentCall.js';

export type { LstmWeights, RecurrentWeights, SequenceOptions };

// Each op is one layer in one direction over whole sequences: one product for the input's part of all gates,
// one kernel over time, and in the gradient one kernel and one product for each weight.

// --- plain -------------------------------------------------------------------------------------------------------

export type RnnNonlinearity = 'tanh' | 'relu';

interface RnnAttrs extends RecurrentAttrs {
  readonly relu: 0 | 1;
}

// Saved: x, weightIh, weightHh, the output, and the start, if there is one.
const rnnOp: Op<RnnAttrs> = {
  name: 'rnn',
  vjp: (node, [g, ghn]) => {
    refuseSecondDerivative('rnn', 'RNNCell');
    const { packing, hidden, relu, places } = node.attrs;
    const out = node.saved(3);
    const dgates = empty(out.shape, out.dtype);
    const dh0 = empty([packing.batch, hidden], out.dtype);
    kernels().rnnGrad(
      floats(dgates),
      floats(dh0),
      g ? floats(g) : null,
      ghn ? floats(ghn) : null,
      floats(out),
      floats(node.saved(2)),
      sequencesOf(node.attrs),
      relu,
    );
    const h0 = savedOr(node, places.states, 4);
    return gradients(node, out, h0, dgates, dgates, { dstates: [dh0] });
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
  options: SequenceOptions & { nonlinearity?: RnnNonlinearity },
): [output: Tensor, hn: Tensor] {
  const { nonlinearity = 'tanh' } = options;
  checkChoice(nonlinearity, ['tanh', 'relu'], 'nonlinearity', 'rnn');
  const call = checkCall('rnn', 1, x, h0 ? [h0] : [], weights, options);
  const { packing, hidden, outputs } = call;
  const { inputs, places } = inputsOf(call);
  const relu = nonlinearity === 'relu' ? 1 : 0;
  const out = inputPart(x, weights);
  const hn = empty([packing.batch, hidden], x.dtype);
  kernels().rnn(
    floats(out),
    floats(hn),
    h0 && floats(h0),
    floats(weights.weightHh),
    weights.biases ? floats(weights.biases[1]) : null,
    sequencesOf(call),
    relu,
  );
  const saved = [x, weights.weightIh, weights.weightHh, out, ...call.states];
  recordAll(rnnOp, [out, hn], inputs, saved, { packing, hidden, outputs, places, relu });
  return [out, hn];
}

// --- LSTM --------------------------------------------------------------------------------------------------------

// Saved: x, weightIh, weightHh, the output, the gates, the cells, the start, if there is one, and the projection.
const lstmOp: Op<RecurrentAttrs> = {
  name: 'lstm',
  vjp: (node, [g, ghn, gcn]) => {
    refuseSecondDerivative('lstm', 'LSTMCell');
    const { packing, hidden, outputs, places } = node.attrs;
    const [out, gates, cells] = [node.saved(3), node.saved(4), node.saved(5)];
    const [h0, c0] = [savedOr(node, places.states, 6), savedOr(node, places.states, 7)];
    const weightHr = savedOr(node, places.projection, h0 === null ? 6 : 8);
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
      floats(node.saved(2)),
      weightHr && floats(weightHr),
      sequencesOf(node.attrs),
    );
    let dweightHr: Tensor | null = null;
    if (weightHr && places.projection !== null && node.needs(places.projection)) {
      dweightHr = empty(weightHr.shape, dtype);
      addOuter(dweightHr, dh, inner, false);
    }
    return gradients(node, out, h0, dgates, dgates, { dstates: [dh0, dc0], dweightHr });
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
  const call = checkCall('lstm', 4, x, state ?? [], weights, options);
  const { packing, hidden, outputs } = call;
  const { weightIh, weightHh, weightHr = null } = weights;
  const { inputs, places } = inputsOf(call);
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
    state && floats(state[0]),
    state && floats(state[1]),
    floats(weightHh),
    weights.biases ? floats(weights.biases[1]) : null,
    weightHr && floats(weightHr),
    sequencesOf(call),
  );
  const saved = [x, weightIh, weightHh, out, gates, cells, ...call.states];
  if (weightHr) saved.push(weightHr);
  recordAll(lstmOp, [out, hn, cn], inputs, saved, { packing, hidden, outputs, places });
  gates.dispose();
  cells.dispose();
  return [out, hn, cn];
}

// --- GRU ---------------------------------------------------------------------------------------------------------

// Saved: x, weightIh, weightHh, the output, the gates, the candidates' inner parts, and the start, if there is one.
const gruOp: Op<RecurrentAttrs> = {
  name: 'gru',
  vjp: (node, [g, ghn]) => {
    refuseSecondDerivative('gru', 'GRUCell');
    const { packing, hidden, places } = node.attrs;
    const [out, gates] = [node.saved(3), node.saved(4)];
    const h0 = savedOr(node, places.states, 6);
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
      floats(node.saved(5)),
      h0 && floats(h0),
      floats(node.saved(2)),
      sequencesOf(node.attrs),
    );
    return gradients(node, out, h0, dgates, dinner, { dstates: [dh0] });
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
  const call = checkCall('gru', 3, x, h0 ? [h0] : [], weights, options);
  const { packing, hidden, outputs } = call;
  const { inputs, places } = inputsOf(call);
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
  const saved = [x, weights.weightIh, weights.weightHh, out, gates, candidate, ...call.states];
  recordAll(gruOp, [out, hn], inputs, saved, { packing, hidden, outputs, places });
  gates.dispose();
  candidate.dispose();
  return [out, hn];
}
