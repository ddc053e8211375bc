import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  crossEntropy,
  io,
  manualSeed,
  nn,
  optim,
  rand,
  train,
} from '../../../src/index.js';
import { getRandomState } from '../../../src/tensor/random.js';
import { readCheckpoint } from '../../../src/train/checkpoint/checkpointFile.js';
import { bitsOf, clouds, withFolder } from '../support.js';

/** Everything that a run depends on, made anew as a fresh process would. */
function setUp(seed: number, width = 8) {
  manualSeed(seed);
  const model = new nn.Sequential(
    new nn.Linear(4, width),
    new nn.BatchNorm1d(width),
    new nn.ReLU(),
    new nn.Dropout(0.3),
    new nn.Linear(width, 2),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  return {
    model,
    data: clouds({ noise: 0.1 }),
    validation: clouds(),
    loss: crossEntropy,
    optimizer,
    schedule: [
      new optim.StepLR(optimizer, 2, { gamma: 0.5 }),
      new optim.ExponentialLR(optimizer, 0.99, { interval: 'batch' }),
    ],
    metrics: { accuracy: new train.Accuracy() },
    callbacks: [new train.EarlyStopping({ patience: 3 })],
    epochs: 5,
    progress: false,
  } as const;
}

/** Values of a history, without times. */
function valuesOf(history: train.History): object[] {
  return history.epochs.map(({ epoch, step, lr, values }) => ({ epoch, step, lr, values }));
}

/** Runs until an update, and stops there as if by a signal. */
async function runUntil(step: number, checkpoint: string, resume = false): Promise<void> {
  const controller = new AbortController();
  const run = setUp(1);
  const abort: train.Callback = {
    onBatchEnd(_, info) {
      if (info.step === step) controller.abort();
    },
  };
  const callbacks = [...run.callbacks, abort];
  const { signal } = controller;
  const history = await train.fit({ ...run, callbacks, signal, checkpoint, resume });
  expect(history.stopReason).toBe('aborted');
}

describe('resume', () => {
  it('goes on bit for bit, from the middle of an epoch and from its end', async () => {
    const whole = setUp(1);
    const expected = await train.fit(whole);
    const bits = await bitsOf(whole.model);
    for (const steps of [[1], [3], [4], [8, 9], [2, 7, 13]]) {
      await withFolder(async (dir) => {
        for (const [i, step] of steps.entries()) await runUntil(step, dir, i > 0);
        // Another seed: all that matters has to come from the checkpoint.
        const rest = setUp(99);
        const history = await train.fit({ ...rest, checkpoint: dir, resume: true });
        expect(valuesOf(history)).toEqual(valuesOf(expected));
        expect(await bitsOf(rest.model)).toEqual(bits);
        expect(rest.optimizer.lr).toBe(whole.optimizer.lr);
      });
    }
  });

  it('goes on after an abort while validating, and from a file', async () => {
    const whole = setUp(1);
    const expected = await train.fit(whole);
    await withFolder(async (dir) => {
      const controller = new AbortController();
      const run = setUp(1);
      const abort: train.Callback = {
        onValidationBegin({ epoch }) {
          if (epoch === 2) controller.abort();
        },
      };
      const callbacks = [...run.callbacks, abort];
      await train.fit({
        ...run,
        callbacks,
        signal: controller.signal,
        checkpoint: new train.ModelCheckpoint(dir),
      });
      const rest = setUp(5);
      const history = await train.fit({ ...rest, resume: join(dir, 'last.safetensors') });
      expect(valuesOf(history)).toEqual(valuesOf(expected));
      expect(await bitsOf(rest.model)).toEqual(await bitsOf(whole.model));
    });
  });

  it('starts from the beginning where there is no checkpoint, and does nothing after the end', async () => {
    await withFolder(async (dir) => {
      const first = setUp(1);
      const history = await train.fit({ ...first, checkpoint: join(dir, 'new'), resume: true });
      const bits = await bitsOf(first.model);
      const again = setUp(2);
      const same = await train.fit({ ...again, resume: join(dir, 'new') });
      expect(valuesOf(same)).toEqual(valuesOf(history));
      expect(await bitsOf(again.model)).toEqual(bits);
      const none = train.fit({ ...setUp(1), resume: join(dir, 'no.safetensors') });
      await expect(none).rejects.toThrow(/cannot be opened/);
      await expect(train.fit({ ...setUp(1), resume: true })).rejects.toThrow(/resume is true/);
    });
  });

  it('passes over batches of data that do not know where they were', async () => {
    const batches = async () => {
      const list = [];
      for await (const [x, y] of clouds()) list.push([x.keep(), y.keep()] as const);
      return list;
    };
    manualSeed(4);
    const data = await batches();
    const whole = setUp(1);
    await train.fit({ ...whole, data });
    await withFolder(async (dir) => {
      const controller = new AbortController();
      const stop: train.Callback = {
        onBatchEnd: (_, { step }) => void (step === 6 && controller.abort()),
      };
      const part = setUp(1);
      const callbacks = [...part.callbacks, stop];
      const { signal } = controller;
      await train.fit({ ...part, data, callbacks, signal, checkpoint: dir });
      const rest = setUp(7);
      await train.fit({ ...rest, data, resume: dir });
      expect(await bitsOf(rest.model)).toEqual(await bitsOf(whole.model));
    });
  });
});

describe('a checkpoint', () => {
  /** A run that a wrong checkpoint must not touch, and proof that it did not. */
  async function expectRefused(path: string, message: RegExp): Promise<void> {
    const run = setUp(33);
    await rand([3]).data();
    const before = {
      bits: await bitsOf(run.model),
      random: getRandomState(),
      lr: run.optimizer.lr,
      data: run.data.stateDict(),
      schedules: run.schedule.map((schedule) => schedule.stateDict()),
    };
    const failure: unknown = await train.fit({ ...run, resume: path }).catch((error) => error);
    expect(failure).toBeInstanceOf(CheckpointError);
    expect(String(failure)).toMatch(message);
    expect(await bitsOf(run.model)).toEqual(before.bits);
    expect(getRandomState()).toEqual(before.random);
    expect(run.optimizer.lr).toBe(before.lr);
    expect(run.optimizer.stateDict().tensors.size).toBe(0);
    expect(run.data.stateDict()).toEqual(before.data);
    expect(run.schedule.map((schedule) => schedule.stateDict())).toEqual(before.schedules);
  }

  it('with one flipped bit anywhere, or cut off, is refused whole', async () => {
    await withFolder(async (dir) => {
      await runUntil(6, dir);
      const good = await readFile(join(dir, 'last.safetensors'));
      const path = join(dir, 'bad.safetensors');
      const header = Number(good.readBigUInt64LE(0));
      // Every bit of what comes first, and some of each kind further on.
      const places = [
        ...Array.from({ length: 8 * 40 }, (_, i) => i),
        ...Array.from({ length: 60 }, (_, i) => 8 * (40 + i * Math.floor(header / 61)) + (i % 8)),
        ...Array.from({ length: 60 }, (_, i) => 8 * (good.length - 1 - i * 37) + (i % 8)),
      ];
      for (const place of places) {
        const bad = Buffer.from(good);
        const at = place >> 3;
        bad[at] = (bad[at] ?? 0) ^ (1 << (place & 7));
        await writeFile(path, bad);
        const failure: unknown = await readCheckpoint(path).catch((error) => error);
        expect(failure, `bit ${place}`).toBeInstanceOf(CheckpointError);
      }
      const inside = Buffer.from(good);
      inside[good.length - 10] = (inside[good.length - 10] ?? 0) ^ 1;
      await writeFile(path, inside);
      await expectRefused(path, /damaged: its bytes have the checksum/);
      expect((await readCheckpoint(join(dir, 'last.safetensors'))).tensors.size).toBeGreaterThan(8);
      for (const length of [0, 5, 100, header + 8, good.length - 1]) {
        await writeFile(path, good.subarray(0, length));
        await expectRefused(path, /truncated|too few|should have/);
      }
    });
  });

  it('of something else is refused, with what differs', async () => {
    await withFolder(async (dir) => {
      const wide = { ...setUp(1, 9), epochs: 1 };
      await train.fit({ ...wide, checkpoint: join(dir, 'wide') });
      await expectRefused(join(dir, 'wide'), /0\.weight is \[9, 4\], expected \[8, 4\]/);

      const run = setUp(1);
      const optimizer = new optim.SGD(run.model.parameters(), { lr: 0.1 });
      const common = { ...run, optimizer, epochs: 1 };
      await train.fit({ ...common, checkpoint: join(dir, 'sgd') });
      await expectRefused(join(dir, 'sgd'), /it is one of SGD/);

      await train.fit({ ...setUp(1), schedule: [], epochs: 1, checkpoint: join(dir, 'plain') });
      await expectRefused(join(dir, 'plain'), /it has 0 schedules, this run 2/);

      await train.fit({ ...setUp(1), metrics: {}, epochs: 1, checkpoint: join(dir, 'bare') });
      await expectRefused(join(dir, 'bare'), /it has the metrics none, this run accuracy/);

      const weights = join(dir, 'weights.safetensors');
      await io.saveSafetensors(weights, run.model.stateDict());
      await expectRefused(weights, /no checkpoint of a training run: it names no format/);
    });
  });

  it('is written whole, next to nothing else, and read by name', async () => {
    await withFolder(async (dir) => {
      await mkdir(join(dir, 'run'));
      const stale = join(dir, 'run', '.axonode-last.safetensors.tmp');
      await writeFile(stale, 'what a crash has left');
      const run = { ...setUp(1), epochs: 4 };
      const options = { keep: 2, everySteps: 3, monitor: 'valAccuracy' };
      const checkpoint = new train.ModelCheckpoint(join(dir, 'run'), options);
      const saved: string[] = [];
      const note: train.Callback = {
        onCheckpoint: (_, { path, step }) => void saved.push(`${step} ${path.split('/').at(-1)}`),
      };
      await train.fit({ ...run, checkpoint, callbacks: [...run.callbacks, note] });
      expect((await readdir(join(dir, 'run'))).sort()).toEqual([
        'best.safetensors',
        'epoch-0004.safetensors',
        'last.safetensors',
        'step-00000015.safetensors',
      ]);
      expect(saved.filter((entry) => entry.endsWith('last.safetensors'))).toEqual(
        [3, 4, 6, 8, 9, 12, 12, 15, 16].map((step) => `${step} last.safetensors`),
      );
      const { tensors } = await io.loadSafetensors(join(dir, 'run', 'last.safetensors'));
      expect([...tensors.keys()]).toContain('model.0.weight');
      expect([...tensors.keys()]).toContain('optimizer.main.0.exp_avg');
    });
  });

  it('that cannot be written is a typed error, and the one before is untouched', async () => {
    await withFolder(async (dir) => {
      await train.fit({ ...setUp(1), epochs: 1, checkpoint: dir });
      const path = join(dir, 'last.safetensors');
      const before = await readFile(path);
      // A folder in the way of a checkpoint, whoever runs this.
      await rm(join(dir, 'best.safetensors'));
      await mkdir(join(dir, 'best.safetensors', 'full'), { recursive: true });
      const training = train.fit({ ...setUp(1), checkpoint: dir, resume: true });
      await expect(training).rejects.toThrow(CheckpointError);
      expect(await readFile(path)).toEqual(before);
      await copyFile(path, join(dir, 'file'));
      const blocked = train.fit({ ...setUp(1), checkpoint: join(dir, 'file', 'run') });
      await expect(blocked).rejects.toThrow(/cannot be written/);
      expect((await stat(path)).size).toBe(before.length);
    });
  });
});
