import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CheckpointError, crossEntropy, manualSeed, nn, optim, train } from '../../../src/index.js';
import {
  encodeCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from '../../../src/train/checkpoint/checkpointFile.js';
import { bitsOf, clouds, withFolder } from '../support.js';

function setUp() {
  manualSeed(3);
  const model = new nn.Linear(4, 2);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
  return { model, data: clouds(), loss: crossEntropy, optimizer, progress: false } as const;
}

describe('a checkpoint that is read while it is written', () => {
  it('is whole, every time', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'last.safetensors');
      // Of different sizes, so that parts of two would not fit together.
      const versions = await Promise.all(
        [1, 5, 3].map((size) =>
          encodeCheckpoint({ size }, new nn.Linear(64 * size, 64).stateDict()),
        ),
      );
      const write = async (i: number): Promise<void> =>
        writeCheckpoint(path, versions[i % versions.length] ?? []);
      await write(0);
      let reads = 0;
      let isReading = true;
      const writing = (async () => {
        for (let i = 1; isReading; i++) await write(i);
      })();
      const reading = Array.from({ length: 4 }, async () => {
        for (let i = 0; i < 60; i++) {
          const { state, tensors } = await readCheckpoint(path);
          const size = Number(Reflect.get(Object(state), 'size'));
          expect(tensors.get('weight')?.shape).toEqual([64, 64 * size]);
          reads++;
        }
      });
      try {
        await Promise.all(reading);
      } finally {
        isReading = false;
        await writing;
      }
      expect(reads).toBe(240);
    });
  });
});

describe('two runs in one folder', () => {
  it('are one: the second is refused, and the first is as if it were alone', async () => {
    await withFolder(async (folder) => {
      const alone = setUp();
      await train.fit({ ...alone, epochs: 3 });
      const dir = join(folder, 'run');
      const first = setUp();
      let refused: unknown;
      const another: train.Callback = {
        async onEpochEnd(run) {
          if (run.epoch !== 2) return;
          const { model, optimizer } = setUpApart();
          refused = await train
            .fit({ ...first, model, optimizer, data: [], checkpoint: dir, resume: true })
            .catch((error: unknown) => error);
        },
      };
      await train.fit({ ...first, epochs: 3, checkpoint: dir, callbacks: [another] });
      expect(refused).toBeInstanceOf(CheckpointError);
      expect(String(refused)).toMatch(/another run \(process \d+ .*has this folder.*delete/);
      expect(await bitsOf(first.model)).toEqual(await bitsOf(alone.model));
      expect((await readdir(dir)).sort()).toEqual(['best.safetensors', 'last.safetensors']);
      await readCheckpoint(join(dir, 'last.safetensors'));
    });
  });

  it('may follow each other, also where the first has failed', async () => {
    await withFolder(async (dir) => {
      const fails: train.Callback = {
        onEpochEnd() {
          throw new Error('of the user');
        },
      };
      const failing = train.fit({ ...setUp(), checkpoint: dir, callbacks: [fails] });
      await expect(failing).rejects.toThrow('of the user');
      await train.fit({ ...setUp(), checkpoint: dir });
      expect((await readdir(dir)).sort()).toEqual(['best.safetensors', 'last.safetensors']);
    });
  });

  it('may be one run with two callbacks', async () => {
    await withFolder(async (dir) => {
      const numbered = new train.ModelCheckpoint(dir, { keep: 1, best: false });
      await train.fit({ ...setUp(), checkpoint: dir, callbacks: [numbered] });
      expect((await readdir(dir)).sort()).toEqual([
        'best.safetensors',
        'epoch-0001.safetensors',
        'last.safetensors',
      ]);
    });
  });
});

it('a folder that is deleted in mid-run is made anew', async () => {
  await withFolder(async (folder) => {
    const dir = join(folder, 'run');
    const deletes: train.Callback = {
      async onEpochBegin(run) {
        await sleep(1);
        if (run.epoch === 2) await rm(dir, { recursive: true });
      },
    };
    await train.fit({ ...setUp(), epochs: 2, checkpoint: dir, callbacks: [deletes] });
    expect(await readdir(dir)).toContain('last.safetensors');
  });
});

/** A model of the same kind, which leaves the random state alone. */
function setUpApart() {
  const model = new nn.Linear(4, 2);
  return { model, optimizer: new optim.Adam(model.parameters(), { lr: 0.05 }) };
}
