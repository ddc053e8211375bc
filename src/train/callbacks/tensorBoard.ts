import { join } from 'node:path';
import { ArgumentError } from '../../errors.js';
import { checkPath } from '../../io/path.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { terminalLine } from '../../terminal.js';
import type { Raster } from '../../vision/png.js';
import type { Callback, PendingUpdate, StepValues, TrainingRun } from '../loop/callback.js';
import type { EpochRecord } from '../loop/history.js';
import { splitValues } from '../loop/valueNames.js';
import { TensorBoardWriter } from '../tensorboard/writer.js';
import { GradientNorms } from './gradientNorms.js';
import { learningRatesOf } from './learningRateLogger.js';
import { tryWriting } from './writing.js';

export interface TensorBoardOptions {
  /** Steps between two whose loss, learning rate and reported values are written; 0 for epochs only. Default: 10. */
  everySteps?: number;
  /** Steps between two whose gradient norm is measured; 0 for none. Default: 10. */
  gradNorms?: number;
  /** Epochs between two after which the distributions of weights and gradients are written. Default: 0, for none. */
  histograms?: number;
  /** Pictures to show after each epoch, by name: samples, filters. */
  images?: (
    run: TrainingRun,
  ) => Readonly<Record<string, Raster>> | Promise<Readonly<Record<string, Raster>>>;
}

const NAMES: OptionNames<TensorBoardOptions> = {
  everySteps: true,
  gradNorms: true,
  histograms: true,
  images: true,
};

/**
 * Writes a run for TensorBoard: in FOLDER/train and FOLDER/validation, so that curves of the same name lie over each
 * other. After each epoch `epoch/loss` and the metrics, `epoch/lr/...`, `epoch/samplesPerSecond`; in between
 * `step/loss`, `step/lr` and `step/gradNorm`; on request histograms of weights and gradients, and images.
 *
 * A resumed run replaces the steps that it repeats; a new run hides what an earlier one wrote into the same folder. If
 * a file cannot be written, a warning says so and training goes on. Where a file is deleted in mid-run, a new one takes
 * what follows, and a warning tells of it.
 *
 * @example
 * await train.fit({ ..., callbacks: [new train.TensorBoard('runs/first', { histograms: 1 })] });
 */
export class TensorBoard implements Callback {
  readonly folder: string;
  readonly #everySteps: number;
  readonly #histograms: number;
  readonly #images: TensorBoardOptions['images'];
  readonly #norms: GradientNorms;
  #training: TensorBoardWriter | null = null;
  #validation: TensorBoardWriter | null = null;

  /**
   * @param folder of the run; made when training begins
   * @throws ArgumentError for an unknown option, or one that is no integer ≥ 0
   */
  constructor(folder: string, options: TensorBoardOptions = {}) {
    checkOptions('TensorBoard', options, NAMES);
    const { everySteps = 10, gradNorms = 10, histograms = 0 } = options;
    for (const [name, value] of Object.entries({ everySteps, histograms })) {
      if (Number.isInteger(value) && value >= 0) continue;
      throw new ArgumentError(`TensorBoard: ${name} is ${inWords(value)}, expected an integer ≥ 0`);
    }
    this.folder = checkPath('TensorBoard', folder);
    this.#everySteps = everySteps;
    this.#histograms = histograms;
    this.#images = options.images;
    this.#norms = new GradientNorms('TensorBoard', gradNorms, (step, norm) =>
      this.#training?.scalar('step/gradNorm', norm, step),
    );
  }

  onTrainBegin(run: TrainingRun): void {
    const purgeStep = run.step === 0 ? 0 : run.step + 1;
    const onWarning = (message: string): void => run.log.warn({ folder: this.folder }, message);
    const options = { purgeStep, onWarning };
    this.#training = new TensorBoardWriter(join(this.folder, 'train'), options);
    this.#validation = run.hasValidation
      ? new TensorBoardWriter(join(this.folder, 'validation'), options)
      : null;
    this.#training.text('model', describeModel(run), run.step);
  }

  onBeforeUpdate(run: TrainingRun, update: PendingUpdate): void {
    this.#norms.measure(run, update);
  }

  async onStepValues(run: TrainingRun, values: StepValues): Promise<void> {
    await this.#guard(run, async () => {
      this.#norms.note(values);
      const { step } = values;
      if (this.#everySteps === 0 || (step - 1) % this.#everySteps !== 0) return;
      const numbers = { loss: values.loss, lr: values.lr, ...values.reported };
      for (const [name, value] of Object.entries(numbers)) {
        this.#training?.scalar(`step/${name}`, value, step);
      }
    });
  }

  async onEpochEnd(run: TrainingRun, record: EpochRecord): Promise<void> {
    const { step, samplesPerSecond } = record;
    await this.#guard(run, async () => {
      await this.#norms.flush();
      const { training, validation } = splitValues(record.values);
      const rates = Array.from(learningRatesOf(run), ([name, lr]) => [`lr/${name}`, lr] as const);
      const numbers = { ...training, ...Object.fromEntries(rates), samplesPerSecond };
      for (const [name, value] of Object.entries(numbers)) {
        this.#training?.scalar(`epoch/${name}`, value, step);
      }
      for (const [name, value] of Object.entries(validation)) {
        this.#validation?.scalar(`epoch/${name}`, value, step);
      }
      if (this.#histograms > 0 && record.epoch % this.#histograms === 0) {
        for (const [name, parameter] of run.model.namedParameters()) {
          await this.#histogram(`weights/${name}`, parameter, step);
          await this.#histogram(`gradients/${name}`, parameter.grad, step);
        }
      }
      if (this.#training !== null && this.#images !== undefined) {
        for (const [name, image] of Object.entries(await this.#images(run))) {
          this.#training.image(name, image, step);
        }
      }
      await this.#training?.flush();
      await this.#validation?.flush();
    });
  }

  async onTrainEnd(run: TrainingRun): Promise<void> {
    await this.#guard(run, async () => {
      await this.#norms.flush();
      await this.#close();
    });
  }

  async onTrainError(run: TrainingRun): Promise<void> {
    this.#norms.clear();
    await this.#guard(run, () => this.#close());
  }

  async #histogram(tag: string, tensor: Tensor | null, step: number): Promise<void> {
    if (tensor !== null) this.#training?.histogram(tag, await tensor.data(), step);
  }

  async #close(): Promise<void> {
    const writers = [this.#training, this.#validation];
    this.#training = null;
    this.#validation = null;
    for (const writer of writers) await writer?.close();
  }

  async #guard(run: TrainingRun, write: () => Promise<void>): Promise<void> {
    if (await tryWriting(run, this.folder, write)) return;
    await this.#close().catch(() => undefined);
  }
}

/** The model's layers, and its parameters as a table, in Markdown. */
function describeModel({ model }: TrainingRun): string {
  const rows = Array.from(model.namedParameters(), ([name, { shape, size }]) =>
    [cellOf(name), formatShape(shape), size.toLocaleString('en-US')].join(' | '),
  );
  const table = ['parameter | shape | values', '--- | --- | ---', ...rows];
  const tree = model.toString();
  // Longer than any in the tree, which would end it.
  const longest = (tree.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  const fence = '`'.repeat(longest + 1);
  return [fence, tree, fence, '', ...table].join('\n');
}

/** A name in a table of Markdown, where none of its signs mean anything. */
function cellOf(name: string): string {
  const plain = terminalLine(name).replace(/[\\`*[\]|~]/g, '\\$&');
  return plain.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
