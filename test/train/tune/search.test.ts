import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointError } from '../../../src/errors.js';
import {
  choice,
  logUniform,
  search,
  successiveHalving,
  type TrialRun,
} from '../../../src/train/tune/index.js';

const trial = new URL('./trials.mjs', import.meta.url);
const space = { lr: logUniform(1e-4, 1), width: choice([8, 16, 32, 64]) };
const common = { space, trial, trials: 8, seed: 3, workers: 2 };

function withoutTimes(runs: readonly TrialRun<unknown>[]): object[] {
  return runs.map(({ seconds: _, ...run }) => run);
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'axonode-search-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('search', () => {
  test('tries what the seed draws, and tells the best', async () => {
    const first = await search(common);
    const second = await search({ ...common, workers: 1 });
    expect(withoutTimes(first.runs)).toEqual(withoutTimes(second.runs));
    expect(first.runs).toHaveLength(8);
    const scores = first.runs.map(({ score }) => score ?? Number.NaN);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(first.best).toBe(first.runs[0]);
    const most = await search({ ...common, goal: 'max' });
    expect(most.best?.score).toBe(scores.at(-1));
    const other = await search({ ...common, seed: 4 });
    expect(withoutTimes(other.runs)).not.toEqual(withoutTimes(first.runs));
  });

  test('gives each trial a seed of its own, and more trials leave the first as they are', async () => {
    const few = await search({ ...common, exportName: 'seeds', trials: 3 });
    const more = await search({ ...common, exportName: 'seeds', trials: 6 });
    const scores = (runs: readonly TrialRun<unknown>[]) =>
      new Map(runs.map((run) => [run.trial, run.score]));
    expect(new Set(scores(more.runs).values()).size).toBe(6);
    for (const [index, seed] of scores(few.runs)) expect(scores(more.runs).get(index)).toBe(seed);
  });

  test('halves: the best go on with more', async () => {
    const found = await search({
      ...common,
      trials: 9,
      strategy: successiveHalving(18, { minBudget: 2 }),
    });
    const of = (budget: number) => found.runs.filter((run) => run.budget === budget);
    expect([2, 6, 18].map((budget) => of(budget).length)).toEqual([9, 3, 1]);
    const bestOfFirst = of(2)
      .slice(0, 3)
      .map((run) => run.trial);
    expect(of(6).map((run) => run.trial)).toEqual(bestOfFirst);
    expect(found.best?.budget).toBe(18);
  });

  test('records failures, and goes on', async () => {
    const found = await search({ ...common, exportName: 'sometimesFails' });
    const errorOf = (index: number) => found.runs.find((run) => run.trial === index)?.error;
    expect(errorOf(0)).toMatch(/bad luck/);
    expect(errorOf(1)).toMatch(/exit code 3/);
    expect(errorOf(2)).toMatch(/the score is NaN/);
    expect(errorOf(3)).toMatch(/out of reach/);
    expect(found.runs.slice(-4).every(({ score }) => score === null)).toBe(true);
    expect(found.best?.score).toEqual(expect.any(Number));
    expect(found.table()).toMatch(/failed .*bad luck/);
  });

  test.each([
    ['text', /the score is fine/],
    ['nothing', /exports no function nothing/],
    ['missing', /exports no function missing/],
  ])('of a trial that returns or is no number: %s', async (exportName, message) => {
    const found = await search({ ...common, exportName, trials: 1 });
    expect(found.best).toBeNull();
    expect(found.runs[0]?.error).toMatch(message);
  });

  test.each(['patient', 'stubborn'])('ends when it is told to: %s', async (exportName) => {
    const aborter = new AbortController();
    const { signal } = aborter;
    // The first patient trial ends by itself, and no stubborn one does.
    const options = { trials: 3, workers: 2, signal, onRun: () => aborter.abort() };
    const running = search({ ...common, ...options, exportName });
    if (exportName === 'stubborn') setTimeout(() => aborter.abort(), 200);
    const found = await running;
    expect(found.stopReason).toBe('aborted');
    expect(found.runs).toHaveLength(exportName === 'patient' ? 1 : 0);
  });

  test('refuses options out of range', async () => {
    await expect(search({ ...common, space: {} })).rejects.toThrow(/the space is empty/);
    await expect(search({ ...common, trials: 0 })).rejects.toThrow(/trials is 0/);
    await expect(search({ ...common, workers: 0 })).rejects.toThrow(/workers is 0/);
  });

  test('stops at an error of its own, such as one of onRun', async () => {
    const onRun = (): void => {
      throw new Error('no more of this');
    };
    const running = search({ ...common, exportName: 'patient', trials: 3, workers: 3, onRun });
    await expect(running).rejects.toThrow('no more of this');
  });

  test('draws a picture and a table of what it has found', async () => {
    const found = await search(common);
    const svg = found.toSvg({ title: 'A bowl' });
    expect(svg.includes('A bowl')).toBe(true);
    expect(svg.includes('width (0 = ')).toBe(true);
    expect(svg.includes('best so far')).toBe(true);
    const lines = found.table().split('\n');
    expect(lines).toHaveLength(9);
    expect(lines[0]).toMatch(/trial +budget +score +lr +width +seconds/);
  });
});

describe('a file of results', () => {
  const path = () => join(folder, 'search.json');

  test('lets a search go on without running anything again', async () => {
    const seen: number[] = [];
    const options = {
      ...common,
      file: path(),
      onRun: (run: TrialRun<unknown>) => seen.push(run.trial),
    };
    const first = await search(options);
    expect(seen).toHaveLength(8);
    const second = await search(options);
    expect(seen).toHaveLength(8);
    expect(second.runs).toEqual(first.runs);
  });

  test('belongs to one search at a time', async () => {
    const options = { ...common, trials: 3, file: path() };
    const others: Promise<unknown>[] = [];
    const onRun = (): void => {
      others.push(search(options).catch((error: unknown) => error));
    };
    const first = await search({ ...options, onRun });
    const [refused] = await Promise.all(others);
    expect(String(refused)).toMatch(
      /CheckpointError: .*search\.json: another run .* has this file/,
    );
    const again = await search(options);
    expect(again.runs).toEqual(first.runs);
  });

  test('of another search is refused', async () => {
    await search({ ...common, trials: 2, file: path() });
    const other = { ...common, trials: 2, file: path() };
    for (const [change, message] of [
      [{ seed: 9 }, /its seed is 3, this one's 9/],
      [{ trials: 3 }, /its trials/],
      [{ goal: 'max' as const }, /its goal/],
      [{ strategy: successiveHalving(3) }, /its strategy/],
    ] as const) {
      await expect(search({ ...other, ...change })).rejects.toThrow(message);
    }
  });

  test('that is damaged is refused', async () => {
    await search({ ...common, trials: 2, file: path() });
    const whole = await readFile(path(), 'utf8');
    for (const content of [
      whole.slice(0, -20),
      'null',
      '{"version":2}',
      whole.replace('"trial": 0', '"trial": "x"'),
      whole.replace(/"lr": [\d.e-]+,/, '"lr": 0.123,'),
    ]) {
      await writeFile(path(), content);
      const again = search({ ...common, trials: 2, file: path() });
      await expect(again).rejects.toThrow(CheckpointError);
    }
  });

  test('survives a kill: the search goes on, and finds what it would have found', async () => {
    const program = fileURLToPath(new URL('./killed.mjs', import.meta.url));
    const notes = join(folder, 'notes');
    await writeFile(notes, '');
    const start = (file: string) =>
      spawn(process.execPath, [program, file], {
        env: { ...process.env, AXONODE_TEST_NOTES: notes },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const outputOf = async (child: ReturnType<typeof start>): Promise<string> => {
      let text = '';
      for await (const piece of child.stdout) text += String(piece);
      return text;
    };
    const uninterrupted = await outputOf(start(join(folder, 'whole.json')));
    expect(uninterrupted).not.toBe('');
    await writeFile(notes, '');
    for (const runs of [2, 5, 9]) {
      const child = start(path());
      while ((await readFile(notes, 'utf8')).split('\n').length <= runs) await sleep(5);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    expect(await outputOf(start(path()))).toBe(uninterrupted);
    // What was under way at a kill runs again; what was written does not.
    const count = (await readFile(notes, 'utf8')).trim().split('\n').length;
    expect(count).toBeLessThanOrEqual(13 + 3 * 3);
  });
});
