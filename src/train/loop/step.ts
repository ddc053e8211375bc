import { ArgumentError } from '../../errors.js';
import { Module } from '../../nn/module.js';
import { inWords } from '../../options.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { type Contribution, contributionOf, samplesOf, type Weight } from '../metrics/weight.js';

/** What a model returns. */
export type OutputOf<M extends Module> = ReturnType<M['forward']>;

/** The last part of a batch `[...inputs, target]`; of a batch of one part, or a lone tensor, that itself. */
export type TargetOf<B> = B extends readonly [...infer _, infer T] ? T : B;

/** The loss of a batch, and what it weighs among those of other batches. */
export interface WeighedLoss {
  /** A scalar. */
  readonly loss: Tensor;
  readonly weight: Weight;
}

/**
 * A loss: a function or a layer of output and target. It returns a scalar, the mean over the batch; or that beside its
 * weight, where this library cannot know it.
 */
export type LossOf<O, T> =
  | ((output: O, target: T) => Tensor | WeighedLoss)
  | { forward(output: O, target: T): Tensor | WeighedLoss };

/** What a `step` function is told besides its batch. */
export interface StepContext {
  /** False while validating: no gradients are recorded then. */
  readonly training: boolean;
  /** From 1. */
  readonly epoch: number;
  /** Updates of the weights so far. */
  readonly step: number;
}

/** What comes of a batch. */
export interface StepResult<O = Tensor, T = Tensor> {
  /** A scalar, the mean over the batch. */
  readonly loss: Tensor;
  /**
   * What the loss weighs among those of other batches. Default: what it was divided by, of a loss of this library or a
   * `mean()` over all elements, returned as it is; of others `samples`.
   */
  readonly weight?: Weight;
  /** With `target`, what the metrics compare. */
  readonly output?: O;
  readonly target?: T;
  /** Samples of the batch. Default: the size of the first tensor of the batch along the option `batchAxis`. */
  readonly samples?: number;
  /**
   * More scalars to report, as means over an epoch: parts of a loss, for example. They weigh what they were divided by;
   * where that is not known, as much as `weight` says, or the samples.
   */
  readonly report?: Readonly<Record<string, Tensor>>;
}

/** Computes the loss of a batch. May be async. */
export type StepFunction<B, O = Tensor, T = Tensor> = (
  batch: B,
  context: StepContext,
) => Tensor | StepResult<O, T> | Promise<Tensor | StepResult<O, T>>;

/** A batch as inputs and target. */
function partsOf(batch: unknown): { inputs: readonly unknown[]; target: unknown } {
  if (batch instanceof Tensor) return { inputs: [batch], target: batch };
  if (!Array.isArray(batch) || batch.length === 0) {
    throw new ArgumentError(
      'fit: a batch is neither a tensor nor [...inputs, target]; give fit a step function that takes it',
    );
  }
  const parts: readonly unknown[] = batch;
  return { inputs: parts.length === 1 ? parts : parts.slice(0, -1), target: parts.at(-1) };
}

/** @throws ArgumentError unless it is a model */
export function checkModel(owner: string, model: unknown): void {
  if (model instanceof Module) return;
  throw new ArgumentError(`${owner}: the model is ${inWords(model)}, expected an nn.Module`);
}

/** @throws ArgumentError unless it is a loss */
export function checkedLoss<L extends LossOf<never, never>>(owner: string, loss: L): L {
  if (typeof loss === 'function') return loss;
  if (typeof loss === 'object' && loss !== null && typeof loss.forward === 'function') return loss;
  throw new ArgumentError(
    `${owner}: the loss is ${inWords(loss)}, expected a function or a layer of output and target`,
  );
}

/** The step of supervised training: the model's output for the inputs, and its loss. */
export function supervised<M extends Module, B, O, T>(
  model: M,
  loss: LossOf<O, T>,
): StepFunction<B, O, T> {
  const lossOf = typeof loss === 'function' ? loss : loss.forward.bind(loss);
  return (batch) => {
    const { inputs, target: found } = partsOf(batch);
    // The types of fit() have made sure that the model takes these inputs, and the loss this target.
    const output: O = Reflect.apply(model.forward, model, inputs);
    const target = found as T;
    const made = lossOf(output, target);
    if (made instanceof Tensor) return { loss: made, output, target };
    return { ...made, output, target };
  };
}

/** A batch's loss, and what it contributes to that of all batches. */
export interface LossShare {
  readonly loss: Tensor;
  readonly contribution: Contribution;
}

/** What came of a batch, in full. */
export interface Outcome<O, T> extends LossShare {
  readonly output: O | undefined;
  readonly target: T | undefined;
  readonly samples: number;
  readonly report: readonly (readonly [name: string, value: Tensor, Contribution])[];
}

/**
 * A loss as functions return it, checked.
 * @throws ArgumentError unless the loss is a scalar tensor, and its weight a weight
 */
export function lossShareOf(
  owner: string,
  result: Tensor | Omit<WeighedLoss, 'weight'> | null | undefined,
  told: Weight | undefined,
  samples: number,
): LossShare {
  const loss: unknown = result instanceof Tensor ? result : result?.loss;
  if (!(loss instanceof Tensor) || loss.size !== 1) {
    const what = loss instanceof Tensor ? formatShape(loss.shape) : typeof loss;
    throw new ArgumentError(
      `${owner}: the loss is ${what}, expected one number, the mean over the batch`,
    );
  }
  return { loss, contribution: contributionOf(`${owner}: the loss`, loss, told, samples) };
}

/**
 * @param axis of the samples
 * @throws ArgumentError unless the loss is a scalar tensor, and its weight a weight
 */
export function outcomeOf<O, T>(
  result: Tensor | StepResult<O, T>,
  batch: unknown,
  axis = 0,
): Outcome<O, T> {
  const full: Partial<StepResult<O, T>> | null | undefined =
    result instanceof Tensor ? { loss: result } : result;
  const { output, target, samples = samplesOf(batch, axis), report = {}, weight } = full ?? {};
  const share = lossShareOf('fit', result, weight, samples);
  // A sum's parts may be means, whose weights are not known.
  const others = weight === undefined || weight === 'sum' ? samples : weight;
  const parts = Object.entries(report).map(([name, value]) => {
    if (!(value instanceof Tensor) || value.size !== 1) {
      const what = value instanceof Tensor ? formatShape(value.shape) : `a ${typeof value}`;
      throw new ArgumentError(`fit: ${name}, to be reported, is ${what}, expected one number`);
    }
    const told = value.batchWeight === null ? others : undefined;
    return [name, value, contributionOf(`fit: ${name}`, value, told, samples)] as const;
  });
  return { ...share, output, target, samples, report: parts };
}
