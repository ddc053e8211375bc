import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { add } from '../ops/elementwise.js';
import { concat, stack } from '../ops/join.js';
import { checkFloat, checkTensor } from '../ops/kit/define.js';
import { checkChoice, checkFraction, checkInteger } from '../ops/kit/options.js';
import { dropout } from '../ops/random.js';
import {
  gru,
  type LstmWeights,
  lstm,
  type RnnNonlinearity,
  rnn,
  type SequenceOptions,
} from '../ops/recurrent/recurrent.js';
import { select } from '../ops/slice.js';
import { reshape, unsqueeze } from '../ops/view.js';
import { checkOptions, type OptionNames } from '../options.js';
import { dim, formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { uniform } from './init.js';
import { Module } from './module.js';
import { checkedLengths, type Lengths, type Packed, pack } from './packing.js';
import { emptyParameter, Parameter } from './parameter.js';
import { oneState, statePair } from './recurrentState.js';

export interface RecurrentOptions {
  /** Layers on top of each other. Default: 1. */
  numLayers?: number;
  /** Adds two biases to the gates of each layer, as PyTorch does. Default: true. */
  bias?: boolean;
  /** Inputs and outputs are [batch, steps, features] instead of [steps, batch, features]. Default: false. */
  batchFirst?: boolean;
  /** While training, the probability of zeroing an output of a layer other than the last. Default: 0. */
  dropout?: number;
  /** Runs each layer from both ends, and joins the outputs. Default: false. */
  bidirectional?: boolean;
  /**
   * From the second layer on, adds a layer's input to its output, so that gradients have a short way down (their
   * sizes always agree). Default: false.
   */
  residual?: boolean;
}

export interface RnnLayerOptions extends RecurrentOptions {
  /** Default: 'tanh'. */
  nonlinearity?: RnnNonlinearity;
}

export interface LstmLayerOptions extends RecurrentOptions {
  /** Projects each hidden state to so many features, fewer than hiddenSize; 0 does not. Default: 0. */
  projSize?: number;
}

export interface RecurrentForwardOptions {
  /**
   * The true length of each sequence, from 1 to the time steps of the input, in any order. What comes after is
   * neither read nor trained; outputs there are zero, final states are those at each sequence's own end, and the
   * reverse direction begins there. Of a tensor, int32, the numbers are read at once, which waits for the work that is
   * queued; a list of numbers needs no waiting. Default: all steps.
   */
  lengths?: Lengths;
}

const STACK: OptionNames<RecurrentOptions> = {
  numLayers: true,
  bias: true,
  batchFirst: true,
  dropout: true,
  bidirectional: true,
  residual: true,
};
const RNN_NAMES: OptionNames<RnnLayerOptions> = { ...STACK, nonlinearity: true };
const LSTM_NAMES: OptionNames<LstmLayerOptions> = { ...STACK, projSize: true };
const FORWARD: OptionNames<RecurrentForwardOptions> = { lengths: true };

/** An LSTM's hidden state and cells. */
export type LstmState = readonly [h: Tensor, c: Tensor];

/** Sizes of a stack. */
interface Sizes {
  readonly input: number;
  readonly hidden: number;
  /** Features of one direction's output: hidden, unless projected. */
  readonly output: number;
  /** Gates of a unit. */
  readonly gates: number;
}

/** What one layer and direction gives: its outputs, and the final states. */
type LayerResult = readonly [output: Tensor, ...states: Tensor[]];

/** What RNN, LSTM and GRU have in common: stacking, directions, packing, names and shapes. */
abstract class RecurrentModule extends Module {
  readonly #sizes: Sizes;
  readonly #options: Required<RecurrentOptions>;

  /** @param names what the options are called */
  protected constructor(
    sizes: Sizes,
    options: RecurrentOptions,
    names: Readonly<Record<string, true>>,
  ) {
    super();
    const type = this.constructor.name;
    checkOptions(type, options, names);
    checkInteger(sizes.input, 'inputSize', type, 1);
    checkInteger(sizes.hidden, 'hiddenSize', type, 1);
    const { numLayers = 1, bias = true, batchFirst = false, bidirectional = false } = options;
    this.#sizes = sizes;
    this.#options = {
      numLayers: checkInteger(numLayers, 'numLayers', type, 1),
      bias,
      batchFirst,
      dropout: checkFraction(options.dropout ?? 0, 'dropout', type),
      bidirectional,
      residual: options.residual ?? false,
    };
    for (let layer = 0; layer < numLayers; layer++) {
      for (const suffix of this.#suffixes(layer)) this.#makeWeights(layer, suffix);
    }
  }

  get inputSize(): number {
    return this.#sizes.input;
  }

  get hiddenSize(): number {
    return this.#sizes.hidden;
  }

  get numLayers(): number {
    return this.#options.numLayers;
  }

  get bidirectional(): boolean {
    return this.#options.bidirectional;
  }

  get batchFirst(): boolean {
    return this.#options.batchFirst;
  }

  /** Features of the output: of both directions, if there are two. */
  get outputSize(): number {
    return this.#directions * this.#sizes.output;
  }

  get #directions(): 1 | 2 {
    return this.#options.bidirectional ? 2 : 1;
  }

  /** One layer in one direction. @internal */
  protected abstract runLayer(
    rows: Tensor,
    states: readonly Tensor[],
    weights: LstmWeights,
    options: SequenceOptions,
  ): LayerResult;

  #suffixes(layer: number): string[] {
    return this.#options.bidirectional ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];
  }

  /** PyTorch's names and order, and its start: all uniform on ±1/√hiddenSize. */
  #makeWeights(layer: number, suffix: string): void {
    const { input, hidden, output, gates } = this.#sizes;
    const bound = 1 / Math.sqrt(hidden);
    const make = (name: string, ...shape: number[]): void => {
      Reflect.set(
        this,
        `${name}_${suffix}`,
        uniform(emptyParameter(shape), { low: -bound, high: bound }),
      );
    };
    make('weight_ih', gates * hidden, layer === 0 ? input : this.outputSize);
    make('weight_hh', gates * hidden, output);
    if (this.#options.bias) {
      make('bias_ih', gates * hidden);
      make('bias_hh', gates * hidden);
    }
    if (output !== hidden) make('weight_hr', output, hidden);
  }

  #parameter(name: string): Parameter {
    const parameter: unknown = Reflect.get(this, name);
    if (parameter instanceof Parameter) return parameter;
    throw new ArgumentError(`${this.constructor.name}: ${name} is no Parameter any more`);
  }

  #weights(suffix: string): LstmWeights {
    const of = (name: string): Parameter => this.#parameter(`${name}_${suffix}`);
    return {
      weightIh: of('weight_ih'),
      weightHh: of('weight_hh'),
      biases: this.#options.bias ? [of('bias_ih'), of('bias_hh')] : null,
      weightHr: this.#sizes.output !== this.#sizes.hidden ? of('weight_hr') : null,
    };
  }

  /** The stack's output, and its final states: as many as there are features given, [layers, batch, features]. */
  protected run(
    x: Tensor,
    states: readonly Tensor[] | null,
    features: readonly number[],
    options: RecurrentForwardOptions,
  ): [output: Tensor, states: Tensor[]] {
    const type = this.constructor.name;
    checkOptions(type, options, FORWARD);
    this.#checkInput(x);
    const isBatch = x.rank === 3;
    const batchFirst = isBatch && this.#options.batchFirst;
    const batch = isBatch ? dim(x.shape, batchFirst ? 0 : 1) : 1;
    const steps = dim(x.shape, batchFirst ? 1 : 0);
    if (batch === 0 || steps === 0) {
      throw new ShapeError(
        `${type}: input ${formatShape(x.shape)}, expected a sequence and a time step at least`,
      );
    }
    const { lengths: given } = options;
    const lengths = given === undefined ? given : checkedLengths(type, given, batch, steps);
    if (states !== null) this.#checkStates(x, states, features, isBatch ? [batch] : []);
    const sequences = isBatch ? x : reshape(x, [steps, 1, this.#sizes.input]);
    const packed = pack(sequences, batchFirst, lengths);
    const layers = this.#directions * this.#options.numLayers;
    const starts = states?.map((state, i) =>
      packed.sort(reshape(state, [layers, batch, features[i] ?? 0])),
    );
    const [rows, finals] = this.#runStack(packed, starts ?? []);
    const output = packed.unpack(rows);
    const last = features.map((_, i) => {
      const states = finals.map((each) => each[i] ?? rows);
      // One alone needs no copy.
      const [only] = states;
      return packed.unsort(
        only !== undefined && states.length === 1 ? unsqueeze(only, 0) : stack(states),
      );
    });
    if (isBatch) return [output, last];
    return [
      reshape(output, [steps, this.outputSize]),
      last.map((state, i) => reshape(state, [layers, features[i] ?? 0])),
    ];
  }

  /** All layers; the final states of each, in PyTorch's order. */
  #runStack(packed: Packed, starts: readonly Tensor[]): [rows: Tensor, finals: Tensor[][]] {
    const { numLayers, residual, dropout: p } = this.#options;
    const finals: Tensor[][] = [];
    let rows = packed.rows;
    for (let layer = 0; layer < numLayers; layer++) {
      const outputs = this.#suffixes(layer).map((suffix, direction) => {
        const at = layer * this.#directions + direction;
        const [output, ...states] = this.runLayer(
          rows,
          starts.map((start) => select(start, 0, at)),
          this.#weights(suffix),
          { batchSizes: packed.batchSizes, reverse: direction === 1 },
        );
        finals.push(states);
        return output;
      });
      const joined = outputs.length === 1 ? (outputs[0] ?? rows) : concat(outputs, 1);
      rows = residual && layer > 0 ? add(joined, rows) : joined;
      if (p > 0 && layer < numLayers - 1) rows = dropout(rows, p, { training: this.training });
    }
    return [rows, finals];
  }

  #checkInput(x: Tensor): void {
    const type = this.constructor.name;
    checkFloat(x, type);
    const { input } = this.#sizes;
    if ((x.rank !== 2 && x.rank !== 3) || dim(x.shape, x.rank - 1) !== input) {
      const axes = this.#options.batchFirst ? 'batch, steps' : 'steps, batch';
      throw new ShapeError(
        `${type}: input ${formatShape(x.shape)}, expected [${axes}, ${input}] or [steps, ${input}]`,
      );
    }
  }

  #checkStates(
    x: Tensor,
    states: readonly Tensor[],
    features: readonly number[],
    batch: readonly number[],
  ): void {
    const type = this.constructor.name;
    const layers = this.#directions * this.#options.numLayers;
    for (const [i, state] of states.entries()) {
      const name = features.length === 1 ? 'state' : `state[${i}]`;
      checkTensor(state, type, name);
      const expected = [layers, ...batch, features[i] ?? 0];
      if (!sameShape(state.shape, expected)) {
        throw new ShapeError(
          `${type}: ${name} ${formatShape(state.shape)}, expected ${formatShape(expected)}`,
        );
      }
      if (state.dtype !== x.dtype) {
        throw new DTypeError(`${type}: ${name} is ${state.dtype}, the input is ${x.dtype}`);
      }
    }
  }

  protected override describeOptions(): string {
    const { numLayers, bias, batchFirst, dropout: p, bidirectional, residual } = this.#options;
    const options = [`${this.#sizes.input}, ${this.#sizes.hidden}`];
    if (this.#sizes.output !== this.#sizes.hidden) options.push(`projSize=${this.#sizes.output}`);
    if (numLayers !== 1) options.push(`numLayers=${numLayers}`);
    if (!bias) options.push('bias=false');
    if (batchFirst) options.push('batchFirst=true');
    if (p !== 0) options.push(`dropout=${p}`);
    if (bidirectional) options.push('bidirectional=true');
    if (residual) options.push('residual=true');
    return options.join(', ');
  }
}

/** Those whose state is one tensor: the hidden states. */
abstract class HiddenStateModule extends RecurrentModule {
  protected constructor(
    inputSize: number,
    hiddenSize: number,
    gates: number,
    options: RecurrentOptions,
    names: Readonly<Record<string, true>>,
  ) {
    super({ input: inputSize, hidden: hiddenSize, output: hiddenSize, gates }, options, names);
  }

  override forward(
    x: Tensor,
    state: Tensor | null = null,
    options: RecurrentForwardOptions = {},
  ): [output: Tensor, state: Tensor] {
    const states = state === null ? null : [oneState(this.constructor.name, state)];
    const [output, [last = output]] = this.run(x, states, [this.hiddenSize], options);
    return [output, last];
  }
}

/**
 * A stack of plain recurrent layers, each h = tanh(weight_ih·x + bias_ih + weight_hh·h + bias_hh), or relu of
 * that. Parameters have PyTorch's names (`weight_ih_l0`, `weight_hh_l0_reverse`, ...) and start uniform on
 * ±1/√hiddenSize.
 *
 * `forward(x, state)` takes x [steps, batch, inputSize] (see batchFirst), or one sequence [steps, inputSize], and
 * a state [directions·numLayers, batch, hiddenSize], zeros if null or left out. It returns the last layer's
 * outputs [steps, batch, directions·hiddenSize], and the final state.
 */
export class RNN extends HiddenStateModule {
  readonly #nonlinearity: RnnNonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RnnLayerOptions = {}) {
    super(inputSize, hiddenSize, 1, options, RNN_NAMES);
    const { nonlinearity = 'tanh' } = options;
    this.#nonlinearity = checkChoice(nonlinearity, ['tanh', 'relu'], 'nonlinearity', 'RNN');
  }

  /** @internal */
  protected override runLayer(
    rows: Tensor,
    [h0 = null]: readonly (Tensor | null)[],
    weights: LstmWeights,
    options: SequenceOptions,
  ): LayerResult {
    return rnn(rows, h0, weights, { ...options, nonlinearity: this.#nonlinearity });
  }

  protected override describeOptions(): string {
    const nonlinearity = this.#nonlinearity === 'tanh' ? '' : ', nonlinearity=relu';
    return `${super.describeOptions()}${nonlinearity}`;
  }
}

/**
 * A stack of GRU layers (Cho et al. 2014), gates in the order reset, update, new. Shapes, names and start as those
 * of {@link RNN}.
 */
export class GRU extends HiddenStateModule {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(inputSize, hiddenSize, 3, options, STACK);
  }

  /** @internal */
  protected override runLayer(
    rows: Tensor,
    [h0 = null]: readonly (Tensor | null)[],
    weights: LstmWeights,
    options: SequenceOptions,
  ): LayerResult {
    return gru(rows, h0, weights, options);
  }
}

/**
 * A stack of LSTM layers (Hochreiter and Schmidhuber 1997), gates in the order input, forget, cell, output. Shapes,
 * names and start as those of {@link RNN}, except that its state is a pair: h [directions·numLayers, batch,
 * hiddenSize (or projSize)] and c [directions·numLayers, batch, hiddenSize].
 */
export class LSTM extends RecurrentModule {
  readonly #outputFeatures: number;

  constructor(inputSize: number, hiddenSize: number, options: LstmLayerOptions = {}) {
    checkOptions('LSTM', options, LSTM_NAMES);
    const { projSize = 0 } = options;
    checkInteger(projSize, 'projSize', 'LSTM', 0);
    if (projSize > 0 && typeof hiddenSize === 'number' && projSize >= hiddenSize) {
      throw new ArgumentError(
        `LSTM: projSize is ${projSize}, expected fewer features than hiddenSize, ${hiddenSize}`,
      );
    }
    const output = projSize === 0 ? hiddenSize : projSize;
    super({ input: inputSize, hidden: hiddenSize, output, gates: 4 }, options, LSTM_NAMES);
    this.#outputFeatures = output;
  }

  override forward(
    x: Tensor,
    state: LstmState | null = null,
    options: RecurrentForwardOptions = {},
  ): [output: Tensor, state: LstmState] {
    const features = [this.#outputFeatures, this.hiddenSize];
    const states = state === null ? null : statePair(this.constructor.name, state);
    const [output, [h = output, c = output]] = this.run(x, states, features, options);
    return [output, [h, c]];
  }

  /** @internal */
  protected override runLayer(
    rows: Tensor,
    [h0, c0]: readonly Tensor[],
    weights: LstmWeights,
    options: SequenceOptions,
  ): LayerResult {
    return lstm(rows, h0 && c0 ? [h0, c0] : null, weights, options);
  }
}
