import { ArgumentError } from '../../errors.js';
import type { Module } from '../../nn/module.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { samplesOf } from '../metrics/mean.js';

/** What a model returns. */
export type OutputOf<M extends Module> = ReturnType<M['forward']>;

/** The last part of a batch `[...inputs, target]`; of a batch of one part, or a lone tensor, that itself. */
export type TargetOf<B> = B extends readonly [...infer _, infer T] ? T : B;

/** A loss: a function or a layer of output and target. */
export type LossOf<O, T> =
  | ((output: O, target: T) => Tensor)
  | { forward(output: O, target: T): Tensor };

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
  /** With `target`, what the metrics compare. */
  readonly output?: O;
  readonly target?: T;
  /** Samples of the batch, the weight of its means. Default: first axis of the first tensor of the batch. */
  readonly samples?: number;
  /** More scalars to report, as means over an epoch: parts of a loss, for example. */
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
    return { loss: lossOf(output, target), output, target };
  };
}

/** A step's result in its full form. */
export interface Outcome<O, T> extends StepResult<O, T> {
  readonly samples: number;
}

/** @throws ArgumentError unless the loss is a scalar tensor */
export function outcomeOf<O, T>(result: Tensor | StepResult<O, T>, batch: unknown): Outcome<O, T> {
  const full: StepResult<O, T> = result instanceof Tensor ? { loss: result } : result;
  const { loss } = full;
  if (!(loss instanceof Tensor) || loss.size !== 1) {
    const what = loss instanceof Tensor ? formatShape(loss.shape) : typeof loss;
    throw new ArgumentError(
      `fit: the loss is ${what}, expected one number, the mean over the batch`,
    );
  }
  return { ...full, samples: full.samples ?? samplesOf(batch) };
}
