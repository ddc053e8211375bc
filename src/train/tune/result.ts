import { ArgumentError } from '../../errors.js';
import type { Json } from '../../io/json.js';
import { greatest } from '../../numeric/extremes.js';
import type { Goal } from '../../optim/goal.js';
import { panels } from '../../plot/index.js';
import { type Series, scatterChart } from '../../plot/lines.js';
import { terminalLine, terminalName } from '../../terminal.js';
import { checkedSvgOptions, type SvgOptions } from '../loop/svgOptions.js';
import type { Drawn, Space } from './space.js';
import type { TrialRun } from './store.js';

/** Orders runs: largest budget first, then the best score; failures last. */
export function byRank(goal: Goal): (a: TrialRun<unknown>, b: TrialRun<unknown>) => number {
  const worst = goal === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const sign = goal === 'min' ? 1 : -1;
  return (a, b) => {
    const failed = Number(a.score === null) - Number(b.score === null);
    if (failed !== 0) return failed;
    if (a.budget !== b.budget) return b.budget - a.budget;
    const [x, y] = [a.score ?? worst, b.score ?? worst];
    return x === y ? a.trial - b.trial : sign * (x - y);
  };
}

function shown(value: Json): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(4)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a search has found. */
export class SearchResult<S extends Space = Space> {
  readonly space: S;
  readonly goal: Goal;
  /** All runs, the best first; failures last. */
  readonly runs: readonly TrialRun<Drawn<S>>[];
  /** 'done', or 'aborted' by the signal. */
  readonly stopReason: 'done' | 'aborted';

  /** @internal */
  constructor(
    space: S,
    goal: Goal,
    runs: readonly TrialRun<Drawn<S>>[],
    stopReason: 'done' | 'aborted',
  ) {
    if (!Array.isArray(runs)) {
      throw new ArgumentError('SearchResult: there is none but what search returns');
    }
    this.space = space;
    this.goal = goal;
    this.runs = [...runs].sort(byRank(goal));
    this.stopReason = stopReason;
  }

  /** The best run of those with the largest budget; null if none has succeeded. */
  get best(): TrialRun<Drawn<S>> | null {
    const [first] = this.runs;
    return first !== undefined && first.score !== null ? first : null;
  }

  /** All runs as text, the best first. */
  table(): string {
    const names = Object.keys(this.space);
    const header = ['trial', 'budget', 'score', ...names.map(terminalName), 'seconds', ''];
    const rows = this.runs.map((run) => [
      String(run.trial),
      String(run.budget),
      run.score === null ? 'failed' : shown(run.score),
      ...names.map((name) => terminalName(shown(run.params[name] ?? null))),
      run.seconds.toFixed(1),
      terminalLine(run.error?.split('\n')[0] ?? ''),
    ]);
    const all = [header, ...rows];
    const widths = header.map((_, i) => greatest(all.map((row) => row[i]?.length ?? 0)));
    const last = header.length - 1;
    return all
      .map((row) =>
        row
          .map((cell, i) => (i === last ? cell : cell.padStart(widths[i] ?? 0)))
          .join('  ')
          .trimEnd(),
      )
      .join('\n');
  }

  /**
   * Score against each hyper-parameter and, where all budgets are one, the best score so far, as an SVG file.
   * @throws ArgumentError for an unknown option
   */
  toSvg(options: SvgOptions = {}): string {
    const { title = 'Hyper-parameter search' } = checkedSvgOptions('SearchResult.toSvg', options);
    const charts = Object.keys(this.space).map((name) => this.#scatter(name));
    // Runs of different length are not to be compared.
    const isFair = new Set(this.runs.map(({ budget }) => budget)).size === 1;
    return panels(isFair ? [...charts, this.#progress()] : charts, { title });
  }

  /** A series of points for each budget, so that runs of different length can be told apart. */
  #scatter(name: string): string {
    const scored = this.runs.filter(({ score }) => score !== null);
    const budgets = [...new Set(scored.map(({ budget }) => budget))].sort((a, b) => a - b);
    const isChoice = this.space[name]?.scale === 'choice';
    const values = isChoice ? this.#choicesOf(name) : [];
    const place = (run: TrialRun<Drawn<S>>): number =>
      isChoice ? values.indexOf(shown(run.params[name] ?? null)) : Number(run.params[name]);
    const series = budgets.map((budget) => {
      const runs = scored.filter((run) => run.budget === budget);
      return {
        ...(budgets.length > 1 ? { name: `budget ${budget}` } : {}),
        x: runs.map(place),
        y: runs.map(({ score }) => score ?? Number.NaN),
      };
    });
    const { best } = this;
    const listed = values.map((value, i) => `${i} = ${value}`).join(', ');
    const label = isChoice ? `${name} (${listed})` : name;
    return scatterChart(series, {
      width: 420,
      height: 300,
      marks: best ? [{ x: place(best), label: 'best' }] : [],
      x: {
        label,
        scale: this.space[name]?.scale === 'log' ? 'log' : 'linear',
        ...(isChoice ? { range: [-0.5, Math.max(values.length, 1) - 0.5] as const } : {}),
      },
      y: { label: 'score' },
    });
  }

  #choicesOf(name: string): string[] {
    const seen = new Set(this.runs.map((run) => shown(run.params[name] ?? null)));
    return [...seen].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }

  /** In the order of the trials. */
  #progress(): string {
    const runs = this.runs.filter(({ score }) => score !== null).sort((a, b) => a.trial - b.trial);
    const better = this.goal === 'min' ? Math.min : Math.max;
    const x = runs.map(({ trial }) => trial);
    const y = runs.map(({ score }) => score ?? Number.NaN);
    let found = y[0] ?? Number.NaN;
    const best = y.map((score) => {
      found = better(found, score);
      return found;
    });
    const series: Series[] = [
      { name: 'score', x, y },
      { name: 'best so far', x, y: best, draw: 'line' },
    ];
    return scatterChart(series, {
      width: 420,
      height: 300,
      x: { label: 'trial' },
      y: { label: 'score' },
    });
  }
}
