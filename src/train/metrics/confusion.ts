import { ArgumentError } from '../../tensor/errors.js';

/** Counts of predictions: `counts[truth][prediction]`. */
export class ConfusionMatrix {
  readonly classes: number;
  readonly counts: readonly Uint32Array[];

  constructor(classes: number) {
    if (!Number.isInteger(classes) || classes < 1) {
      throw new ArgumentError(`ConfusionMatrix: ${classes} classes, expected an integer ≥ 1`);
    }
    this.classes = classes;
    this.counts = Array.from({ length: classes }, () => new Uint32Array(classes));
  }

  /** Counts pairs of true and predicted class indices. */
  add(truths: ArrayLike<number>, predictions: ArrayLike<number>): void {
    if (truths.length !== predictions.length) {
      throw new ArgumentError(
        `ConfusionMatrix: ${truths.length} truths and ${predictions.length} predictions differ in number`,
      );
    }
    for (let i = 0; i < truths.length; i++) {
      const row = this.counts[truths[i] ?? -1];
      const column = predictions[i] ?? -1;
      if (row === undefined || row[column] === undefined) {
        throw new ArgumentError(
          `ConfusionMatrix: class ${row === undefined ? truths[i] : column} is outside 0 to ${this.classes - 1}`,
        );
      }
      row[column]++;
    }
  }

  /** Number of pairs counted. */
  get total(): number {
    return this.counts.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0);
  }

  /** Share of right predictions, on [0, 1]; NaN before any was counted. */
  get accuracy(): number {
    return this.counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0) / this.total;
  }

  /** A table: true classes down, predicted ones across. */
  toString(
    names: readonly string[] = Array.from({ length: this.classes }, (_, i) => String(i)),
  ): string {
    const width = Math.max(...names.map((n) => n.length), String(this.total).length, 4) + 1;
    const left = Math.max(...names.map((n) => n.length), 'true'.length);
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
