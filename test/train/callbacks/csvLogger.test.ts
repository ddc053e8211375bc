import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CsvLogger } from '../../../src/train/index.js';
import { collectingLogger, epochOf, runOf, temporaryFolder, trainLine } from './runs.js';

describe('CsvLogger', () => {
  const folder = temporaryFolder();
  const pathOf = () => join(folder.path, 'logs', 'run.csv');
  const read = async () => (await readFile(pathOf(), 'utf8')).split('\n');

  it('writes a row for every epoch of fit', async () => {
    const history = await trainLine([new CsvLogger(pathOf())]);
    const [header, ...rows] = await read();
    expect(header).toBe('epoch,step,lr,seconds,samplesPerSecond,loss,accuracy,valLoss,valAccuracy');
    expect(rows.pop()).toBe('');
    expect(rows.map((row) => row.split(',').map(Number))).toEqual(
      history.epochs.map(({ epoch, step, lr, seconds, samplesPerSecond, values }) => [
        ...[epoch, step, lr, seconds, samplesPerSecond],
        ...[values.loss, values.accuracy, values.valLoss, values.valAccuracy],
      ]),
    );
  });

  it('goes on in the file after a resume, without epochs twice or lost ones', async () => {
    const records = [1, 2, 3].map((epoch) => epochOf(epoch, { loss: 1 / epoch }));
    const first = new CsvLogger(pathOf());
    for (const [i, record] of records.entries()) {
      const run = runOf(records.slice(0, i + 1));
      if (i === 0) await first.onTrainBegin(runOf([]));
      await first.onEpochEnd(run, record);
    }
    // Killed before the checkpoint of the third epoch: the run goes on after the second.
    const resumed = new CsvLogger(pathOf());
    await resumed.onTrainBegin(runOf(records.slice(0, 2)));
    const again = epochOf(3, { loss: 0.25 });
    await resumed.onEpochEnd(runOf([...records.slice(0, 2), again]), again);
    await resumed.onTrainEnd();
    await first.onTrainEnd();
    expect(await read()).toEqual([
      'epoch,step,lr,seconds,samplesPerSecond,loss',
      '1,10,0.1,2,50,1',
      '2,20,0.1,2,50,0.5',
      '3,30,0.1,2,50,0.25',
      '',
    ]);
  });

  it('quotes names, keeps NaN, and gives a name that comes late its column', async () => {
    const logger = new CsvLogger(pathOf());
    const records = [
      epochOf(1, { 'a,"b"': Number.NaN }),
      epochOf(2, { 'a,"b"': 1, late: Number.NEGATIVE_INFINITY }),
    ];
    await logger.onTrainBegin(runOf([]));
    for (const [i, record] of records.entries()) {
      await logger.onEpochEnd(runOf(records.slice(0, i + 1)), record);
    }
    await logger.onTrainEnd();
    expect(await read()).toEqual([
      'epoch,step,lr,seconds,samplesPerSecond,"a,""b""",late',
      '1,10,0.1,2,50,NaN,',
      '2,20,0.1,2,50,1,-Infinity',
      '',
    ]);
  });

  it('begins anew for a new run', async () => {
    for (let run = 0; run < 2; run++) await trainLine([new CsvLogger(pathOf())], { epochs: 2 });
    expect(await read()).toHaveLength(4);
  });

  it('warns once where it cannot write, and lets training go on', async () => {
    await writeFile(join(folder.path, 'logs'), 'a file where the folder should be');
    const logger = collectingLogger();
    const history = await trainLine([new CsvLogger(pathOf())], { logger });
    expect(history.epochs).toHaveLength(3);
    const warnings = logger.lines.filter((line) => line.startsWith('warning: '));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/run\.csv is no longer written: /);
  });
});
