import type { Module } from '../../nn/module.js';
import { noGrad } from '../../tensor/scope.js';
import { batchesOf, type TrainingData } from './data.js';
import { Pace } from './pace.js';
import type { Outcome } from './step.js';
import type { Tally } from './tally.js';

/** What a pass over data without training needs. */
export interface EvaluationOptions<B, O, T> {
  readonly model: Module;
  readonly data: TrainingData<B>;
  /** Is emptied before and after. */
  readonly tally: Tally<O, T>;
  readonly compute: (batch: B) => Promise<Outcome<O, T>>;
  readonly shouldStop: () => boolean;
}

/** Runs `fn` with the model in evaluation mode, and puts each module back into the mode that it was in. */
export async function evaluating<T>(model: Module, fn: () => Promise<T>): Promise<T> {
  const trained = model.modules().filter((module) => module.training);
  model.eval();
  try {
    return await fn();
  } finally {
    for (const module of trained) module.training = true;
  }
}

/** Loss, metrics and reported values over all data; null if told to stop. */
export async function evaluation<B, O, T>(
  options: EvaluationOptions<B, O, T>,
): Promise<Record<string, number> | null> {
  const { model, data, tally, compute, shouldStop } = options;
  const pace = new Pace();
  tally.reset();
  return evaluating(model, async () => {
    for await (const batch of batchesOf(data)) {
      await noGrad(async () => {
        const { loss, contribution, output, target, report } = await compute(batch);
        tally.addScalar('loss', loss, contribution);
        for (const [name, value, own] of report) tally.addScalar(name, value, own);
        if (output !== undefined && target !== undefined) tally.updateMetrics(output, target);
      });
      await pace.step();
      tally.drain();
      if (shouldStop()) {
        tally.reset();
        return null;
      }
    }
    await tally.flush();
    return tally.values();
  });
}
