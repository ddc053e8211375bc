import { Buffer } from 'node:buffer';
import type { SummaryRow } from '../../nn/summary.js';
import { confusionMatrix } from '../../plot/heatMap.js';
import { formatNumber } from '../../plot/scale.js';
import { escapeText } from '../../plot/svg.js';
import { encodePng } from '../../vision/png.js';
import { formatSeconds } from '../loop/duration.js';
import type { EpochRecord } from '../loop/history.js';
import type { PredictedImage } from './predictions.js';

/** A larger matrix is drawn, without numbers. */
const MOST_CLASSES = 30;

/** Tables of the page, as HTML. */
export function epochTable(epochs: readonly EpochRecord[]): string {
  const names = [...new Set(epochs.flatMap(({ values }) => Object.keys(values)))];
  const header = ['epoch', ...names, 'learning rate', 'samples/s', 'time'];
  const rows = epochs.map(({ epoch, values, lr, samplesPerSecond, seconds }) => [
    String(epoch),
    ...names.map((name) => {
      const value = values[name];
      return value === undefined ? '' : formatNumber(value);
    }),
    formatNumber(lr, 3),
    formatNumber(Math.round(samplesPerSecond), 6),
    seconds < 10 ? `${seconds.toFixed(1)}s` : formatSeconds(seconds),
  ]);
  return table('wide', header, rows, 0);
}

export function modelTable(rows: readonly SummaryRow[], hasOutputs: boolean): string {
  const header = ['layer', 'type', ...(hasOutputs ? ['output'] : []), 'parameters'];
  const cells = rows.map(({ path, type, output, parameters }) => [
    path,
    type,
    ...(hasOutputs ? [output] : []),
    parameters.toLocaleString('en-US'),
  ]);
  return table('wide', header, cells, hasOutputs ? 3 : 2);
}

export function environmentTable(rows: readonly (readonly [string, string])[]): string {
  return table('environment', [], rows, 2);
}

/** @param textColumns so many columns at the left are text */
function table(
  kind: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: number,
): string {
  const cell = (tag: 'th' | 'td') => (text: string, i: number) =>
    `<${tag}${i < textColumns ? ' class="text"' : ''}>${escapeText(text)}</${tag}>`;
  const head =
    header.length > 0 ? `<thead><tr>${header.map(cell('th')).join('')}</tr></thead>` : '';
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table class="${kind}">${head}<tbody>${body}</tbody></table></div>`;
}

/** True classes down, predicted ones across, with the recall and precision of each. */
export function confusionTable(
  counts: readonly ArrayLike<number>[],
  names: readonly string[],
): string {
  if (counts.length > MOST_CLASSES) {
    return `<div class="scroll">${confusionMatrix(counts, { classes: names, title: '', width: 900 })}</div>`;
  }
  const totals = counts.map((row) => sum(row));
  const predicted = counts.map((_, j) => sum(counts.map((row) => row[j] ?? 0)));
  const share = (i: number, total: number | undefined) =>
    total ? percent((counts[i]?.[i] ?? 0) / total) : '–';
  const heads = names.map((name) => `<th scope="col">${escapeText(name)}</th>`).join('');
  const rows = counts.map((row, i) => {
    const cells = Array.from(row, (count) => {
      const part = count / (totals[i] || 1);
      const kind = part > 0.5 ? ' strong' : count === 0 ? ' none' : '';
      return `<td class="cell${kind}" style="--share:${part.toFixed(3)}">${count}</td>`;
    });
    const recall = `<td class="faint">${share(i, totals[i])}</td>`;
    return `<tr><th scope="row">${escapeText(names[i] ?? String(i))}</th>${cells.join('')}${recall}</tr>`;
  });
  const precisions = predicted.map((total, i) => `<td class="faint">${share(i, total)}</td>`);
  return [
    '<div class="scroll"><table class="confusion">',
    `<thead><tr><th class="faint">true ↓ predicted →</th>${heads}<th class="faint">recall</th></tr></thead>`,
    `<tbody>${rows.join('\n')}`,
    `<tr><th scope="row" class="faint">precision</th>${precisions.join('')}<td></td></tr>`,
    '</tbody></table></div>',
  ].join('\n');
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b, 0);
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '–';
}

/** Pictures with what they are and what the model says. */
export function figures(images: readonly PredictedImage[]): string {
  const each = images.map(({ image, truth, prediction, confidence }) => {
    const isRight = truth === prediction;
    const png = Buffer.from(encodePng(image)).toString('base64');
    const sure = confidence === undefined ? '' : `, ${percent(confidence)}`;
    const words = `${isRight ? '✓' : '✗'} ${prediction}${sure}`;
    return [
      `<figure><img alt="${escapeText(`${truth}, taken for ${prediction}`)}" src="data:image/png;base64,${png}">`,
      `<span class="${isRight ? 'right' : 'wrong'}">${escapeText(words)}</span>`,
      isRight ? '' : `<br><span class="faint">is ${escapeText(truth)}</span>`,
      '</figure>',
    ].join('');
  });
  return `<div class="samples">${each.join('\n')}</div>`;
}
