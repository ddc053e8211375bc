import type { Module } from '../nn/module.js';
import { checkInteger } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import { type Metrics, metricsOf, stepOf } from './fitOptions.js';
import { batchesOf, type TrainingData } from './loop/data.js';
import { evaluation } from './loop/evaluation.js';
import { type LossOf, type OutputOf, outcomeOf, type TargetOf } from './loop/step.js';
import { Tally } from './loop/tally.js';

/** What {@link evaluate} takes. */
export interface EvaluateOptions<M extends Module, B, N extends string = never> {
  model: M;
  data: TrainingData<B>;
  loss: LossOf<OutputOf<M>, TargetOf<B>>;
  metrics?: Metrics<N, OutputOf<M>, TargetOf<B>>;
  /** The axis of a batch's samples, 1 for [T, B, ...], see `fit`. Default: 0. */
  batchAxis?: number;
}

const NAMES: OptionNames<EvaluateOptions<Module, unknown>> = {
  model: true,
  data: true,
  loss: true,
  metrics: true,
  batchAxis: true,
};

/**
 * Loss and metrics of a model over all data, in evaluation mode and without gradients: as of all in one batch.
 *
 * @throws ArgumentError for an unknown option, or none of those it needs
 *
 * @example
 * const { loss, accuracy } = await train.evaluate({
 *   model, data: testLoader, loss: crossEntropy, metrics: { accuracy: new train.Accuracy() },
 * });
 */
export async function evaluate<M extends Module, B, N extends string = never>(
  options: EvaluateOptions<M, B, N>,
): Promise<Record<'loss' | N, number>> {
  type O = OutputOf<M>;
  type T = TargetOf<B>;
  checkOptions('evaluate', options, NAMES);
  const { model, data, loss, batchAxis = 0 } = options;
  batchesOf(data);
  checkInteger(batchAxis, 'batchAxis', 'evaluate', 0);
  const step = stepOf<M, B, O, T>('evaluate', { model, loss });
  const values = await evaluation<B, O, T>({
    model,
    data,
    tally: new Tally(metricsOf<O, T>('evaluate', options.metrics, batchAxis)),
    async compute(batch) {
      const context = { training: false, epoch: 0, step: 0 };
      return outcomeOf(await step(batch, context), batch, batchAxis);
    },
    shouldStop: () => false,
  });
  return values as Record<'loss' | N, number>;
}
