import { performance } from 'node:perf_hooks';
import { checkPath } from '../../io/path.js';
import { fieldsOf, reading } from '../../io/savedState.js';
import type { SummaryInput } from '../../nn/summary.js';
import { checkOptions, type OptionNames } from '../../options.js';
import type {
  Callback,
  CallbackState,
  PendingUpdate,
  ResumedRun,
  StepValues,
  TrainingRun,
} from '../loop/callback.js';
import type { EpochRecord } from '../loop/history.js';
import { loadEcharts } from '../report/echarts.js';
import {
  PREDICT_CLASSES_NAMES,
  type PredictClassesOptions,
  type PredictionData,
  type Predictions,
  predictClasses,
} from '../report/predictions.js';
import { writeReport } from '../report/report.js';
import { GradientNorms } from './gradientNorms.js';
import { StepSeries } from './stepSeries.js';
import { tryWriting } from './writing.js';

/** What to predict with, and how to show it. */
export interface PredictionsOptions extends PredictClassesOptions {
  /** Batches [inputs, class indices], such as the validation data. */
  data: PredictionData;
}

const PREDICTIONS_NAMES: OptionNames<PredictionsOptions> = {
  ...PREDICT_CLASSES_NAMES,
  data: true,
};

export interface HtmlReportOptions {
  /** Default: 'Training report'. */
  title?: string;
  /** A few words about the run. */
  notes?: string;
  /** Shape of the model's input, such as [1, 1, 28, 28]: adds the shapes of what layers return. */
  input?: SummaryInput;
  /** What to predict when training ends: adds a confusion matrix, sample predictions and the worst mistakes. */
  predictions?: PredictionsOptions;
  /** Steps between two whose gradient norm is measured; 0 for none. Default: 10. */
  gradNorms?: number;
  /** While training goes on, seconds between two versions of the file, at ends of epochs. Default: 30. */
  everySeconds?: number;
}

const NAMES: OptionNames<HtmlReportOptions> = {
  title: true,
  notes: true,
  input: true,
  predictions: true,
  gradNorms: true,
  everySeconds: true,
};

function newCurves(): Record<'loss' | 'lr' | 'gradNorm', StepSeries> {
  return { loss: new StepSeries(), lr: new StepSeries(), gradNorm: new StepSeries() };
}

/**
 * Writes a run as one HTML file with everything to see of it; see `writeReport`. The file is there from the first
 * epoch on, and complete when training ends, also when it fails. Needs the package `echarts`. Give it after callbacks
 * that change the weights at the end, such as `EarlyStopping`, so that it predicts with the final ones.
 *
 * @example
 * const report = new train.HtmlReport('report.html', {
 *   input: [1, 1, 28, 28],
 *   predictions: { data: testLoader, mean: MNIST_MEAN, std: MNIST_STD },
 * });
 * await train.fit({ ..., callbacks: [report] });
 */
export class HtmlReport implements Callback {
  readonly path: string;
  readonly #options: HtmlReportOptions;
  readonly #norms: GradientNorms;
  #curves = newCurves();
  #written = Number.NEGATIVE_INFINITY;
  #isWritable = true;

  /**
   * @param path of the file; folders on the way to it are made
   * @throws ArgumentError for an unknown option, or a `gradNorms` that is no integer ≥ 0
   */
  constructor(path: string, options: HtmlReportOptions = {}) {
    checkOptions('HtmlReport', options, NAMES);
    const { predictions } = options;
    if (predictions) checkOptions('HtmlReport: predictions', predictions, PREDICTIONS_NAMES);
    this.path = checkPath('HtmlReport', path);
    this.#options = { ...options };
    this.#norms = new GradientNorms('HtmlReport', options.gradNorms ?? 10, (step, norm) =>
      this.#curves.gradNorm.add(step, norm),
    );
  }

  /** @throws DependencyError if echarts is not installed: now rather than after hours of training */
  async onTrainBegin(run: TrainingRun): Promise<void> {
    this.#isWritable = false;
    await loadEcharts();
    // Those of a resumed run came with its checkpoint.
    if (run.step === 0) this.#curves = newCurves();
    this.#written = Number.NEGATIVE_INFINITY;
    this.#isWritable = true;
  }

  onBeforeUpdate(run: TrainingRun, update: PendingUpdate): void {
    this.#norms.measure(run, update);
  }

  onStepValues(_run: TrainingRun, values: StepValues): void {
    this.#curves.loss.add(values.step, values.loss);
    this.#curves.lr.add(values.step, values.lr);
    this.#norms.note(values);
  }

  async onEpochEnd(run: TrainingRun, { epoch }: EpochRecord): Promise<void> {
    await this.#norms.flush();
    const age = (performance.now() - this.#written) / 1e3;
    // The end of training writes the last one.
    if (epoch < run.epochs && age >= (this.#options.everySeconds ?? 30)) await this.#write(run);
  }

  async onTrainEnd(run: TrainingRun): Promise<void> {
    await this.#norms.flush();
    const { predictions } = this.#options;
    if (predictions === undefined) return this.#write(run);
    const { data, ...options } = predictions;
    await this.#write(run, await predictClasses(run.model, data, options));
  }

  async onTrainError(run: TrainingRun): Promise<void> {
    this.#norms.clear();
    await this.#write(run);
  }

  stateDict(): CallbackState {
    const { loss, lr, gradNorm } = this.#curves;
    const values = { loss: loss.stateDict(), lr: lr.stateDict(), gradNorm: gradNorm.stateDict() };
    return { values };
  }

  loadStateDict(state: CallbackState): void {
    this.prepareStateDict(state)();
  }

  /** Checks a saved state, and returns what takes it over. */
  prepareStateDict(state: CallbackState, run?: ResumedRun): () => void {
    return reading('HtmlReport', () => {
      const { values } = fieldsOf('HtmlReport', state, ['values']);
      const curves = newCurves();
      const saved = fieldsOf('HtmlReport', values, ['loss', 'lr', 'gradNorm']);
      const taken = (['loss', 'lr', 'gradNorm'] as const).map((name) =>
        curves[name].prepareStateDict(name, saved[name], run?.step),
      );
      return () => {
        for (const take of taken) take();
        this.#curves = curves;
      };
    });
  }

  async #write(run: TrainingRun, predictions?: Predictions): Promise<void> {
    if (!this.#isWritable) return;
    const { title, notes, input } = this.#options;
    this.#isWritable = await tryWriting(run, this.path, () =>
      writeReport(this.path, run.history, {
        model: run.model,
        steps: {
          loss: this.#curves.loss.points,
          lr: this.#curves.lr.points,
          gradNorm: this.#curves.gradNorm.points,
        },
        ...(title === undefined ? {} : { title }),
        ...(notes === undefined ? {} : { notes }),
        ...(input === undefined ? {} : { input }),
        ...(predictions === undefined ? {} : { predictions }),
      }),
    );
    this.#written = performance.now();
  }
}
