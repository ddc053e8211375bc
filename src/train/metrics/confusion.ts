import { greatest } from '../../numeric/extremes.js';
import { checkOptions } from '../../options.js';
import { checkTexts } from '../../plot/checks.js';
import { terminalName } from '../../terminal.js';
import { ClassCounts } from './counts.js';
import { PREDICTION_NAMES, type PredictionOptions } from './predictions.js';

/**
 * Counts of predictions: `counts[truth][prediction]`, of outputs and targets as {@link Accuracy} takes them. As a metric, its value is the accuracy; give `fit` or `evaluate`
 * one, and look at it afterwards, when it holds the last data measured.
 *
 * @example
 * const confusion = new train.ConfusionMatrix(10);
 * await train.evaluate({ model, data, loss: crossEntropy, metrics: { confusion } });
 * console.log(String(confusion));
 */
export class ConfusionMatrix extends ClassCounts {
  /**
   * @param classes their number; 2 for outputs of one number a sample
   * @throws ArgumentError unless classes is an integer ≥ 1, or for an unknown option
   */
  constructor(classes: number, options: PredictionOptions = {}) {
    checkOptions('ConfusionMatrix', options, PREDICTION_NAMES);
    super(classes, { ...options });
  }

  /** Of what was computed by now; `await compute()` first. */
  get counts(): readonly Uint32Array[] {
    return Array.from({ length: this.classes }, (_, truth) =>
      Uint32Array.from({ length: this.classes }, (_, prediction) => this.at(truth, prediction)),
    );
  }

  /** Number of predictions counted. */
  get total(): number {
    return this.sums.reduce((a, b) => a + b, 0);
  }

  /** Share of right predictions, on [0, 1]; NaN before any was counted. */
  get value(): number {
    return this.counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0) / this.total;
  }

  /**
   * A table: true classes down, predicted ones across. Control characters in names are shown as `\x1b`, and long ones
   * cut, so that it can be printed.
   * @param classes their names; default: 0, 1, 2, ...
   * @throws ArgumentError unless these are texts
   */
  override toString(
    classes: readonly string[] = Array.from({ length: this.classes }, (_, i) => String(i)),
  ): string {
    const names = checkTexts('ConfusionMatrix.toString', 'classes', classes).map(terminalName);
    const longest = greatest(names.map((n) => n.length));
    const width = Math.max(longest, String(this.total).length, 4) + 1;
    const left = Math.max(longest, 'true'.length);
    const line = (name: string, cells: readonly string[]): string =>
      `${name.padStart(left)} │${cells.map((cell) => cell.padStart(width)).join('')}`;
    const rows = this.counts.map((row, i) =>
      line(
        names[i] ?? '',
        Array.from(row, (count) => (count === 0 ? '·' : String(count))),
      ),
    );
    return [
      line('true', names),
      `${'─'.repeat(left + 1)}┼${'─'.repeat(width * this.classes)}`,
      ...rows,
    ].join('\n');
  }
}
