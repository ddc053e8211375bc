import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Callback,
  CsvLogger,
  HtmlReport,
  LearningRateLogger,
  TensorBoard,
} from '../../../src/train/index.js';
import { readScalars } from '../tensorboard/reader.js';
import { temporaryFolder, trainLine } from './runs.js';

describe('a run that is broken off and resumed', () => {
  const folder = temporaryFolder();

  it('is recorded as if it had gone through', async () => {
    const recorders = (name: string) => {
      const path = (file: string) => join(folder.path, name, file);
      const rates = new LearningRateLogger();
      const report = new HtmlReport(path('report.html'), { everySeconds: 0 });
      const board = new TensorBoard(path('board'), { everySteps: 1 });
      return { rates, report, callbacks: [new CsvLogger(path('run.csv')), rates, board, report] };
    };
    // Times differ; all else does not.
    const rowsOf = async (name: string) => {
      const text = await readFile(join(folder.path, name, 'run.csv'), 'utf8');
      return text.split('\n').map((line) => line.split(',').filter((_, i) => i !== 3 && i !== 4));
    };
    const curvesOf = async (name: string) => {
      const html = await readFile(join(folder.path, name, 'report.html'), 'utf8');
      return JSON.parse(/id="data">(.*?)<\/script>/.exec(html)?.[1] ?? '');
    };
    const lossesOf = async (name: string) =>
      (await readScalars(join(folder.path, name, 'board', 'train'))).filter(
        ([tag]) => tag === 'step/loss',
      );

    const whole = recorders('whole');
    await trainLine(whole.callbacks, { epochs: 4, checkpoint: join(folder.path, 'a') });

    const checkpoint = join(folder.path, 'b');
    const first = recorders('parts');
    const failure: Callback = {
      onBatchEnd(run) {
        if (run.step === 13) throw new Error('power cut');
      },
    };
    const broken = trainLine([...first.callbacks, failure], { epochs: 4, checkpoint });
    await expect(broken).rejects.toThrow('power cut');
    const second = recorders('parts');
    await trainLine(second.callbacks, { epochs: 4, checkpoint, resume: true });

    expect(await rowsOf('parts')).toEqual(await rowsOf('whole'));
    expect(await curvesOf('parts')).toEqual(await curvesOf('whole'));
    expect(second.rates.rates).toEqual(whole.rates.rates);
    // Steps 11 to 13 are there twice; readers take the later ones, as the new file says.
    const losses = new Map((await lossesOf('parts')).map(([, step, loss]) => [step, loss]));
    expect([...losses]).toEqual((await lossesOf('whole')).map(([, step, loss]) => [step, loss]));
  });
});
