import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../../src/errors.js';
import { type StepValues, TensorBoard } from '../../../src/train/index.js';
import { readEvents, readScalars, summaryOf, textIn } from '../tensorboard/reader.js';
import { collectingLogger, epochOf, runOf, temporaryFolder, trainLine } from './runs.js';

describe('TensorBoard', () => {
  const folder = temporaryFolder();
  const scalars = async (part: string, tag: string) =>
    (await readScalars(join(folder.path, part)))
      .filter(([name]) => name === tag)
      .map(([, step, value]) => [step, value]);

  it('writes training and validation values of each epoch under the same names', async () => {
    const history = await trainLine([new TensorBoard(folder.path)]);
    for (const [part, tag, name] of [
      ['train', 'epoch/loss', 'loss'],
      ['train', 'epoch/accuracy', 'accuracy'],
      ['validation', 'epoch/loss', 'valLoss'],
      ['validation', 'epoch/accuracy', 'valAccuracy'],
    ] as const) {
      const wanted = history.epochs.map(({ step, values }) => [
        step,
        Math.fround(values[name] ?? Number.NaN),
      ]);
      expect(await scalars(part, tag)).toEqual(wanted);
    }
  });

  it('writes loss, rate and gradient norm of steps', async () => {
    const seen: StepValues[] = [];
    const watch = { onStepValues: (_: unknown, values: StepValues) => void seen.push(values) };
    await trainLine([watch, new TensorBoard(folder.path, { everySteps: 1 })]);
    expect(await scalars('train', 'step/loss')).toEqual(
      seen.map(({ step, loss }) => [step, Math.fround(loss)]),
    );
    expect(await scalars('train', 'step/lr')).toEqual(
      seen.map(({ step, lr }) => [step, Math.fround(lr)]),
    );
    const norms = await scalars('train', 'step/gradNorm');
    expect(norms.map(([step]) => step)).toEqual(seen.map(({ step }) => step));
    expect(norms.every(([, norm]) => Number(norm) > 0)).toBe(true);
  });

  it('shows the norms before clipping, each once', async () => {
    const seen: StepValues[] = [];
    const watch = { onStepValues: (_: unknown, values: StepValues) => void seen.push(values) };
    const board = new TensorBoard(folder.path, { everySteps: 0 });
    await trainLine([watch, board], { clipGradNorm: 0.01 });
    const norms = await scalars('train', 'step/gradNorm');
    expect(norms).toEqual(seen.map(({ step, gradNorm }) => [step, Math.fround(gradNorm ?? 0)]));
    expect(await scalars('train', 'step/loss')).toEqual([]);
  });

  it('writes distributions and images on request', async () => {
    const image = { width: 1, height: 1, channels: 1 as const, data: Uint8Array.of(5) };
    const board = new TensorBoard(folder.path, { histograms: 2, images: () => ({ dot: image }) });
    await trainLine([board]);
    const tags = (await readEvents(join(folder.path, 'train'))).flatMap((event) =>
      event.has(5) ? [textIn(summaryOf(event), 1)] : [],
    );
    const count = (tag: string) => tags.filter((each) => each === tag).length;
    expect(['weights/0.weight', 'gradients/0.bias', 'dot', 'model'].map(count)).toEqual([
      1, 1, 3, 1,
    ]);
  });

  it('replaces the steps that a resumed run repeats', async () => {
    const board = new TensorBoard(folder.path);
    const records = [1, 2].map((epoch) => epochOf(epoch, { loss: epoch }));
    for (const begin of [0, 1]) {
      board.onTrainBegin(runOf(records.slice(0, begin)));
      for (const record of records.slice(begin)) await board.onEpochEnd(runOf(records), record);
      await board.onTrainEnd(runOf(records));
    }
    const events = await readEvents(join(folder.path, 'train'));
    const purges = events.filter((event) => event.has(7)).map((event) => event.get(2)?.[0]);
    expect(purges).toEqual([0, 11]);
  });

  it('warns once where it cannot write, and lets training go on', async () => {
    await writeFile(join(folder.path, 'train'), 'a file where the folder should be');
    const logger = collectingLogger();
    const history = await trainLine([new TensorBoard(folder.path)], { logger });
    expect(history.epochs).toHaveLength(3);
    const warnings = logger.lines.filter((line) => line.startsWith('warning: '));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/is no longer written/);
  });

  it('refuses options out of range', () => {
    expect(() => new TensorBoard('runs', { everySteps: -1 })).toThrow(ArgumentError);
    expect(() => new TensorBoard('runs', { histograms: 0.5 })).toThrow(/histograms is 0.5/);
    expect(() => new TensorBoard('runs', { gradNorms: Number.NaN })).toThrow(/gradNorms is NaN/);
  });
});
