import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/train/index.js';
import { CsvLogger, TensorBoard, TensorBoardWriter } from '../../../src/train/index.js';
import { collectingLogger, temporaryFolder, trainLine } from './runs.js';

const warningsOf = ({ lines }: { readonly lines: readonly string[] }): string[] =>
  lines.filter((line) => line.startsWith('warning: '));

describe('what is written while training goes on', () => {
  const folder = temporaryFolder();
  const at = (...names: string[]): string => join(folder.path, 'run', ...names);

  /** Does something to the files after the first epoch. */
  function afterFirst(first: () => Promise<void>): Callback {
    return {
      async onEpochBegin(run) {
        if (run.epoch === 2) await first();
      },
    };
  }

  const INTERFERENCE: Readonly<Record<string, () => Promise<void>>> = {
    'its folder is deleted': () => rm(at(), { recursive: true }),
    'it is deleted': () => rm(at('run.csv')),
    'it is moved': () => rename(at('run.csv'), at('old.csv')),
    'it is cut': () => truncate(at('run.csv'), 10),
    'it is replaced': async () => {
      await writeFile(at('other.csv'), 'something else\n');
      await rename(at('other.csv'), at('run.csv'));
    },
  };

  it.each(Object.entries(INTERFERENCE))(
    'as CSV is whole, and a warning tells that %s',
    async (_, interfere) => {
      const logger = collectingLogger();
      const history = await trainLine([new CsvLogger(at('run.csv')), afterFirst(interfere)], {
        logger,
      });
      const [header, ...rows] = (await readFile(at('run.csv'), 'utf8')).trimEnd().split('\n');
      expect(header).toMatch(/^epoch,step/);
      expect(rows.map((row) => Number(row.split(',')[0]))).toEqual(
        history.epochs.map(({ epoch }) => epoch),
      );
      expect(warningsOf(logger)).toHaveLength(1);
      expect(warningsOf(logger)[0]).toMatch(/run\.csv was deleted, moved or changed/);
    },
  );

  it('for TensorBoard goes on in a new file, and a warning tells of it', async () => {
    const logger = collectingLogger();
    await trainLine([new TensorBoard(at()), afterFirst(() => rm(at(), { recursive: true }))], {
      logger,
    });
    expect((await readdir(at())).sort()).toEqual(['train', 'validation']);
    for (const part of ['train', 'validation']) {
      const [file = ''] = await readdir(at(part));
      const content = await readFile(at(part, file), 'latin1');
      expect(content).toContain('brain.Event:2');
      expect(content).toContain('epoch/loss');
    }
    expect(warningsOf(logger)).toHaveLength(2);
    expect(warningsOf(logger).join()).toMatch(
      /deleted, moved or changed.*a new file takes what follows/,
    );
  });

  it('by a writer of one’s own is told to whom it may concern, once', async () => {
    const told: string[] = [];
    const board = new TensorBoardWriter(at(), { onWarning: (message) => void told.push(message) });
    board.scalar('loss', 1, 0);
    await board.flush();
    await rm(at(), { recursive: true });
    await board.flush();
    board.scalar('loss', 2, 1);
    await board.close();
    expect(told).toHaveLength(1);
    const [file = ''] = await readdir(at());
    expect(await readFile(at(file), 'latin1')).toContain('brain.Event:2');
  });
});
