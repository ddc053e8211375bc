import { writeFileAtomic } from '../../io/atomicFile.js';
import { isJsonObject } from '../../io/json.js';
import { checkPath } from '../../io/path.js';
import { fieldsOf, noStateOf, plainCopy, reading } from '../../io/savedState.js';
import { lineChart } from '../../plot/lines.js';
import type {
  Callback,
  CallbackState,
  ResumedRun,
  StepInfo,
  TrainingRun,
} from '../loop/callback.js';
import { checkedSvgOptions, type SvgOptions } from '../loop/svgOptions.js';
import { StepSeries } from './stepSeries.js';
import { tryWriting } from './writing.js';

/** Learning rates by the names of their optimisers; groups after the first have their number in it. */
export function learningRatesOf(run: Pick<TrainingRun, 'optimizers'>): Map<string, number> {
  const rates = new Map<string, number>();
  for (const [name, { paramGroups }] of run.optimizers) {
    for (const [i, { lr }] of paramGroups.entries()) {
      rates.set(i === 0 ? name : `${name}/${i}`, lr);
    }
  }
  return rates;
}

/**
 * Follows the learning rate of every parameter group over the steps, as schedules and callbacks change it.
 *
 * @example
 * const rates = new train.LearningRateLogger();
 * await train.fit({ ..., schedule, callbacks: [rates] });
 * await writeFileAtomic('rates.svg', rates.toSvg());
 */
export class LearningRateLogger implements Callback {
  readonly #path: string | undefined;
  readonly #series = new Map<string, StepSeries>();
  /** Schedules move on as soon as an update is queued, so the rates of a step are those from before it. */
  #rates = new Map<string, number>();

  /**
   * @param path of an SVG file to draw when training ends; default: none
   * @throws ArgumentError if that is no path
   */
  constructor(path?: string) {
    this.#path = path === undefined ? undefined : checkPath('LearningRateLogger', path);
  }

  /** Of each group, by names such as `main` and `main/1`: steps, and the rates there (means, in a very long run). */
  get rates(): ReadonlyMap<
    string,
    { readonly steps: readonly number[]; readonly values: readonly number[] }
  > {
    return new Map(Array.from(this.#series, ([name, series]) => [name, series.points]));
  }

  onTrainBegin(run: TrainingRun): void {
    // Those of a resumed run came with its checkpoint.
    if (run.step === 0) this.#series.clear();
    this.#rates = learningRatesOf(run);
  }

  onEpochBegin(run: TrainingRun): void {
    this.#rates = learningRatesOf(run);
  }

  onBatchEnd(run: TrainingRun, { step }: StepInfo): void {
    for (const [name, lr] of this.#rates) {
      let series = this.#series.get(name);
      if (series === undefined) {
        series = new StepSeries();
        this.#series.set(name, series);
      }
      series.add(step, lr);
    }
    this.#rates = learningRatesOf(run);
  }

  async onTrainEnd(run: TrainingRun): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    await tryWriting(run, path, () => writeFileAtomic(path, this.toSvg(), { makeFolder: true }));
  }

  stateDict(): CallbackState {
    return {
      values: Object.fromEntries(
        Array.from(this.#series, ([name, series]) => [name, series.stateDict()]),
      ),
    };
  }

  loadStateDict(state: CallbackState): void {
    this.prepareStateDict(state)();
  }

  /** Checks a saved state, and returns what takes it over. */
  prepareStateDict(state: CallbackState, run?: ResumedRun): () => void {
    const owner = 'LearningRateLogger';
    return reading(owner, () => {
      const { values } = fieldsOf(owner, state, ['values']);
      const curves = plainCopy(owner, 'values', values);
      if (!isJsonObject(curves)) throw noStateOf(owner, ['values is no object']);
      const known = run === undefined ? null : learningRatesOf(run);
      const loaded = Object.entries(curves).map(([name, curve]) => {
        if (known?.has(name) === false) {
          const expected = [...known.keys()].join(', ');
          throw noStateOf(owner, [`there is no group ${name} of learning rates, but ${expected}`]);
        }
        const series = new StepSeries();
        const take = series.prepareStateDict(name, curve, run?.step);
        return { name, series, take };
      });
      return () => {
        this.#series.clear();
        for (const { name, series, take } of loaded) {
          take();
          this.#series.set(name, series);
        }
      };
    });
  }

  /**
   * The rates as curves, an SVG file.
   * @throws ArgumentError for an unknown option
   */
  toSvg(options: SvgOptions = {}): string {
    const { title = 'Learning rate' } = checkedSvgOptions('LearningRateLogger.toSvg', options);
    const series = Array.from(this.rates, ([name, { steps, values }]) => ({
      ...(this.#series.size > 1 ? { name } : {}),
      x: steps,
      y: values,
    }));
    return lineChart(series, {
      title,
      x: { label: 'step' },
      y: { label: 'learning rate' },
    });
  }
}
