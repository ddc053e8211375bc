import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../../src/errors.js';
import { HtmlReport } from '../../../src/train/index.js';
import { dataOf } from '../report/page.js';
import { collectingLogger, temporaryFolder, trainLine } from './runs.js';

describe('HtmlReport', () => {
  const folder = temporaryFolder();

  it('records a run of fit', async () => {
    const path = join(folder.path, 'report.html');
    const report = new HtmlReport(path, { title: 'A line', input: [1, 3], everySeconds: 0 });
    let first = '';
    const look = {
      async onEpochBegin() {
        first ||= await readFile(path, 'utf8').catch(() => '');
      },
    };
    await trainLine([report, look]);
    expect(first).toContain('training goes on');
    const html = await readFile(path, 'utf8');
    expect(html).toContain('finished');
    const charts = dataOf(html).charts;
    expect(charts.map(({ title }) => title)).toEqual([
      'Loss',
      'Accuracy',
      'Loss by the step',
      'Learning rate',
      'Gradient norm',
    ]);
    expect(charts.map(({ curves }) => curves[0]?.y.length)).toEqual([3, 3, 15, 15, 15]);
  });

  it('remembers its curves in checkpoints', async () => {
    const [first, second] = ['a.html', 'b.html'].map(
      (name) => new HtmlReport(join(folder.path, name)),
    );
    if (!first || !second) throw new Error('two reports');
    await trainLine([first]);
    const saved = first.stateDict();
    second.loadStateDict(saved);
    expect(second.stateDict()).toEqual(saved);
    expect(() => second.loadStateDict({ values: { loss: { steps: [1], means: [] } } })).toThrow(
      CheckpointError,
    );
    expect(second.stateDict()).toEqual(saved);
  });

  it('warns once where it cannot write, and lets training go on', async () => {
    await writeFile(join(folder.path, 'file'), '');
    const report = new HtmlReport(join(folder.path, 'file', 'report.html'), { everySeconds: 0 });
    const logger = collectingLogger();
    const history = await trainLine([report], { logger });
    expect(history.epochs).toHaveLength(3);
    expect(logger.lines.filter((line) => line.startsWith('warning: '))).toHaveLength(1);
  });
});
