import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { DataLoader, TensorDataset } from '../../../src/data/index.js';
import { Flatten, Linear, Sequential } from '../../../src/nn/index.js';
import { tensor, zeros } from '../../../src/ops/index.js';
import '../../../src/ops/methods.js';
import { ArgumentError, DependencyError } from '../../../src/errors.js';
import { noGrad } from '../../../src/tensor/scope.js';
import { History, predictClasses, writeReport } from '../../../src/train/index.js';
import { loadEcharts } from '../../../src/train/report/echarts.js';
import { loadPage } from '../../../src/train/report/pageParts.js';
import { inlineJson, inlineScript } from '../../../src/train/report/policy.js';
import { reportHtml } from '../../../src/train/report/report.js';
import { epochOf, temporaryFolder } from '../callbacks/runs.js';
import { dataOf, expectOwnPolicy, scriptsOf } from './page.js';

const page = await loadPage();
const TINY = { ...page, echarts: 'var echarts;' };
const epochs = [1, 2, 3, 4].map((epoch) =>
  epochOf(epoch, { loss: 1 / epoch, valLoss: [0.5, 0.4, 0.6, 0.7][epoch - 1] ?? 0, accuracy: 0.9 }),
);

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
    expectOwnPolicy(html);
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

  it('shows predictions at the end', async () => {
    const path = join(folder.path, 'report.html');
    const model = new Sequential(new Flatten(), new Linear(2, 2));
    const images = noGrad(() => zeros([4, 1, 1, 2]).keep());
    const data = new DataLoader(
      new TensorDataset(images, tensor(Int32Array.of(0, 1, 0, 1)).keep()),
    );
    const found = await predictClasses(model, data);
    await writeReport(path, new History(epochs), { predictions: found });
    const html = await readFile(path, 'utf8');
    expect(html.match(/<figure>/g)).toHaveLength(4 + found.mistakes.length);
    expect(html).toContain('of 4 right');
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
    const html = reportHtml(
      { ...page, echarts: `x = '</script>';` },
      new History([epochOf(1, { loss: 1, [evil]: 2 })]),
      {
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
      },
    );
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
    expect(html).toContain('<td class="cell strong share-80">8</td>');
    expect(html).toContain('.share-80 { --share: 0.8; }');
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

describe('inlining', () => {
  it('keeps the meaning', () => {
    const script = inlineScript(`'</SCRIPT><!--' + /<\\/script>/.source`);
    expect(script).not.toMatch(/<\/script|<!--/i);
    expect(new Script(script).runInNewContext()).toBe('</SCRIPT><!--<\\/script>');
    expect(JSON.parse(inlineJson({ a: '</script>\u2028' }))).toEqual({ a: '</script>\u2028' });
    expect(inlineJson('</script>')).not.toContain('<');
  });
});
