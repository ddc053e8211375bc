import { writeFileAtomic } from '../../io/atomicFile.js';
import { checkPath } from '../../io/path.js';
import { summaryOf } from '../../nn/summary.js';
import { formatNumber } from '../../plot/scale.js';
import { type Content, Markup, shortName } from '../../plot/svg.js';
import { cutText } from '../../terminal.js';
import { formatSeconds } from '../loop/duration.js';
import type { History } from '../loop/history.js';
import { splitValues } from '../loop/valueNames.js';
import type { PageData, ReportChart } from './chartData.js';
import { chartsOf, MOST_NAMES, readableName } from './charts.js';
import {
  type CheckedPredictions,
  type CheckedReport,
  checkedHistory,
  checkedReport,
  type ReportOptions,
} from './checks.js';
import { loadEcharts } from './echarts.js';
import { environmentOf } from './environment.js';
import { html, joined } from './html.js';
import { loadPage, type PageParts } from './pageParts.js';
import { inlineJson, policyOf, scriptOf, styleOf } from './policy.js';
import type { PredictedImage } from './predictions.js';
import {
  confusionTable,
  environmentTable,
  epochTable,
  figures,
  modelTable,
  percent,
  SHARES,
} from './tables.js';

/**
 * Writes a run as one HTML file that needs nothing else and opens without a network: curves of loss, metrics, learning
 * rate and gradient norms, confusion matrix, sample predictions, the model, the environment. The curves are drawn by
 * Apache ECharts, which has to be installed (`npm install echarts`) and goes into the file (0.7 MB).
 *
 * Names, titles and notes are text, whatever is in them: a content policy lets the page run no other script and no other
 * style than its own, and load nothing.
 *
 * @param path of the file; folders on the way to it are made
 * @throws ArgumentError for an unknown option, or what is no text, number or count where one is expected
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
  checkPath('writeReport', path);
  const [page, echarts] = await Promise.all([loadPage(), loadEcharts()]);
  const text = reportHtml({ ...page, echarts }, history, options);
  await writeFileAtomic(path, text, { makeFolder: true });
}

/** The page as text. */
export function reportHtml(parts: PageParts, history: History, options: ReportOptions): string {
  return pageOf(parts, checkedHistory(history), checkedReport(options)).toString();
}

/** Characters of a title that a reader has a use for. */
const MOST_IN_TITLE = 1000;

function pageOf(parts: PageParts, history: History, report: CheckedReport): Markup {
  const { steps, predictions } = report;
  const title = cutText(report.title, MOST_IN_TITLE);
  const charts = history.epochs.length > 0 || steps ? chartsOf(history, steps ?? {}) : [];
  const data: PageData = { charts };
  const sections: [string, Content][] = [
    [
      'Curves',
      charts.length > 0
        ? html`<div class="charts">${joined(charts.map(chartPanel), '\n')}</div>`
        : '',
    ],
    ['Confusion matrix', confusionSection(predictions)],
    ['Sample predictions', images(predictions.samples)],
    ['Worst mistakes', images(predictions.mistakes)],
    ['Epochs', epochSection(history)],
    ['Model', modelSection(report)],
    ['Environment', html`<div class="panel">${environmentTable(environmentOf())}</div>`],
  ];
  const style = styleOf(parts.style + SHARES);
  const [library, client] = [scriptOf(parts.echarts, false), scriptOf(parts.client, true)];
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const notes = joined(report.notes.split('\n'), new Markup('<br>'));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policyOf([library, client], [style]))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${style.element}
</head>
<body>
<main>
<h1>${title}</h1>
<p class="faint">${date} UTC, ${statusOf(history)}</p>
${report.notes === '' ? '' : html`<p>${notes}</p>`}
<div class="cards">${joined(cardsOf(history).map(card), '\n')}</div>
${joined(
  warningsOf(history).map((text) => html`<p class="note">${text}</p>`),
  '\n',
)}
${joined(
  sections.flatMap(([name, content]) =>
    content === '' ? [] : [html`<section><h2>${name}</h2>${content}</section>`],
  ),
  '\n',
)}
<noscript><p class="note">The curves need JavaScript; the tables do not.</p></noscript>
</main>
<script type="application/json" id="data">${new Markup(inlineJson(data))}</script>
${library.element}
${client.element}
</body>
</html>
`;
}

function statusOf({ stopReason, epochs }: History): string {
  if (epochs.length === 0) return 'no epoch has ended yet';
  if (stopReason === null) return 'training goes on';
  return stopReason === 'finished' ? 'finished' : `stopped: ${cutText(stopReason, MOST_IN_TITLE)}`;
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
  for (const [kind, values] of Object.entries({ training, validation })) {
    for (const [name, value] of Object.entries(values).slice(0, MOST_NAMES)) {
      cards.push([formatNumber(value), `${kind} ${readableName(name).toLowerCase()}`]);
    }
  }
  if (Object.hasOwn(validation, 'loss')) {
    const { epoch, value } = history.best('valLoss');
    if (epoch > 0) cards.push([formatNumber(value), `best validation loss, epoch ${epoch}`]);
  }
  return cards;
}

function card([value, name]: readonly [string, string]): Markup {
  return html`<div class="card"><b>${value}</b><span>${name}</span></div>`;
}

/** Names in a warning. */
const MOST_IN_WARNING = 10;

function warningsOf(history: History): string[] {
  const warnings: string[] = [];
  const broken = history.epochs.find(({ values }) =>
    Object.values(values).some((value) => !Number.isFinite(value)),
  );
  if (broken) {
    const names = Object.entries(broken.values).filter(([, value]) => !Number.isFinite(value));
    const list = names
      .slice(0, MOST_IN_WARNING)
      .map(([name, value]) => `${shortName(name)} is ${value}`);
    if (names.length > MOST_IN_WARNING) list.push(`and ${names.length - MOST_IN_WARNING} more`);
    warnings.push(
      `In epoch ${broken.epoch}, ${list.join(', ')}. Curves have gaps where values are not finite.`,
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

function chartPanel(chart: ReportChart, index: number): Markup {
  const ends = chart.curves.map(({ name, y }) => {
    const last = y.at(-1);
    return `${name} ends at ${last === null || last === undefined ? 'no finite value' : formatNumber(last)}`;
  });
  const label = `${chart.title} by ${chart.x}: ${ends.join(', ')}. ${chart.note}`.trim();
  return html`<div class="panel"><div class="head"><h3>${chart.title}</h3><span class="aside">${chart.note}</span><button type="button" aria-pressed="false" hidden>log</button></div>
<div class="chart" data-chart="${index}" role="img" aria-label="${label}"></div></div>`;
}

function confusionSection({ counts, classes }: CheckedPredictions): Content {
  if (counts.length === 0) return '';
  const total = counts.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  const right = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const line = `${right.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} right, ${percent(right / total)}`;
  return html`<div class="panel"><p class="faint">${line}</p>${confusionTable(counts, classes)}</div>`;
}

function images(found: readonly PredictedImage[]): Content {
  return found.length > 0 ? html`<div class="panel">${figures(found)}</div>` : '';
}

function epochSection({ epochs }: History): Content {
  if (epochs.length === 0) return '';
  const table = epochTable(epochs);
  if (epochs.length <= 12) return html`<div class="panel">${table}</div>`;
  return html`<details class="panel"><summary>all ${epochs.length} epochs</summary>${table}</details>`;
}

function modelSection({ model, input }: CheckedReport): Content {
  if (model === undefined) return '';
  const { rows, totals, type } = summaryOf(model, input);
  const lines = totals.map((line) => html`<p class="faint">${line}</p>`);
  return html`<div class="panel"><h3>${type}</h3>${lines}${modelTable(rows, input !== undefined)}</div>`;
}
