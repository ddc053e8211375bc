import { Buffer } from 'node:buffer';
import type { SummaryRow } from '../../nn/summary.js';
import { confusionMatrix } from '../../plot/heatMap.js';
import { formatNumber } from '../../plot/scale.js';
import { type Content, Markup, shortName } from '../../plot/svg.js';
import { encodePng } from '../../vision/png.js';
import { formatSeconds } from '../loop/duration.js';
import type { EpochRecord } from '../loop/history.js';
import { MOST_NAMES } from './charts.js';
import { html, joined } from './html.js';
import type { PredictedImage } from './predictions.js';

/** A larger matrix is drawn, without numbers. */
const MOST_CLASSES = 30;

/** Classes of cells by their share, in hundredths: the content policy has no room for styles of single elements. */
export const SHARES = Array.from(
  { length: 101 },
  (_, i) => `.share-${i} { --share: ${i / 100}; }\n`,
).join('');

/** Tables of the page, as HTML. */
export function epochTable(epochs: readonly EpochRecord[]): Markup {
  const found = new Set<string>();
  for (const { values } of epochs) {
    for (const name of Object.keys(values)) if (found.size < MOST_NAMES) found.add(name);
  }
  const names = [...found];
  const header = ['epoch', ...names.map(shortName), 'learning rate', 'samples/s', 'time'];
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

export function modelTable(rows: readonly SummaryRow[], hasOutputs: boolean): Markup {
  const header = ['layer', 'type', ...(hasOutputs ? ['output'] : []), 'parameters'];
  const cells = rows.map(({ path, type, output, parameters }) => [
    shortName(path),
    shortName(type),
    ...(hasOutputs ? [shortName(output)] : []),
    parameters.toLocaleString('en-US'),
  ]);
  return table('wide', header, cells, hasOutputs ? 3 : 2);
}

export function environmentTable(rows: readonly (readonly [string, string])[]): Markup {
  return table('environment', [], rows, 2);
}

/** @param textColumns so many columns at the left are text */
function table(
  kind: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: number,
): Markup {
  const text = new Markup(' class="text"');
  const kindOf = (i: number): Content => (i < textColumns ? text : '');
  const heads = header.map((cell, i) => html`<th${kindOf(i)}>${cell}</th>`);
  const head = header.length > 0 ? html`<thead><tr>${heads}</tr></thead>` : '';
  const body = rows.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td${kindOf(i)}>${cell}</td>`)}</tr>`,
  );
  return html`<div class="scroll"><table class="${kind}">${head}<tbody>${joined(body, '\n')}</tbody></table></div>`;
}

/** True classes down, predicted ones across, with the recall and precision of each. */
export function confusionTable(
  counts: readonly Float64Array[],
  classes: readonly string[],
): Markup {
  if (counts.length > MOST_CLASSES) {
    // A picture of ours, whose texts are escaped.
    const drawn = new Markup(confusionMatrix(counts, { classes, title: '', width: 900 }));
    return html`<div class="scroll">${drawn}</div>`;
  }
  const sum = (values: Float64Array | readonly number[]): number =>
    Array.from(values).reduce((a, b) => a + b, 0);
  const names = classes.map(shortName);
  const totals = counts.map(sum);
  const predicted = counts.map((_, j) => sum(counts.map((row) => row[j] ?? 0)));
  const share = (i: number, total: number | undefined) =>
    total ? percent((counts[i]?.[i] ?? 0) / total) : '–';
  const heads = names.map((name) => html`<th scope="col">${name}</th>`);
  const rows = counts.map((row, i) => {
    const cells = Array.from(row, (count) => {
      const part = Math.min(count / (totals[i] || 1), 1);
      const kind = part > 0.5 ? ' strong' : count === 0 ? ' none' : '';
      return html`<td class="cell${kind} share-${Math.round(100 * part)}">${count}</td>`;
    });
    return html`<tr><th scope="row">${names[i] ?? ''}</th>${cells}<td class="faint">${share(i, totals[i])}</td></tr>`;
  });
  const precisions = predicted.map((total, i) => html`<td class="faint">${share(i, total)}</td>`);
  return html`<div class="scroll"><table class="confusion">
<thead><tr><th class="faint">true ↓ predicted →</th>${heads}<th class="faint">recall</th></tr></thead>
<tbody>${joined(rows, '\n')}
<tr><th scope="row" class="faint">precision</th>${precisions}<td></td></tr>
</tbody></table></div>`;
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '–';
}

/** Pictures with what they are and what the model says. */
export function figures(images: readonly PredictedImage[]): Markup {
  const each = images.map(({ image, ...words }) => {
    const [truth, prediction] = [shortName(words.truth), shortName(words.prediction)];
    const isRight = words.truth === words.prediction;
    const png = Buffer.from(encodePng(image)).toString('base64');
    const sure = words.confidence === undefined ? '' : `, ${percent(words.confidence)}`;
    const said = `${isRight ? '✓' : '✗'} ${prediction}${sure}`;
    return html`<figure><img alt="${truth}, taken for ${prediction}" src="data:image/png;base64,${png}"><span class="${isRight ? 'right' : 'wrong'}">${said}</span>${isRight ? '' : html`<br><span class="faint">is ${truth}</span>`}</figure>`;
  });
  return html`<div class="samples">${joined(each, '\n')}</div>`;
}
