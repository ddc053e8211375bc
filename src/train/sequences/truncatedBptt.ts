import { synchronize } from '../../backend/select.js';
import { ArgumentError } from '../../errors.js';
import {
  detachState,
  disposeState,
  mapState,
  type RecurrentModel,
  type RecurrentState,
  resetRows,
} from '../../nn/recurrentState.js';
import { tensor, zeros } from '../../ops/creation.js';
import { mul } from '../../ops/elementwise.js';
import { checkInteger } from '../../ops/kit/options.js';
import { checkNotNegative } from '../../optim/options.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { enableGrad } from '../../tensor/scope.js';
import { Tensor } from '../../tensor/tensor.js';
import { lossOfAll } from '../loop/gatheredBatches.js';
import {
  checkedLoss,
  type LossOf,
  type LossShare,
  lossShareOf,
  type WeighedLoss,
} from '../loop/step.js';
import { type StepOptimizer, TrainingStep, type UpdateCount } from '../loop/trainingStep.js';
import { knownContribution, ownContribution, weighing } from '../metrics/weight.js';
import { ChunkReader, type SequenceChunk, type Stretch } from './chunks.js';

export interface TruncatedBpttOptions<S extends RecurrentState = RecurrentState> {
  /** Of the model's parameters. */
  optimizer: StepOptimizer;
  /**
   * Of a chunk's output and target: a scalar, the mean over the chunk; or that beside its weight, as of `fit`. One that
   * this library does not know weighs as much as the chunk has time steps.
   */
  loss: LossOf<Tensor, Tensor>;
  /**
   * Time steps that the model is run over at once. Longer pieces of the stream are cut, shorter ones joined.
   * Default: the pieces as they come.
   */
  chunk?: number;
  /**
   * Chunks after which the weights are updated and the state is cut from the graph, so that gradients flow back
   * over chunk · detachEvery time steps at most. Default: 1.
   */
  detachEvery?: number;
  /** Whether the stream's tensors are [batch, steps, ...] rather than [steps, batch, ...]. Default: false. */
  batchFirst?: boolean;
  /** Limits the norm of all gradients together, before each update. Default: no limit. */
  clipGradNorm?: number;
  /** Where the model starts, as another run has left it. Default: the model's own start. */
  state?: S | null;
}

const NAMES: OptionNames<TruncatedBpttOptions> = {
  optimizer: true,
  loss: true,
  chunk: true,
  detachEvery: true,
  batchFirst: true,
  clipGradNorm: true,
  state: true,
};

/**
 * What has come of a chunk. Its tensors are on loan until the next chunk is asked for: read them, `detach()` them
 * or call `keep()` on what you need for longer.
 */
export interface BpttStep<S extends RecurrentState> {
  /** The model's output for the chunk. */
  readonly output: Tensor;
  /** The loss of the chunk, a scalar. */
  readonly loss: Tensor;
  /**
   * What the loss weighs in a mean over chunks: the targets that count, or the sum of their weights. 1 for losses that
   * add up. To be asked before the next chunk is.
   */
  weight(): Promise<number>;
  /** The state that is carried on, cut from the graph. */
  readonly state: S;
  /** The norm of the gradients before clipping, a scalar; null if this chunk brought no update. */
  readonly gradNorm: Tensor | null;
  /** Updates so far. */
  readonly updates: number;
  /** Time steps so far. */
  readonly steps: number;
}

/**
 * Learns from an endless sequence by back-propagation through time that is cut off (Williams and Peng 1990): chunk
 * by chunk, the state carried from one to the next but cut from the graph, so that memory does not depend on the
 * sequence's length. The stream may be a live one: any (async) iterable of `{ input, target, reset }`, a new
 * sequence beginning where `reset` says so, in all rows of the batch or in some.
 *
 * Works with RNN, LSTM, GRU and whatever has a `forward(input, state)` that returns `[output, state]`, the batch
 * being axis 1 of the state's tensors. Weights change only once all that led to them was computed without a fault:
 * an index out of range leaves them as they were. What a stream makes for a piece is let go of after use, unless
 * `keep()` was called on it. When the stream ends, what is left of a last round is learnt from, too.
 *
 * @throws ArgumentError for options that are unknown or out of range, a piece that is none, or a loss that is no scalar
 * @throws ShapeError for a piece whose input and target differ in time steps, or that the model does not take
 *
 * @example
 * const stream = new StreamBatches(ids, 64, { batchSize: 32, epochs: 10 });
 * const options = { optimizer, loss, batchFirst: true, clipGradNorm: 1 };
 * for await (const { loss, updates } of train.truncatedBptt(model, stream, options)) {
 *   if (updates % 100 === 0) console.log(await loss.item());
 * }
 */
export async function* truncatedBptt<S extends RecurrentState>(
  model: RecurrentModel<S>,
  stream: AsyncIterable<SequenceChunk> | Iterable<SequenceChunk>,
  options: TruncatedBpttOptions<S>,
): AsyncGenerator<BpttStep<S>, void, undefined> {
  checkOptions('truncatedBptt', options, NAMES);
  const { chunk, detachEvery = 1, batchFirst = false, optimizer } = options;
  if (typeof model?.forward !== 'function') {
    throw new ArgumentError(`truncatedBptt: the model is ${inWords(model)}, expected a Module`);
  }
  checkedLoss('truncatedBptt', options.loss);
  if (typeof optimizer?.step !== 'function' || !Array.isArray(optimizer.paramGroups)) {
    throw new ArgumentError(
      `truncatedBptt: the optimizer is ${inWords(optimizer)}, expected an Optimizer`,
    );
  }
  if (chunk !== undefined) checkInteger(chunk, 'chunk', 'truncatedBptt', 1);
  checkInteger(detachEvery, 'detachEvery', 'truncatedBptt', 1);
  if (options.clipGradNorm !== undefined)
    checkNotNegative('truncatedBptt', 'clipGradNorm', options.clipGradNorm);
  const axes = batchFirst ? ({ time: 1, batch: 0 } as const) : ({ time: 0, batch: 1 } as const);
  const reader = new ChunkReader(stream, chunk ?? null, axes);
  const learner = new Learner(model, options);
  try {
    for (let stretch = await reader.read(); stretch !== null; stretch = await reader.read()) {
      learner.run(stretch);
      const gradNorm = learner.chunks === detachEvery ? await learner.update() : null;
      const step = learner.report(gradNorm);
      try {
        yield step;
      } finally {
        for (const loan of [step.output, step.loss, gradNorm]) loan?.dispose();
        disposeState(step.state);
      }
    }
    if (learner.chunks > 0) (await learner.update())?.dispose();
  } finally {
    learner.end();
    await reader.end();
  }
}

/** The model on its way along the stream. */
class Learner<S extends RecurrentState> {
  readonly #model: RecurrentModel<S>;
  readonly #count: UpdateCount = { step: 0 };
  readonly #step: TrainingStep;
  readonly #lossOf: (output: Tensor, target: Tensor) => Tensor | WeighedLoss;
  #state: S | null;
  #output: Tensor | null = null;
  /** The losses since the last update. */
  #losses: LossShare[] = [];
  /** The weight of the last chunk, on loan. */
  #loan: Tensor | null = null;
  #steps = 0;

  constructor(model: RecurrentModel<S>, options: TruncatedBpttOptions<S>) {
    const { loss, state = null } = options;
    this.#model = model;
    const { optimizer, clipGradNorm = Number.POSITIVE_INFINITY } = options;
    this.#step = new TrainingStep(
      { optimizers: [optimizer], isAutomatic: true, clipGradNorm, exchange: null, schedules: [] },
      this.#count,
    );
    this.#lossOf = typeof loss === 'function' ? loss : loss.forward.bind(loss);
    this.#state = state === null ? null : detachState(state);
  }

  /** Chunks since the last update. */
  get chunks(): number {
    return this.#losses.length;
  }

  /** Runs the model over a chunk, which is let go of, and takes up its loss. */
  run({ input, target, reset = false, steps }: Stretch): void {
    const before = this.#state;
    try {
      const made = enableGrad(() => {
        const [output, state] = this.#model.forward(input, this.#start(reset));
        const result = this.#lossOf(output, target);
        const told = result instanceof Tensor ? undefined : result?.weight;
        return { output, state, share: lossShareOf('truncatedBptt', result, told, steps) };
      });
      this.#output?.dispose();
      this.#output = made.output.detach().keep();
      made.output.dispose();
      const { loss, contribution } = made.share;
      this.#losses.push({ loss: loss.keep(), contribution: ownContribution(contribution) });
      this.#state = mapState(made.state, (part) => part.keep());
      this.#steps += steps;
    } finally {
      input.dispose();
      target.dispose();
    }
    disposeState(before, this.#state);
  }

  /** The state that a chunk starts from. */
  #start(reset: boolean | readonly boolean[]): S | null {
    if (this.#state === null || reset === true) return null;
    if (reset === false || !reset.includes(true)) return this.#state;
    if (!reset.includes(false)) return null;
    const keep = tensor(Uint8Array.from(reset, (isNew) => (isNew ? 0 : 1)));
    return resetRows(this.#state, keep);
  }

  /** The loss since the last update, of all that counts. */
  async #meanLoss(): Promise<LossShare> {
    const shares = await Promise.all(
      this.#losses.map(async ({ loss, contribution }) => ({
        loss,
        contribution: await knownContribution(contribution),
      })),
    );
    const [first] = shares;
    const countsNothing = shares.every((share) => share.contribution.weight === 0);
    if (first === undefined || countsNothing) return { loss: zeros([]), contribution: weighing(0) };
    // A single one is taken as it is: where it weighs nothing, its gradients are 0.
    const isAlone = shares.length === 1 && !first.contribution.canVanish;
    const loss = enableGrad(() => (isAlone ? mul(first.loss, 1) : lossOfAll(shares)));
    return { loss, contribution: weighing(1) };
  }

  /** An update along the gradient of the losses so far. */
  async update(): Promise<Tensor | null> {
    // A fault, such as an index out of range, is thrown by synchronize(): before anything changes.
    const { loss, update } = await this.#step.batch(() => this.#meanLoss(), 1, synchronize);
    loss.dispose();
    if (this.#state !== null) {
      const carried = detachState(this.#state);
      disposeState(this.#state);
      this.#state = carried;
    }
    return update?.gradNorm ?? null;
  }

  /** What has come of the last chunk, in handles of its own. */
  report(gradNorm: Tensor | null): BpttStep<S> {
    const { loss, contribution = weighing(0) } = this.#losses.at(-1) ?? {};
    const output = this.#output;
    const state = this.#state;
    if (loss === undefined || output === null || state === null) {
      throw new ArgumentError('truncatedBptt: no chunk was run');
    }
    this.#loan?.dispose();
    const own = ownContribution(contribution);
    this.#loan = own.weight instanceof Tensor ? own.weight : null;
    const step = {
      output: output.detach().keep(),
      loss: loss.detach().keep(),
      weight: async () => (own.weight instanceof Tensor ? await own.weight.item() : own.weight),
      state: detachState(state),
      gradNorm,
      updates: this.#count.step,
      steps: this.#steps,
    };
    if (gradNorm !== null) this.#forgetLosses();
    return step;
  }

  #forgetLosses(): void {
    for (const { loss, contribution } of this.#losses) {
      loss.dispose();
      if (contribution.weight instanceof Tensor) contribution.weight.dispose();
    }
    this.#losses = [];
  }

  end(): void {
    this.#forgetLosses();
    this.#loan?.dispose();
    this.#output?.dispose();
    disposeState(this.#state);
    this.#state = null;
  }
}
