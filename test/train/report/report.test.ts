import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { DataLoader, TensorDataset } from '../../../src/data/index.js';
import { Flatten, Linear, Module, Sequential } from '../../../src/nn/index.js';
import { tensor, zeros } from '../../../src/ops/index.js';
import '../../../src/ops/methods.js';
import { ArgumentError, CheckpointError, DependencyError } from '../../../src/errors.js';
import { noGrad } from '../../../src/tensor/scope.js';
import type { Tensor } from '../../../src/tensor/tensor.js';
import { History, predictClasses, ReportHtml, writeReport } from '../../../src/train/index.js';
import { chartsOf, readableName } from '../../../src/train/report/charts.js';
import { inlineJson, inlineScript, loadEcharts } from '../../../src/train/report/echarts.js';
import { reportHtml } from '../../../src/train/report/report.js';
import { collectingLogger, epochOf, temporaryFolder, trainLine } from '../callbacks/runs.js';

const TINY = 'var echarts;';
const epochs = [1, 2, 3, 4].map((epoch) =>
  epochOf(epoch, { loss: 1 / epoch, valLoss: [0.5, 0.4, 0.6, 0.7][epoch - 1] ?? 0, accuracy: 0.9 }),
);

/** The page's scripts: the data, ECharts, the one that draws. */
function scriptsOf(html: string): string[] {
  return Array.from(html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g), ([, text]) => text ?? '');
}

function dataOf(html: string): { charts: { title: string; curves: { y: unknown[] }[] }[] } {
  return JSON.parse(scriptsOf(html)[0] ?? '');
}

describe('writeReport', () => {
  const folder = temporaryFolder();

  it('writes one file with all in it, which loads nothing', async () => {
    const path = join(folder.path, 'new', 'report.html');
    await writeReport(path, new History(epochs), { title: 'Mine', model: new Linear(2, 3) });
    const html = await readFile(path, 'utf8');
    const scripts = scriptsOf(html);
    expect(scripts).toHaveLength(3);
    expect(html.match(/<\/script/gi)).toHaveLength(3);
    for (const script of scripts.slice(1)) expect(() => new Script(script)).not.toThrow();
    expect(/Apache/.test(scripts[1] ?? '')).toBe(true);
    const markup = html.replace(/<script[^>]*>[\s\S]*?<\/script>/g, '');
    expect(markup).not.toMatch(/\b(?:src|href)=(?!"data:)/);
    expect(markup).not.toMatch(/url\(|@import/);
    expect(markup).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`);
    expect(markup).toContain('<td>9</td>');
  });

  it('keeps the size of ECharts in check', async () => {
    expect((await loadEcharts()).length).toBeLessThan(800_000);
  });

  it('says what to install when ECharts is missing', async () => {
    const notFound = createRequire(import.meta.url).resolve;
    const missing = loadEcharts(() => notFound('a-package-that-is-not-there'));
    await expect(missing).rejects.toThrow(DependencyError);
    await expect(missing).rejects.toThrow(/not installed\. Install it with: npm install echarts/);
  });
});

describe('the page', () => {
  it('holds curves, tables and the verdict', () => {
    const html = reportHtml(TINY, new History(epochs), { input: [1, 2], model: new Linear(2, 3) });
    expect(dataOf(html).charts.map(({ title }) => title)).toEqual([
      'Loss',
      'Accuracy',
      'Learning rate',
    ]);
    expect(html.match(/data-chart="/g)).toHaveLength(3);
    expect(html).toContain('Overfitting from epoch 3 on');
    expect(html).toContain('best validation in epoch 2, overfitting after');
    expect(html).toContain('<td class="text">[1, 3]</td><td>9</td>');
    expect(html).toContain('Node.js');
  });

  it('escapes all text, in markup and in scripts', () => {
    const evil = '</script><!--<img src=x onerror=alert(1)>"\'&';
    const html = reportHtml(`x = '</script>';`, new History([epochOf(1, { loss: 1, [evil]: 2 })]), {
      title: evil,
      notes: evil,
      predictions: {
        counts: [Uint32Array.of(1)],
        classes: [evil],
        mistakes: [
          {
            image: { width: 1, height: 1, channels: 1, data: Uint8Array.of(1) },
            truth: evil,
            prediction: 'x',
          },
        ],
      },
    });
    expect(html).not.toContain('<img src=x');
    expect(html.match(/<\/script/gi)).toHaveLength(3);
    expect(html).not.toContain('<!--');
    expect(dataOf(html).charts.some(({ title }) => title.includes('onerror'))).toBe(true);
    expect(new Script(scriptsOf(html)[1] ?? '').runInNewContext()).toBe('</script>');
  });

  it('has words for what is not there: no epoch, no number', () => {
    expect(reportHtml(TINY, new History([]), {})).toContain('no epoch has ended yet');
    const broken = new History([epochOf(1, { loss: 1 }), epochOf(2, { loss: Number.NaN })]);
    const html = reportHtml(TINY, broken, {});
    expect(html).toContain('In epoch 2, loss is NaN');
    expect(dataOf(html).charts[0]?.curves[0]?.y).toEqual([1, null]);
  });

  it('shows how the run ended', () => {
    const history = new History(epochs);
    history.stopReason = 'valLoss has not improved';
    expect(reportHtml(TINY, history, {})).toContain('stopped: valLoss has not improved');
  });

  it('counts right predictions, with recall and precision', () => {
    const counts = [
      [8, 2],
      [0, 0],
    ];
    const html = reportHtml(TINY, new History(epochs), {
      predictions: { counts: counts.map((row) => Uint32Array.from(row)), classes: ['a', 'b'] },
    });
    expect(html).toContain('8 of 10 right, 80.0 %');
    expect(html).toContain('style="--share:0.800">8<');
    expect(html).toContain('<td class="faint">–</td>');
    const wrong = { predictions: { counts: [Uint32Array.of(1, 2)] } };
    expect(() => reportHtml(TINY, new History(epochs), wrong)).toThrow(ArgumentError);
  });

  it('draws a matrix of many classes rather than writing numbers', () => {
    const counts = Array.from({ length: 40 }, () => new Uint32Array(40));
    const html = reportHtml(TINY, new History(epochs), { predictions: { counts } });
    expect(html).toContain('<svg xmlns');
    expect(html).not.toContain('class="confusion"');
  });
});

describe('charts', () => {
  it('take curves by the step where there are any', () => {
    const curve = { steps: [1, 2], values: [0.001, 10] };
    const charts = chartsOf(new History(epochs), { loss: curve, lr: curve, gradNorm: curve });
    expect(charts.map(({ title, x }) => `${title}: ${x}`)).toEqual([
      'Loss: epoch',
      'Accuracy: epoch',
      'Loss by the step: step',
      'Learning rate: step',
      'Gradient norm: step',
    ]);
    expect(charts.map(({ log }) => log)).toEqual([false, false, false, false, true]);
  });

  it('have names in words', () => {
    expect(readableName('topFiveAccuracy')).toBe('Top five accuracy');
    expect(readableName('f1')).toBe('F1');
  });
});

describe('inlining', () => {
  it('keeps the meaning', () => {
    const script = inlineScript(`'</SCRIPT><!--' + /<\\/script>/.source`);
    expect(script).not.toMatch(/<\/script|<!--/i);
    expect(new Script(script).runInNewContext()).toBe('</SCRIPT><!--<\\/script>');
    expect(JSON.parse(inlineJson({ a: '</script>\u2028' }))).toEqual({ a: '</script>\u2028' });
    expect(inlineJson('</script>')).not.toContain('<');
  });
});

/** Says class 1 for images whose first pixel is above a half. */
class FirstPixel extends Module {
  override forward(images: Tensor): Tensor {
    return images
      .flatten(1)
      .matmul(
        tensor([
          [-8, 8],
          [0, 0],
        ]),
      )
      .add(tensor([4, -4]));
  }
}

describe('predictClasses', () => {
  const pixels = Float32Array.of(0.9, 0, 0.1, 0.2, 0.8, 1, 0.3, 0);
  const images = () => tensor(pixels, { shape: [4, 1, 1, 2] }).keep();
  const loaderOf = (targets: number[]) =>
    new DataLoader(new TensorDataset(images(), tensor(Int32Array.from(targets)).keep()), {
      batchSize: 2,
    });

  it('counts, and shows samples and the surest mistakes', async () => {
    const model = new FirstPixel();
    const found = await predictClasses(model, {
      data: loaderOf([0, 0, 1, 1]),
      classes: ['dark', 'light'],
    });
    expect(found.counts.map((row) => Array.from(row))).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(found.samples).toHaveLength(4);
    expect(found.mistakes.map(({ truth, prediction }) => [truth, prediction])).toEqual([
      ['dark', 'light'],
      ['light', 'dark'],
    ]);
    const [first, second] = found.mistakes.map(({ confidence }) => confidence ?? 0);
    expect(first).toBeGreaterThan(second ?? 1);
    expect(model.training).toBe(true);
  });

  it('undoes the normalisation of images, and keeps to the number wanted', async () => {
    const found = await predictClasses(new FirstPixel(), {
      data: loaderOf([1, 0, 1, 0]),
      mean: 0.5,
      std: [0.5],
      samples: 1,
    });
    expect(found.samples).toHaveLength(1);
    expect(found.mistakes).toHaveLength(0);
    expect(Array.from(found.samples[0]?.image.data ?? [])).toEqual([242, 128]);
  });

  it('refuses what is no classifier', async () => {
    const data = [[zeros([2, 1, 1, 2]).keep(), zeros([2, 3]).keep()] as const];
    await expect(predictClasses(new FirstPixel(), { data })).rejects.toThrow(ArgumentError);
    const outside = predictClasses(new FirstPixel(), { data: loaderOf([5, 0, 0, 0]) });
    await expect(outside).rejects.toThrow(/target 5 of 2 classes/);
  });
});

describe('ReportHtml', () => {
  const folder = temporaryFolder();

  it('records a run of fit', async () => {
    const path = join(folder.path, 'report.html');
    const report = new ReportHtml(path, { title: 'A line', input: [1, 3], everySeconds: 0 });
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

  it('shows predictions at the end', async () => {
    const path = join(folder.path, 'report.html');
    const model = new Sequential(new Flatten(), new Linear(2, 2));
    const images = noGrad(() => zeros([4, 1, 1, 2]).keep());
    const data = new DataLoader(
      new TensorDataset(images, tensor(Int32Array.of(0, 1, 0, 1)).keep()),
    );
    const found = await predictClasses(model, { data });
    await writeReport(path, new History(epochs), { predictions: found });
    const html = await readFile(path, 'utf8');
    expect(html.match(/<figure>/g)).toHaveLength(4 + found.mistakes.length);
    expect(html).toContain('of 4 right');
  });

  it('remembers its curves in checkpoints', async () => {
    const [first, second] = ['a.html', 'b.html'].map(
      (name) => new ReportHtml(join(folder.path, name)),
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
    const report = new ReportHtml(join(folder.path, 'file', 'report.html'), { everySeconds: 0 });
    const logger = collectingLogger();
    const history = await trainLine([report], { logger });
    expect(history.epochs).toHaveLength(3);
    expect(logger.lines.filter((line) => line.startsWith('warning: '))).toHaveLength(1);
  });
});
