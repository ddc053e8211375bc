import { ArgumentError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomicFile.js';
import type { Module } from '../../nn/module.js';
import { type SummaryInput, summaryOf } from '../../nn/summary.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { formatNumber } from '../../plot/scale.js';
import { escapeText } from '../../plot/svg.js';
import { formatSeconds } from '../loop/duration.js';
import type { History } from '../loop/history.js';
import { splitValues } from '../loop/valueNames.js';
import type { PageData, ReportChart } from './chartData.js';
import { chartsOf, readableName, type StepCurves } from './charts.js';
import { inlineJson, inlineScript, loadEcharts } from './echarts.js';
import { environmentOf } from './environment.js';
import { loadPage, type PageParts } from './pageParts.js';
import type { Predictions } from './predictions.js';
import {
  confusionTable,
  environmentTable,
  epochTable,
  figures,
  modelTable,
  percent,
} from './tables.js';

export interface ReportOptions {
  /** Default: 'Training report'. */
  title?: string;
  /** A few words about the run; lines are kept. */
  notes?: string;
  /** Adds a table of its layers. */
  model?: Module;
  /** Shape of the model's input, such as [1, 1, 28, 28]: adds the shapes of what layers return. */
  input?: SummaryInput;
  /** Curves by the step. */
  steps?: StepCurves;
  /** Adds a confusion matrix and images, as `predictClasses` or you found them. */
  predictions?: Partial<Predictions>;
}

const NAMES: OptionNames<ReportOptions> = {
  title: true,
  notes: true,
  model: true,
  input: true,
  steps: true,
  predictions: true,
};

/**
 * Writes a run as one HTML file that needs nothing else and opens without a network: curves of loss, metrics, learning
 * rate and gradient norms, confusion matrix, sample predictions, the model, the environment. The curves are drawn by
 * Apache ECharts, which has to be installed (`npm install echarts`) and goes into the file (0.7 MB).
 *
 * @param path of the file; folders on the way to it are made
 * @throws ArgumentError for an unknown option
 * @throws DependencyError if echarts is not installed
 * @throws WriteError if the file cannot be written
 *
 * @example
 * const history = await train.fit({ ... });
 * await train.writeReport('report.html', history, { model, input: [1, 1, 28, 28] });
 */
export async function writeReport(
  path: string,
  history: History,
  options: ReportOptions = {},
): Promise<void> {
  checkOptions('writeReport', options, NAMES);
  if (typeof path !== 'string' || path === '') {
    throw new ArgumentError(`writeReport: the path is ${inWords(path)}, expected that of a file`);
  }
  if (!Array.isArray(history?.epochs)) {
    throw new ArgumentError(`writeReport: the history is ${inWords(history)}, expected a History`);
  }
  const [page, echarts] = await Promise.all([loadPage(), loadEcharts()]);
  const html = reportHtml({ ...page, echarts }, history, options);
  await writeFileAtomic(path, html, { makeFolder: true });
}

/** The page as text. */
export function reportHtml(parts: PageParts, history: History, options: ReportOptions): string {
  const { title = 'Training report', predictions = {} } = options;
  const charts =
    history.epochs.length > 0 || options.steps ? chartsOf(history, options.steps ?? {}) : [];
  const data: PageData = { charts };
  const sections = [
    [
      'Curves',
      charts.length > 0 ? `<div class="charts">${charts.map(chartPanel).join('\n')}</div>` : '',
    ],
    ['Confusion matrix', confusionSection(predictions)],
    ['Sample predictions', images(predictions.samples)],
    ['Worst mistakes', images(predictions.mistakes)],
    ['Epochs', epochSection(history)],
    ['Model', modelSection(options)],
    ['Environment', `<div class="panel">${environmentTable(environmentOf())}</div>`],
  ] as const;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${escapeText(title)}</title>
<style>${parts.style}</style>
</head>
<body>
<main>
<h1>${escapeText(title)}</h1>
<p class="faint">${escapeText(new Date().toISOString().slice(0, 16).replace('T', ' '))} UTC, ${escapeText(statusOf(history))}</p>
${options.notes ? `<p>${escapeText(options.notes).replaceAll('\n', '<br>')}</p>` : ''}
<div class="cards">${cardsOf(history).map(card).join('\n')}</div>
${warningsOf(history)
  .map((text) => `<p class="note">${escapeText(text)}</p>`)
  .join('\n')}
${sections
  .filter(([, content]) => content !== '')
  .map(([name, content]) => `<section><h2>${name}</h2>${content}</section>`)
  .join('\n')}
<noscript><p class="note">The curves need JavaScript; the tables do not.</p></noscript>
</main>
<script type="application/json" id="data">${inlineJson(data)}</script>
<script>${inlineScript(parts.echarts)}</script>
<script type="module">${inlineScript(parts.client)}</script>
</body>
</html>
`;
}

function statusOf({ stopReason, epochs }: History): string {
  if (epochs.length === 0) return 'no epoch has ended yet';
  if (stopReason === null) return 'training goes on';
  return stopReason === 'finished' ? 'finished' : `stopped: ${stopReason}`;
}

/** Numbers to see at a glance. */
function cardsOf(history: History): [string, string][] {
  const { epochs, last } = history;
  if (last === undefined) return [['0', 'epochs']];
  const seconds = epochs.reduce((sum, record) => sum + record.seconds, 0);
  const { training, validation } = splitValues(last.values);
  const cards: [string, string][] = [
    [String(last.epoch), last.epoch === 1 ? 'epoch' : 'epochs'],
    [formatSeconds(seconds), 'training time'],
  ];
  for (const [name, value] of Object.entries(training)) {
    cards.push([formatNumber(value), `training ${readableName(name).toLowerCase()}`]);
  }
  for (const [name, value] of Object.entries(validation)) {
    cards.push([formatNumber(value), `validation ${readableName(name).toLowerCase()}`]);
  }
  if ('loss' in validation) {
    const { epoch, value } = history.best('valLoss');
    if (epoch > 0) cards.push([formatNumber(value), `best validation loss, epoch ${epoch}`]);
  }
  return cards;
}

function card([value, name]: readonly [string, string]): string {
  return `<div class="card"><b>${escapeText(value)}</b><span>${escapeText(name)}</span></div>`;
}

function warningsOf(history: History): string[] {
  const warnings: string[] = [];
  const broken = history.epochs.find(({ values }) =>
    Object.values(values).some((value) => !Number.isFinite(value)),
  );
  if (broken) {
    const names = Object.entries(broken.values).filter(([, value]) => !Number.isFinite(value));
    const list = names.map(([name, value]) => `${name} is ${value}`).join(', ');
    warnings.push(
      `In epoch ${broken.epoch}, ${list}. Curves have gaps where values are not finite.`,
    );
  }
  const since = history.overfittingSince;
  if (since !== null) {
    warnings.push(
      `Overfitting from epoch ${since} on: validation loss turned while training loss went on falling. ` +
        'Stop earlier, or add data, dropout or weight decay.',
    );
  }
  return warnings;
}

function chartPanel(chart: ReportChart, index: number): string {
  const ends = chart.curves.map(({ name, y }) => {
    const last = y.at(-1);
    return `${name} ends at ${last === null || last === undefined ? 'no finite value' : formatNumber(last)}`;
  });
  const label = `${chart.title} by ${chart.x}: ${ends.join(', ')}. ${chart.note}`.trim();
  return `<div class="panel"><div class="head"><h3>${escapeText(chart.title)}</h3><span class="aside">${escapeText(chart.note)}</span><button type="button" aria-pressed="false" hidden>log</button></div>
<div class="chart" data-chart="${index}" role="img" aria-label="${escapeText(label)}"></div></div>`;
}

function confusionSection({ counts, classes }: Partial<Predictions>): string {
  if (counts === undefined || counts.length === 0) return '';
  if (counts.some((row) => row.length !== counts.length)) {
    throw new ArgumentError(
      `report: ${counts.length} rows of counts, one of another length, expected a square`,
    );
  }
  const names = classes ?? counts.map((_, i) => String(i));
  const total = counts.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  const right = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const line = `${right.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} right, ${percent(right / total)}`;
  return `<div class="panel"><p class="faint">${line}</p>${confusionTable(counts, names)}</div>`;
}

function images(found: Predictions['samples'] | undefined): string {
  return found && found.length > 0 ? `<div class="panel">${figures(found)}</div>` : '';
}

function epochSection({ epochs }: History): string {
  if (epochs.length === 0) return '';
  const table = epochTable(epochs);
  if (epochs.length <= 12) return `<div class="panel">${table}</div>`;
  return `<details class="panel"><summary>all ${epochs.length} epochs</summary>${table}</details>`;
}

function modelSection({ model, input }: ReportOptions): string {
  if (model === undefined) return '';
  const { rows, totals } = summaryOf(model, input);
  const lines = totals.map((line) => `<p class="faint">${escapeText(line)}</p>`).join('');
  return `<div class="panel"><h3>${escapeText(model.constructor.name)}</h3>${lines}${modelTable(rows, input !== undefined)}</div>`;
}
