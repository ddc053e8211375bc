import { ArgumentError } from '../errors.js';
import { greatest } from '../numeric/extremes.js';
import { inWords } from '../options.js';

export type ScaleKind = 'linear' | 'log';

/** Least and greatest of the numbers that a scale can show, or undefined if there are none. */
export function extentOf(
  values: Iterable<number>,
  kind: ScaleKind = 'linear',
): readonly [number, number] | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!canShow(value, kind)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : undefined;
}

/** NaN and infinity have no place on any scale, nor has what is not above 0 on a logarithmic one. */
export function canShow(value: number, kind: ScaleKind): boolean {
  return Number.isFinite(value) && (kind === 'linear' || value > 0);
}

/** The least of 1, 2 and 5 times a power of ten that is no less than `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5].find((each) => each * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function exponential(value: number): string {
  return Number(value.toPrecision(6)).toExponential().replace('e+', 'e');
}

/** A number for people: as many digits as needed, an exponent only where plain digits are long. */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  const short = Number(value.toPrecision(digits));
  if (value === 0 || (magnitude >= 1e-3 && magnitude < 1e6)) return String(short);
  return exponential(short);
}

/** Maps numbers to places in a picture. */
export class Scale {
  readonly kind: ScaleKind;
  readonly low: number;
  readonly high: number;
  readonly #from: number;
  readonly #to: number;

  /**
   * @param range what to show, low to high
   * @param places where `low` and `high` lie
   */
  constructor(
    kind: ScaleKind,
    range: readonly [number, number],
    places: readonly [number, number],
  ) {
    this.kind = kind;
    [this.low, this.high] = range;
    [this.#from, this.#to] = places;
  }

  /** The place of a value; NaN for what the scale cannot show. */
  at(value: number): number {
    if (!canShow(value, this.kind)) return Number.NaN;
    const [low, high, x] =
      this.kind === 'log'
        ? [Math.log(this.low), Math.log(this.high), Math.log(value)]
        : [this.low, this.high, value];
    return this.#from + shareOf(x, low, high) * (this.#to - this.#from);
  }

  /** Round numbers in the range, `most` or fewer where that can be, and two at least. */
  ticks(most: number, integers = false): number[] {
    const decades = Math.log10(this.high) - Math.log10(this.low);
    if (this.kind === 'log' && decades >= 0.9) return this.#logTicks(most, decades);
    return this.#linearTicks(most, integers);
  }

  #linearTicks(most: number, integers: boolean): number[] {
    let step = niceStep(
      Math.max((this.high / 2 - this.low / 2) / (most / 2), Number.MIN_VALUE * 1e16),
    );
    if (integers) step = Math.max(1, step);
    const ticks: number[] = [];
    const first = Math.ceil(this.low / step - 1e-6);
    const last = Math.floor(this.high / step + 1e-6);
    for (let i = first; i <= last && ticks.length < 1000; i++) {
      if (Number.isFinite(i * step)) ticks.push(i === 0 ? 0 : i * step);
    }
    return ticks;
  }

  #logTicks(most: number, decades: number): number[] {
    const factors = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]].find(
      (each) => each.length * decades <= most,
    ) ?? [1];
    const every = factors.length > 1 ? 1 : Math.max(1, Math.ceil(decades / most));
    const ticks: number[] = [];
    const lowest = Math.floor(Math.log10(this.low));
    for (let power = lowest; power <= Math.log10(this.high) + 1; power++) {
      if (power % every !== 0) continue;
      for (const factor of factors) {
        const value = Number(`${factor}e${power}`);
        const isInside = value >= this.low * (1 - 1e-9) && value * (1 - 1e-9) <= this.high;
        if (isInside && canShow(value, 'log')) ticks.push(value);
      }
    }
    return ticks;
  }

  /** Labels of ticks, all with the same number of decimals. */
  labels(ticks: readonly number[]): string[] {
    const largest = greatest(ticks.map(Math.abs));
    const isLog = this.kind === 'log' && (ticks.at(-1) ?? 1) / (ticks[0] ?? 1) >= 8;
    if (isLog) return ticks.map((tick) => formatNumber(tick));
    const step = Math.abs((ticks[1] ?? largest) - (ticks[0] ?? 0)) || largest || 1;
    if (largest >= 1e6 || (largest < 1e-3 && largest > 0)) {
      const digits = Math.max(0, Math.ceil(Math.log10(largest / step) - 1e-9));
      return ticks.map((tick) =>
        tick === 0 ? '0' : exponential(Number(tick.toPrecision(Math.min(digits + 1, 15)))),
      );
    }
    const decimals = Math.min(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), 12);
    return ticks.map((tick) => tick.toFixed(decimals));
  }
}

/** Where a value lies between two others, 0 at `low` and 1 at `high`. Halved, because their distance may be infinite. */
export function shareOf(value: number, low: number, high: number): number {
  return (value / 2 - low / 2) / (high / 2 - low / 2);
}

/** Too close to each other to be told apart: rounding would show instead of values. */
function isNarrow(low: number, high: number): boolean {
  return high / 2 - low / 2 <= Math.max(Math.abs(low), Math.abs(high), 1e-290) * 1e-12;
}

/**
 * A range that shows values with a margin, on either side a share of the whole.
 * Nothing to show gives [0, 1], or [0.1, 1] on a logarithmic scale.
 */
export function rangeFor(
  values: Iterable<number>,
  kind: ScaleKind,
  margin: number,
): readonly [number, number] {
  const extent = extentOf(values, kind);
  if (!extent) return kind === 'log' ? [0.1, 1] : [0, 1];
  const [low, high] = extent;
  if (kind === 'log') {
    const factor = isNarrow(low, high) ? 2 : (high / low) ** margin;
    return [
      Math.max(low / factor, Number.MIN_VALUE * 1e16),
      Math.min(high * factor, Number.MAX_VALUE),
    ];
  }
  if (isNarrow(low, high)) {
    const half = Math.abs(low) > 1e-290 ? Math.abs(low) / 2 : 0.5;
    return [Math.max(low - half, -Number.MAX_VALUE), Math.min(low + half, Number.MAX_VALUE)];
  }
  const pad = (high / 2 - low / 2) * (2 * margin);
  // Values without a sign keep an axis without one.
  return [
    low >= 0 && low - pad < 0 ? 0 : Math.max(low - pad, -Number.MAX_VALUE),
    Math.min(high + pad, Number.MAX_VALUE),
  ];
}

export function checkRange(
  caller: string,
  name: string,
  range: readonly [number, number],
  kind: ScaleKind,
): readonly [number, number] {
  const above = kind === 'log' ? ' above 0' : '';
  const what = `[low, high] with finite numbers${above}`;
  if (!Array.isArray(range) || range.length !== 2) {
    throw new ArgumentError(`${caller}: ${name} is ${inWords(range)}, expected ${what}`);
  }
  const [low, high] = range;
  if (canShow(low, kind) && canShow(high, kind) && low < high && !isNarrow(low, high)) {
    return [low, high];
  }
  throw new ArgumentError(
    `${caller}: ${name} is [${inWords(low)}, ${inWords(high)}], expected ${what}`,
  );
}
