import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AxonodeError } from '../../src/errors.js';
import { Linear, Module } from '../../src/nn/index.js';
import { csvRow } from '../../src/train/callbacks/csv.js';
import { formatValues } from '../../src/train/callbacks/progress.js';
import type { EpochRecord, ReportOptions } from '../../src/train/index.js';
import * as train from '../../src/train/index.js';
import { harmless } from '../../src/train/loop/logger.js';
import { loadPage } from '../../src/train/report/pageParts.js';
import { reportHtml } from '../../src/train/report/report.js';
import { SearchResult } from '../../src/train/tune/result.js';
import { expectWellFormed } from '../plot/wellFormed.js';
import {
  ACTING,
  HOSTILE_TEXTS,
  HOSTILE_VALUES,
  hostileText,
  hostileValue,
} from '../support/hostile.js';
import { expectInert, outputOf, pathsOf, replaced } from '../support/inert.js';
import { collectingLogger, epochOf, runOf, trainLine } from './callbacks/runs.js';
import { expectOwnPolicy, scriptsOf } from './report/page.js';

const TEXTS = HOSTILE_TEXTS;
const ALL = [...HOSTILE_VALUES, ...HOSTILE_TEXTS];

/** Fails unless a text can be shown on a terminal. */
function expectShowable(text: string): void {
  if (ACTING.test(text.replaceAll('\n', ''))) throw new Error(`acts: ${JSON.stringify(text)}`);
}

/** The fields of a CSV file, as RFC 4180 has it. */
function fieldsOf(csv: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/gy;
  for (const [, quoted, plain = '', end] of csv.matchAll(field)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** Fails unless no spreadsheet takes a cell for a formula. */
function expectNoFormula(csv: string): void {
  for (const cell of fieldsOf(csv).flat()) {
    const isNumber = /^-?(\d[\d.e+-]*|Infinity)$/.test(cell);
    if (!isNumber && /(^|;)\s*[=+\-@＝＋－＠]/.test(cell)) throw new Error(`a formula: ${cell}`);
    if (ACTING.test(cell)) throw new Error(`acts: ${JSON.stringify(cell)}`);
  }
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'axonode-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

const page = { ...(await loadPage()), echarts: 'var echarts;' };

/** Fails unless nothing acts in a page but its own scripts. */
function expectInertPage(html: string): void {
  expectOwnPolicy(html);
  expect(scriptsOf(html).slice(1)).toEqual([page.echarts, page.client]);
  const markup = html
    .replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
    .replace(/^<!doctype html>\n/, '')
    .replace(/<(meta|img|br)\b([^>]*)>/g, '<$1$2/>')
    .replaceAll(' hidden>', ' hidden="">');
  expectWellFormed(markup.trim());
  if (/[^\P{Cc}\t\n\r]|[\u202A-\u202E\u2066-\u2069]/u.test(html)) throw new Error('acts');
  for (const [, name = ''] of markup.matchAll(/<([a-z][\w-]*)/gi)) {
    if (/^(script|iframe|object|embed|link|base|form|foreignobject)$/i.test(name))
      throw new Error(name);
  }
  for (const [tag] of markup.matchAll(/\s(src|href|action)="(?!data:image\/png;base64,)/g)) {
    throw new Error(tag);
  }
}

const image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(1) };
const seen = [{ image, truth: 'a', prediction: 'b', confidence: 0.5 }];
const REPORT = [
  [1, 2, 3].map((epoch) => epochOf(epoch, { loss: 1 / epoch, valLoss: 1, accuracy: 0.5 })),
  'finished',
  {
    title: 'title',
    notes: 'notes',
    model: new Linear(1, 1),
    input: [1, 1],
    steps: { loss: { steps: [1, 2], values: [1, 2] }, lr: { steps: [1, 2], values: [1, 2] } },
    predictions: {
      counts: [
        [1, 2],
        [3, 4],
      ],
      classes: ['a', 'b'],
      samples: seen,
      mistakes: seen,
    },
  },
] as const;

function reported(given: unknown): void {
  const [epochs, stopReason, options] = given as [EpochRecord[], string, ReportOptions];
  const html = outputOf(() => {
    const history = new train.History(epochs);
    history.stopReason = stopReason;
    return reportHtml(page, history, options);
  });
  if (html !== null) expectInertPage(html);
}

/** What makes text, or files of it, and how it is tried. */
const CASES: Readonly<Record<string, () => unknown>> = {
  writeReport() {
    reported(REPORT);
    const paths = pathsOf(REPORT).filter((path) => path.length > 0);
    const change = fc.tuple(fc.constantFrom(...paths), hostileValue);
    fc.assert(
      fc.property(change, ([path, value]) => reported(replaced(REPORT, path, value))),
      { numRuns: 300 },
    );
    const named = ({ values, lr, ...rest }: EpochRecord, name: string): EpochRecord => ({
      ...rest,
      lr,
      values: { ...values, [name]: 1 },
    });
    for (const text of TEXTS) {
      reported([
        REPORT[0].map((record) => named(record, text)),
        text,
        { title: text, notes: text },
      ]);
    }
  },
  async CsvLogger() {
    const path = join(folder, 'run.csv');
    const values = Object.fromEntries(TEXTS.map((text) => [text, 1]));
    const records = [epochOf(1, values), epochOf(2, { '=1+1': '=1+1' as unknown as number })];
    const logger = new train.CsvLogger(path);
    await logger.onTrainBegin(runOf([]));
    for (const [i, record] of records.entries()) {
      await logger.onEpochEnd(runOf(records.slice(0, i + 1)), record);
    }
    await logger.onTrainEnd();
    const csv = await readFile(path, 'utf8');
    expectNoFormula(csv);
    const rows = fieldsOf(csv);
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
    expect(rows[2]?.at(-1)).toBe("'=1+1");
  },
  Progress() {
    let text = '';
    const stream = {
      isTTY: true,
      columns: 200,
      write(part: string) {
        text += part;
      },
    };
    const shown = () => text.replaceAll('\r', '').replaceAll('\x1b[K', '');
    const run = (epochs: unknown, value: unknown, name: string): void => {
      const progress = new train.Progress(epochs as number, { stream, steps: value as number });
      progress.startEpoch(value as number, value as number);
      progress.count(value as number);
      progress.update(value as number, { [name]: value as number });
      progress.endEpoch({ [name]: value as number });
      progress.print(name);
      progress.print(value as string);
    };
    for (const value of ALL) {
      outputOf(() => run(value, 1, 'loss'));
      outputOf(() => run(1, value, 'loss'));
      outputOf(() => run(1, 1, String(typeof value === 'string' ? value : 'loss')));
      const progress = new train.Progress(1, { stream, steps: 2 });
      progress.startEpoch(1);
      outputOf(() => progress.update(1, { loss: value as number }));
      outputOf(() => progress.endEpoch(value as Record<string, number>));
      outputOf(() => progress.print(value as string));
    }
    expectShowable(shown());
    fc.assert(fc.property(hostileText, (name) => expectShowable(formatValues({ [name]: 1 }))));
  },
  async TensorBoardWriter() {
    const board = new train.TensorBoardWriter(join(folder, 'board'));
    for (const value of ALL) {
      outputOf(() => board.scalar(value as string, 1, 1));
      outputOf(() => board.scalar('tag', value as number, 1));
      outputOf(() => board.scalar('tag', 1, value as number));
      outputOf(() => board.histogram('tag', value as number[], 1));
      if (typeof value !== 'string') outputOf(() => board.text('tag', value as string, 1));
      outputOf(() => board.image('tag', value as typeof image & { channels: 1 }, 1));
    }
    await board.close();
    const bytes = await readFile(board.path ?? '', 'latin1');
    // Tags stand in fields 1 of values, whose text is what was given with its control characters shown.
    expect(bytes.includes('\x1b]0;owned')).toBe(false);
    expect(bytes.includes('\\x1b]0;owned\\x07\\x1b[2J')).toBe(true);
  },
  async TensorBoard() {
    class Evil extends Module {
      override forward(): void {}
      constructor() {
        super();
        Object.assign(this, { '```\n<script>\x1b[2J|`': new Linear(1, 1) });
      }
    }
    const board = new train.TensorBoard(join(folder, 'evil'));
    board.onTrainBegin({ ...runOf([]), model: new Evil() });
    await board.onTrainEnd(runOf([]));
    expect(String(new Evil())).toContain('```\\n<script>\\x1b[2J|`');
  },
  History() {
    for (const text of TEXTS) {
      expectShowable(new train.History([epochOf(1, { [text]: 1 })]).summary());
      expect(() => new train.History([epochOf(1, { [text]: 1 })]).values('none')).toThrow(
        AxonodeError,
      );
    }
    for (const value of HOSTILE_VALUES) {
      const history = new train.History([epochOf(1, { loss: value as number })]);
      expectShowable(history.summary());
    }
  },
  ConfusionMatrix() {
    const matrix = new train.ConfusionMatrix(2);
    for (const text of TEXTS) expectShowable(matrix.toString([text, 'b']));
    for (const value of HOSTILE_VALUES) outputOf(() => matrix.toString(value as string[]));
    for (const value of HOSTILE_VALUES) outputOf(() => matrix.toString([value as string, 'b']));
  },
  LearningRateLogger() {
    const logger = new train.LearningRateLogger();
    const saved = { blockSize: 1, steps: [1, 2], means: [1, 2], count: 0, sum: 0, step: 2 };
    const names = TEXTS.map((text) => [text, saved] as const);
    logger.loadStateDict({ values: Object.fromEntries(names) });
    for (const value of ALL) {
      const svg = outputOf(() => logger.toSvg({ title: value as string }));
      if (svg !== null) expectInert(svg);
    }
  },
  LearningRateSweep() {
    const sweep: train.LearningRateSweep = Reflect.construct(train.LearningRateSweep, [
      [0.1, 1],
      [2, 1],
      0.5,
      'done',
    ]);
    for (const value of ALL) {
      const svg = outputOf(() => sweep.toSvg({ title: value as string }));
      if (svg !== null) expectInert(svg);
    }
  },
  async EarlyStopping() {
    const logger = collectingLogger();
    const name = '\x1b[2J\u202Eevil';
    await trainLine([{ onEpochEnd: (run) => run.stop(name) }], { logger });
    expectShowable(logger.lines.join('\n'));
    expect(logger.lines.join('\n')).toContain('\\x1b[2J\\u202eevil');
    const wrong = trainLine([{ onEpochEnd: (run) => run.stop(Symbol('x') as never) }], { logger });
    await expect(wrong).rejects.toThrow(AxonodeError);
  },
};

/** These make no text of what they are given, or by one of those above. */
const SILENT: Readonly<Record<string, string>> = {
  HtmlReport: 'writes by writeReport',
  predictClasses: 'its counts go to writeReport',
  evaluate: 'returns numbers',
  fit: 'shows by Progress and loggers, tried with EarlyStopping',
  findLearningRate: 'returns a LearningRateSweep',
  truncatedBptt: 'yields numbers',
  MaxNorm: 'changes weights',
  ModelCheckpoint: 'writes checkpoints',
  TerminateOnNaN: 'throws errors, whose texts are tried in test/terminal.test.ts',
  WeightAveraging: 'changes weights',
  Accuracy: 'a number',
  F1: 'a number',
  MAE: 'a number',
  MSE: 'a number',
  Mean: 'a number',
  Perplexity: 'a number',
  Precision: 'a number',
  R2: 'a number',
  Recall: 'a number',
  TopKAccuracy: 'a number',
  Metric: 'the base of these',
};

describe('what goes to terminals, spreadsheets, browsers and TensorBoard does nothing there', () => {
  it.each(Object.entries(CASES))('%s', async (_, run) => {
    await run();
  });

  it('and nothing that is exported is left out', () => {
    const all = Object.keys(train).filter((name) => {
      const isTried = Object.hasOwn(CASES, name) || Object.hasOwn(SILENT, name);
      return !isTried;
    });
    expect(all).toEqual([]);
  });

  it('the table and the picture of a search', () => {
    for (const text of TEXTS) {
      const run = { trial: 0, budget: 1, params: { [text]: text }, score: 1, seconds: 1 };
      const failed = { ...run, trial: 1, score: null, error: `${text}\nstack` };
      const space = Object.fromEntries([[text, { scale: 'choice' }]]);
      const found: SearchResult = Reflect.construct(SearchResult, [
        space,
        'min',
        [run, failed],
        'done',
      ]);
      expectShowable(found.table());
      expect(found.table().split('\n')).toHaveLength(3);
      expectInert(found.toSvg({ title: text }));
    }
  });

  it('rows of CSV, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(hostileValue, fc.double()), { minLength: 1 }), (values) => {
        const row = csvRow(values);
        expectNoFormula(row);
        expect(fieldsOf(row).map(({ length }) => length)).toEqual([values.length]);
      }),
    );
    expect(csvRow(['a,b', -1.5, '-1', 'x=1', 'a;=1'])).toBe('"a,b",-1.5,"\'-1",x=1,"a;\'=1"\n');
  });

  it('messages of loggers', () => {
    const logger = collectingLogger();
    for (const text of TEXTS) harmless(logger).warn({}, text);
    for (const line of logger.lines) expectShowable(line);
  });
});
