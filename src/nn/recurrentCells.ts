import { ShapeError } from '../errors.js';
import { relu, sigmoid, tanh } from '../ops/activation.js';
import { zeros } from '../ops/creation.js';
import { add, mul, sub } from '../ops/elementwise.js';
import { checkFloat, checkTensor } from '../ops/kit/define.js';
import { checkChoice, checkInteger } from '../ops/kit/options.js';
import { linear } from '../ops/linear.js';
import type { RnnNonlinearity } from '../ops/recurrent/recurrent.js';
import { split } from '../ops/slice.js';
import { checkOptions, type OptionNames } from '../options.js';
import { dim, formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { uniform } from './init.js';
import { Module } from './module.js';
import { emptyParameter, type Parameter } from './parameter.js';
import type { LstmState } from './recurrent.js';
import { oneState, statePair } from './recurrentState.js';

export interface CellOptions {
  /** Adds two biases, as PyTorch does. Default: true. */
  bias?: boolean;
}

export interface RnnCellOptions extends CellOptions {
  /** Default: 'tanh'. */
  nonlinearity?: RnnNonlinearity;
}

const NAMES: OptionNames<CellOptions> = { bias: true };
const RNN_NAMES: OptionNames<RnnCellOptions> = { ...NAMES, nonlinearity: true };

/** Weights of one step, with PyTorch's names and start: all uniform on ±1/√hiddenSize. */
abstract class RecurrentCell extends Module {
  readonly weight_ih: Parameter;
  readonly weight_hh: Parameter;
  readonly bias_ih: Parameter | null;
  readonly bias_hh: Parameter | null;

  /** @param names what the options are called */
  protected constructor(
    inputSize: number,
    hiddenSize: number,
    gates: number,
    options: CellOptions,
    names: Readonly<Record<string, true>>,
  ) {
    super();
    const type = this.constructor.name;
    checkOptions(type, options, names);
    const { bias = true } = options;
    checkInteger(inputSize, 'inputSize', type, 1);
    checkInteger(hiddenSize, 'hiddenSize', type, 1);
    const bound = 1 / Math.sqrt(hiddenSize);
    const make = (...shape: number[]): Parameter =>
      uniform(emptyParameter(shape), { low: -bound, high: bound });
    const units = gates * hiddenSize;
    this.weight_ih = make(units, inputSize);
    this.weight_hh = make(units, hiddenSize);
    this.bias_ih = bias ? make(units) : null;
    this.bias_hh = bias ? make(units) : null;
  }

  get inputSize(): number {
    return dim(this.weight_ih.shape, 1);
  }

  get hiddenSize(): number {
    return dim(this.weight_hh.shape, 1);
  }

  /** The shape of a state that fits x. Throws unless x does. */
  protected stateShape(x: Tensor): number[] {
    const type = this.constructor.name;
    checkFloat(x, type);
    if ((x.rank !== 1 && x.rank !== 2) || dim(x.shape, x.rank - 1) !== this.inputSize) {
      throw new ShapeError(
        `${type}: input ${formatShape(x.shape)}, expected [batch, ${this.inputSize}] or [${this.inputSize}]`,
      );
    }
    return [...x.shape.slice(0, -1), this.hiddenSize];
  }

  /** A state that was given, or zeros. */
  protected stateOf(x: Tensor, state: Tensor | null, name: string): Tensor {
    const expected = this.stateShape(x);
    if (state === null) return zeros(expected, { dtype: x.dtype });
    checkTensor(state, this.constructor.name, name);
    if (!sameShape(state.shape, expected)) {
      throw new ShapeError(
        `${this.constructor.name}: ${name} ${formatShape(state.shape)}, expected ${formatShape(expected)}`,
      );
    }
    return state;
  }

  /** x·weight_ihᵀ + bias_ih, [..., gates·hidden]. */
  protected inputPart(x: Tensor): Tensor {
    return linear(x, this.weight_ih, this.bias_ih);
  }

  protected statePart(h: Tensor): Tensor {
    return linear(h, this.weight_hh, this.bias_hh);
  }

  protected override describeOptions(): string {
    const bias = this.bias_ih === null ? ', bias=false' : '';
    return `${this.inputSize}, ${this.hiddenSize}${bias}`;
  }
}

/** One step of an {@link RNN}, of ops: x [batch, inputSize] or [inputSize], state h alike; returns the next h. */
export class RNNCell extends RecurrentCell {
  readonly #nonlinearity: RnnNonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RnnCellOptions = {}) {
    super(inputSize, hiddenSize, 1, options, RNN_NAMES);
    const { nonlinearity = 'tanh' } = options;
    this.#nonlinearity = checkChoice(nonlinearity, ['tanh', 'relu'], 'nonlinearity', 'RNNCell');
  }

  override forward(x: Tensor, state: Tensor | null = null): Tensor {
    const given = state === null ? null : oneState(this.constructor.name, state);
    const h = this.stateOf(x, given, 'state');
    const sum = add(this.inputPart(x), this.statePart(h));
    return this.#nonlinearity === 'tanh' ? tanh(sum) : relu(sum);
  }
}

/** One step of an {@link LSTM}, of ops: x [batch, inputSize] or [inputSize], state [h, c] alike; returns the next. */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, 4, options, NAMES);
  }

  override forward(x: Tensor, state: LstmState | null = null): [h: Tensor, c: Tensor] {
    const [h0, c0] = state === null ? [null, null] : statePair(this.constructor.name, state);
    const h = this.stateOf(x, h0, 'state[0]');
    const c = this.stateOf(x, c0, 'state[1]');
    const gates = split(add(this.inputPart(x), this.statePart(h)), this.hiddenSize, -1);
    const [input = h, forget = h, candidate = h, output = h] = gates;
    const cell = add(mul(sigmoid(forget), c), mul(sigmoid(input), tanh(candidate)));
    return [mul(sigmoid(output), tanh(cell)), cell];
  }
}

/** One step of a {@link GRU}, of ops: x [batch, inputSize] or [inputSize], state h alike; returns the next h. */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options: CellOptions = {}) {
    super(inputSize, hiddenSize, 3, options, NAMES);
  }

  override forward(x: Tensor, state: Tensor | null = null): Tensor {
    const given = state === null ? null : oneState(this.constructor.name, state);
    const h = this.stateOf(x, given, 'state');
    const [resetX = h, updateX = h, newX = h] = split(this.inputPart(x), this.hiddenSize, -1);
    const [resetH = h, updateH = h, newH = h] = split(this.statePart(h), this.hiddenSize, -1);
    const reset = sigmoid(add(resetX, resetH));
    const update = sigmoid(add(updateX, updateH));
    const candidate = tanh(add(newX, mul(reset, newH)));
    return add(candidate, mul(update, sub(h, candidate)));
  }
}
