import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CheckpointError, train } from '../../src/index.js';
import { withFolder } from '../train/support.js';
import { checkpointAt } from './checkpoints.js';
import { rewritten } from './mutations.js';
import { type Kind, program, stateOf } from './program.js';

/** A place in the state, what is put there (undefined removes it), and what the error says. */
type Change = readonly [path: string, value: unknown, message: RegExp];

const CLASSES: readonly Change[] = [
  ['progression.step', 2 ** 53 - 1, /step is 9007199254740991, expected an integer/],
  ['progression.step', 40, /there are 37 steps in 1 batches/],
  ['progression.batch', 4, /4 batches of the epoch are done, of 3/],
  ['progression.batch', 2, /data: position is 1, expected 2/],
  ['progression.samples', -4, /samples is -4/],
  ['progression.seconds', Number.NaN, /seconds is NaN, expected a finite number/],
  ['progression.random.counter', 2 ** 53 - 1, /random\.counter is 9007199254740991/],
  ['progression.random.seed', 0.5, /random\.seed is 0\.5/],
  ['progression.epochs.0.epoch', 2, /epoch 1 has the number 2/],
  ['progression.epochs.0.step', 9, /epoch 1 ends at step 9, expected one from 0 to 4/],
  ['progression.epochs.0.values.f1', undefined, /the values of epoch 1 lack f1/],
  ['progression.epochs', [], /records of 0 epochs, expected 1/],
  ['progression.more', 1, /progression has parts that are unexpected: more/],
  ['optimizers.main.type', 'Rule', /optimizer main: .*it is one of Rule/s],
  ['optimizers.main.steps', [1], /optimizer main: .*steps of 1 parameters, expected 6/s],
  ['optimizers.main.steps.0', 2 ** 53 - 1, /steps\[0\] is 9007199254740991, expected a count/],
  ['optimizers.main.groups.0.options.lr', 1e300, /lr of group 0 is 1e\+300/],
  ['optimizers.main.groups.0.options.lr', { toString: 1 }, /lr of group 0 is a Object/],
  ['optimizers.other', {}, /it has the optimizers main, other, this run main/],
  ['schedules.0.lastEpoch', 0, /schedule 0: lastEpoch is 0|schedule 0: .*lastEpoch is 1/s],
  ['schedules.0.own.1.lastEpoch', 3, /schedule 0: .*schedule 1: lastEpoch is 3, expected 0/s],
  ['schedules.1.own.cooldown', -1, /schedule 1: .*cooldown is -1/s],
  ['schedules.1.own.best', 'x', /schedule 1: .*best is x/s],
  ['schedules', [], /it has 0 schedules, this run 2/],
  ['data.position', 9, /data: .*batch 9 of 3 would follow/s],
  ['data.epoch', 2 ** 50, /data: .*epoch is 1125899906842624, expected at most/s],
  ['data', null, /data: its data do not say where they are/],
  ['validation.position', 1, /validation: position is 1, expected 0/],
  ['tally.sums.loss', [1, 2, 3], /tally: the sum of loss is no pair|the sum of loss is no pair/],
  ['tally.sums.loss', undefined, /the sums of the epoch under way lack loss/],
  ['tally.metrics.confusion.sums', [1, 2], /metric confusion: .*2 sums, expected 4/s],
  ['tally.metrics.accuracy.count', 2 ** 53, /metric accuracy: .*count is 9007199254740992/s],
  ['tally.metrics.accuracy', undefined, /it has the metrics/],
  ['callbacks.EarlyStopping.wait', 2 ** 53 - 1, /callback EarlyStopping: .*wait is 9007/s],
  ['callbacks.EarlyStopping.epoch', 1.5, /callback EarlyStopping: .*best epoch is 1\.5/s],
  ['callbacks.WeightAveraging.updates', '4', /callback WeightAveraging: .*updates is 4/s],
  ['callbacks.ModelCheckpoint.kept', ['../x'], /callback ModelCheckpoint: .*kept is no list/s],
  ['callbacks.ModelCheckpoint.savedStep', 5, /callback ModelCheckpoint: .*savedStep is 5/s],
  ['callbacks.LearningRateLogger.x', {}, /callback LearningRateLogger: .*no group x/s],
  ['callbacks.HtmlReport.loss.steps', [3, 2], /callback HtmlReport: .*rising/s],
  ['callbacks.Counter.batches', null, /callback Counter: .*the batches are no number/s],
  ['callbacks', null, /callbacks is null, expected an object/],
];

const REGRESSION: readonly Change[] = [
  ['schedules.0.lastEpoch', 3, /schedule 0: lastEpoch is 3, expected at least 4/],
  ['schedules.0.lastEpoch', 10, /schedule 0: .*lastEpoch is 10, and the schedule ends at 9/s],
  ['schedules.0.lastEpoch', 6, /schedule 0: it has 3 steps left, and the run has 5 to come/],
  ['tally.metrics.r2.sums', [1], /metric r2: .*1 sums, expected 3/s],
];

function put(state: unknown, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const holder = Object(names.reduce((at, name) => Reflect.get(Object(at), name), state));
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else Reflect.set(holder, last, value);
}

it.each<[Kind, readonly Change[]]>([
  ['classes', CLASSES],
  ['regression', REGRESSION],
])('what does not fit this run is named, and nothing is loaded: %s', async (kind, changes) => {
  await withFolder(async (folder) => {
    const { bytes } = await checkpointAt(kind, 'onBatchEnd', 4, folder);
    const run = program(kind, 7, folder);
    const before = stateOf(run);
    const path = join(folder, 'wrong.safetensors');
    for (const [place, value, message] of changes) {
      await writeFile(
        path,
        rewritten(bytes, ({ state }) => put(state, place, value)),
      );
      const error: unknown = await train.fit({ ...run, resume: path }).catch((cause) => cause);
      expect(error, place).toBeInstanceOf(CheckpointError);
      expect(String(error)).toMatch(message);
      expect(stateOf(run), place).toBe(before);
    }
    await writeFile(path, bytes);
    const history = await train.fit({ ...run, resume: path });
    expect(history.epochs).toHaveLength(3);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });
});
