import { ArgumentError } from '../../errors.js';
import { greatest, smallest } from '../../numeric/extremes.js';
import { lineChart, type Series } from '../../plot/lines.js';
import { checkedSvgOptions, type SvgOptions } from '../loop/svgOptions.js';

/** Why a sweep has ended. */
export type SweepEnd = 'done' | 'diverged' | 'aborted';

/** The loss at growing learning rates. */
export class LearningRateSweep {
  readonly lrs: readonly number[];
  /** Of the batch trained on with each rate, before its update. */
  readonly losses: readonly number[];
  /** Exponential means of the losses, their start at zero corrected for. */
  readonly smoothed: readonly number[];
  readonly stopReason: SweepEnd;
  /**
   * The rate at which the smoothed loss falls fastest per decade, before its least value: the slope of a line through
   * the points around it, a twentieth of the sweep to either side; smoothing/(1 − smoothing) steps earlier, since the
   * smoothed loss lags by so many. Null if the loss never falls.
   */
  readonly suggestion: number | null;

  /** @internal */
  constructor(
    lrs: readonly number[],
    losses: readonly number[],
    smoothing: number,
    stopReason: SweepEnd,
  ) {
    if (!Array.isArray(lrs) || !Array.isArray(losses) || typeof smoothing !== 'number') {
      throw new ArgumentError('LearningRateSweep: there is none but what findLearningRate returns');
    }
    this.lrs = lrs;
    this.losses = losses;
    this.smoothed = smooth(losses, smoothing);
    this.stopReason = stopReason;
    const lag = Math.round(smoothing / (1 - smoothing));
    this.suggestion = steepest(lrs, this.smoothed, lag);
  }

  /**
   * The curve, with the suggestion marked, as an SVG file.
   * @throws ArgumentError for an unknown option
   */
  toSvg(options: SvgOptions = {}): string {
    const { title = 'Learning-rate sweep' } = checkedSvgOptions('LearningRateSweep.toSvg', options);
    const shown = this.smoothed.filter(Number.isFinite);
    const low = smallest(shown);
    const high = greatest(shown.slice(0, Math.ceil(shown.length / 2)), shown[0] ?? 0);
    // Where the loss diverges is to be seen, not how far.
    const range: [number, number] | undefined =
      low < high ? [low - 0.15 * (high - low), high + 0.35 * (high - low)] : undefined;
    const { suggestion } = this;
    const label = suggestion === null ? '' : `suggestion ${suggestion.toPrecision(2)}`;
    const series: Series[] = [
      { name: 'loss', x: this.lrs, y: this.losses, draw: 'points', color: '#b0c4d4' },
      { name: 'smoothed', x: this.lrs, y: this.smoothed, color: '#0072B2' },
    ];
    return lineChart(series, {
      title,
      marks: suggestion === null ? [] : [{ x: suggestion, label }],
      x: { label: 'learning rate', scale: 'log' },
      y: { label: 'loss', ...(range ? { range } : {}) },
    });
  }
}

/** Exponential means, divided by the weight that they have gathered. */
function smooth(losses: readonly number[], smoothing: number): number[] {
  let mean = 0;
  return losses.map((loss, i) => {
    mean = smoothing * mean + (1 - smoothing) * loss;
    return mean / (1 - smoothing ** (i + 1));
  });
}

/** Slope of the line of least squares through points of the same weight. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [covariance, variance] = [0, 0];
  for (const [i, value] of x.entries()) {
    covariance += (value - mx) * ((y[i] ?? my) - my);
    variance += (value - mx) ** 2;
  }
  return covariance / variance;
}

function steepest(lrs: readonly number[], losses: readonly number[], lag: number): number | null {
  const decades = lrs.map(Math.log10);
  let least = 0;
  for (const [i, loss] of losses.entries()) if (loss < (losses[least] ?? 0)) least = i;
  const half = Math.max(1, Math.round(lrs.length / 20));
  let [best, bestSlope] = [-1, 0];
  for (let i = half; i + half < lrs.length && i <= least; i++) {
    const window = [i - half, i + half + 1] as const;
    const slope = slopeOf(decades.slice(...window), losses.slice(...window));
    if (slope < bestSlope) [best, bestSlope] = [i, slope];
  }
  return best < 0 ? null : (lrs[Math.max(0, best - lag)] ?? null);
}
