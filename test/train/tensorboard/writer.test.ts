import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError, WriteError } from '../../../src/errors.js';
import { bucketsOf, maskedCrc, record } from '../../../src/train/tensorboard/event.js';
import { TensorBoardWriter } from '../../../src/train/tensorboard/writer.js';
import { encodePng } from '../../../src/vision/png.js';
import {
  bytesIn,
  doublesIn,
  messageIn,
  numberIn,
  parseRecords,
  readEvents,
  readScalars,
  summaryOf,
  textIn,
} from './reader.js';

describe('TensorBoard records', () => {
  it('are framed as TFRecord', () => {
    // The eight bytes of the length 24 and their masked CRC, as every version event begins.
    const bytes = record(new Uint8Array(24));
    expect(Buffer.from(bytes.subarray(0, 12)).toString('hex')).toBe('1800000000000000a37f4b22');
    expect(bytes).toHaveLength(40);
    expect(parseRecords(bytes)).toEqual([Buffer.alloc(24)]);
  });

  it('mask their CRCs', () => {
    // The CRC of nothing is 0.
    expect(maskedCrc(new Uint8Array(0))).toBe(0xa282ead8);
  });
});

describe('bucketsOf', () => {
  it('counts every finite value once', () => {
    const buckets = bucketsOf([0, 1, 2, 3, 4, Number.NaN, Number.POSITIVE_INFINITY], 4);
    expect(buckets).toMatchObject({ min: 0, max: 4, count: 5, sum: 10, sumOfSquares: 30 });
    expect(Array.from(buckets?.limits ?? [])).toEqual([1, 2, 3, 4]);
    expect(Array.from(buckets?.counts ?? [])).toEqual([1, 1, 1, 2]);
  });

  it('needs one bucket for one value, and none for none', () => {
    expect(bucketsOf([7, 7])).toMatchObject({
      limits: Float64Array.of(7),
      counts: Float64Array.of(2),
    });
    expect(bucketsOf([Number.NaN])).toBeNull();
  });
});

describe('TensorBoardWriter', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'axonode-board-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes numbers, distributions, images and text', async () => {
    const image = {
      width: 2,
      height: 1,
      channels: 3 as const,
      data: Uint8Array.of(9, 8, 7, 1, 2, 3),
    };
    const before = Date.now() / 1e3;
    await using board = new TensorBoardWriter(join(folder, 'run'));
    board.scalar('loss/träin', 0.1, 7);
    board.scalar('bad', Number.NaN, 2 ** 40);
    board.histogram('weights', Float32Array.of(-1, 0, 1), 8);
    board.histogram('lost', [Number.NaN], 8);
    board.image('sample', image, 9);
    board.text('model', '| a |', 0);
    await board.flush();

    const [version, ...events] = await readEvents(join(folder, 'run'));
    expect(version && textIn(version, 3)).toBe('brain.Event:2');
    expect(events.map((event) => textIn(summaryOf(event), 1))).toEqual([
      'loss/träin',
      'bad',
      'weights',
      'sample',
      'model',
    ]);
    const [loss, bad, weights, sample, model] = events;
    if (!loss || !bad || !weights || !sample || !model) throw new Error('events are missing');
    expect(numberIn(loss, 2)).toBe(7);
    expect(numberIn(loss, 1)).toBeGreaterThanOrEqual(before);
    expect(numberIn(summaryOf(loss), 2)).toBe(Math.fround(0.1));
    expect(numberIn(bad, 2)).toBe(2 ** 40);
    expect(numberIn(summaryOf(bad), 2)).toBeNaN();

    const histogram = messageIn(summaryOf(weights), 5);
    expect([1, 2, 3, 4, 5].map((field) => numberIn(histogram, field))).toEqual([-1, 1, 3, 0, 2]);
    expect(doublesIn(histogram, 6).at(-1)).toBe(1);
    expect(doublesIn(histogram, 7).reduce((a, b) => a + b)).toBe(3);

    const picture = messageIn(summaryOf(sample), 4);
    expect([1, 2, 3].map((field) => numberIn(picture, field))).toEqual([1, 2, 3]);
    expect(bytesIn(picture, 4)).toEqual(Buffer.from(encodePng(image)));

    expect(textIn(messageIn(summaryOf(model), 8), 8)).toBe('| a |');
    expect(textIn(messageIn(messageIn(summaryOf(model), 9), 1), 1)).toBe('text');
  });

  it('begins a new file each time, later by name, and says from where a resumed run replaces', async () => {
    for (const purgeStep of [undefined, 3, 5]) {
      const board = new TensorBoardWriter(folder, { purgeStep });
      board.scalar('loss', 1, purgeStep ?? 0);
      await board.close();
      await board.close();
    }
    expect(await readdir(folder)).toHaveLength(3);
    const events = await readEvents(folder);
    const starts = events.filter((event) => event.has(7));
    expect(starts.map((event) => numberIn(event, 2))).toEqual([3, 5]);
    expect(starts.map((event) => numberIn(messageIn(event, 7), 1))).toEqual([1, 1]);
    expect((await readScalars(folder)).map(([, step]) => step)).toEqual([0, 3, 5]);
  });

  it('writes by itself after a time, and when much is waiting', async () => {
    const board = new TensorBoardWriter(folder, { flushSeconds: 0.01, flushBytes: 1000 });
    const other = new TensorBoardWriter(join(folder, 'other'), {
      flushSeconds: 3600,
      flushBytes: 1,
    });
    board.scalar('loss', 1, 0);
    other.scalar('loss', 1, 0);
    while ((await readScalars(folder)).length === 0) await sleep(5);
    for (;;) {
      const found = await readScalars(join(folder, 'other')).catch(() => []);
      if (found.length > 0) break;
      await sleep(5);
    }
    await board.close();
    await other.close();
  });

  it('leaves whole records when the process dies in a write', async () => {
    const board = new TensorBoardWriter(folder);
    for (let step = 0; step < 100; step++) board.scalar('loss', step, step);
    await board.close();
    const [name = ''] = await readdir(folder);
    const bytes = await readFile(join(folder, name));
    await writeFile(join(folder, name), bytes.subarray(0, bytes.length - 5));
    expect(await readScalars(folder)).toHaveLength(99);
    // A later run is read on from there.
    const next = new TensorBoardWriter(folder, { purgeStep: 99 });
    next.scalar('loss', 99, 99);
    await next.close();
    expect(await readScalars(folder)).toHaveLength(100);
  });

  it('reports what cannot be written, and keeps it for another try', async () => {
    const blocked = join(folder, 'run');
    await writeFile(blocked, 'a file where the folder should be');
    const board = new TensorBoardWriter(blocked);
    board.scalar('loss', 1, 0);
    await expect(board.flush()).rejects.toThrow(WriteError);
    await rm(blocked);
    board.scalar('loss', 2, 1);
    await board.close();
    expect((await readScalars(blocked)).map(([, step]) => step)).toEqual([0, 1]);
  });

  it('refuses what TensorBoard could not show', async () => {
    const board = new TensorBoardWriter(folder);
    expect(() => board.scalar('', 1, 0)).toThrow(ArgumentError);
    expect(() => board.scalar('a', 1, -1)).toThrow(/step is -1/);
    expect(() => board.histogram('a', [1], 0.5)).toThrow(/step is 0.5/);
    expect(() => new TensorBoardWriter(folder, { purgeStep: -1 })).toThrow(ArgumentError);
    expect(() => new TensorBoardWriter(folder, { flushSeconds: -1 })).toThrow(ArgumentError);
    await board.close();
    expect(() => board.scalar('a', 1, 0)).toThrow(/is closed/);
  });
});
