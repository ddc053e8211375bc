import { ArgumentError } from '../../errors.js';
import { Module } from '../../nn/module.js';
import { checkNumber, checkNumbers } from '../../numeric/numbers.js';
import { softmax } from '../../ops/softmax.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { checkTexts } from '../../plot/checks.js';
import { noGrad } from '../../tensor/scope.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Raster } from '../../vision/png.js';
import { batchesOf, type TrainingData } from '../loop/data.js';
import { evaluating } from '../loop/evaluation.js';

/** An image, what it shows, and what a model takes it for. */
export interface PredictedImage {
  readonly image: Raster;
  readonly truth: string;
  readonly prediction: string;
  /** The model's probability for its prediction, on [0, 1]. */
  readonly confidence?: number | undefined;
}

/** Batches [inputs, class indices]. */
export type PredictionData = TrainingData<readonly [Tensor, Tensor]>;

export interface PredictClassesOptions {
  /** Names of the classes; default: their indices. */
  classes?: readonly string[];
  /** What was subtracted from images scaled to 0 to 1, and what they were divided by, to show them as they were. */
  mean?: number | readonly number[];
  std?: number | readonly number[];
  /** Images to show of each kind, those by chance and the worst mistakes. Default: 16. */
  samples?: number;
}

/** The names of {@link PredictClassesOptions}. */
export const PREDICT_CLASSES_NAMES: OptionNames<PredictClassesOptions> = {
  classes: true,
  mean: true,
  std: true,
  samples: true,
};

/** What a classifier makes of data. */
export interface Predictions {
  /** `counts[truth][prediction]`. */
  readonly counts: readonly Uint32Array[];
  readonly classes: readonly string[];
  /** Some images of the data; none where inputs are no images. */
  readonly samples: readonly PredictedImage[];
  /** Those of which the model is most sure, and wrong. */
  readonly mistakes: readonly PredictedImage[];
}

/**
 * Runs a classifier, whose outputs are logits [N, C], over data, in evaluation mode.
 * @param data batches [inputs, class indices], such as the validation data
 * @throws ArgumentError for an unknown option, or for outputs and targets that are none of a classifier
 */
export async function predictClasses(
  model: Module,
  data: PredictionData,
  options: PredictClassesOptions = {},
): Promise<Predictions> {
  checkOptions('predictClasses', options, PREDICT_CLASSES_NAMES);
  const isCount = (count: number) => Number.isInteger(count) && count >= 0 && count <= 10_000;
  const expected = 'an integer from 0 to 10000';
  const wanted = checkNumber('predictClasses', 'samples', options.samples ?? 16, isCount, expected);
  const classes = options.classes && checkTexts('predictClasses', 'classes', options.classes);
  const scaling = {
    mean: checkScaling('mean', options.mean),
    std: checkScaling('std', options.std),
  };
  if (!(model instanceof Module)) {
    throw new ArgumentError(`predictClasses: the model is ${inWords(model)}, expected a Module`);
  }
  if (typeof data !== 'object' || data === null) {
    throw new ArgumentError(`predictClasses: the data are ${inWords(data)}, expected batches`);
  }
  const perBatch = Math.ceil(wanted / Math.max(1, Math.min(data.length ?? 1, wanted)));
  const samples: PredictedImage[] = [];
  let mistakes: (PredictedImage & { confidence: number })[] = [];
  const counts: Uint32Array[] = [];
  const nameOf = (index: number) => classes?.[index] ?? String(index);
  await evaluating(model, async () => {
    for await (const batch of batchesOf(data)) {
      if (!Array.isArray(batch) || !batch.every((part) => part instanceof Tensor)) {
        throw new ArgumentError(
          `predictClasses: a batch is ${inWords(batch)}, expected [inputs, class indices]`,
        );
      }
      const [inputs, targets] = batch;
      await noGrad(async () => {
        const batch = await classify(model, inputs, targets);
        if (counts.length === 0) {
          for (let i = 0; i < batch.classes; i++) counts.push(new Uint32Array(batch.classes));
        }
        const images = inputs.shape.length === 4 ? await inputs.data() : null;
        const every = Math.max(1, Math.floor(batch.count / perBatch));
        for (let i = 0; i < batch.count; i++) {
          const { truth, prediction, confidence } = batch.at(i);
          const row = counts[truth];
          if (row === undefined) {
            throw new ArgumentError(`report: target ${truth} of ${counts.length} classes`);
          }
          row[prediction] = (row[prediction] ?? 0) + 1;
          const isSample = i % every === 0 && i / every < perBatch && samples.length < wanted;
          const isMistake =
            truth !== prediction &&
            (mistakes.length < wanted || confidence > (mistakes.at(-1)?.confidence ?? 0));
          if (images === null || !(isSample || isMistake)) continue;
          const image = rasterOf(inputs.shape, images, i, scaling);
          if (image === null) continue;
          const seen = { image, truth: nameOf(truth), prediction: nameOf(prediction), confidence };
          if (isSample) samples.push(seen);
          if (!isMistake) continue;
          mistakes.push(seen);
          mistakes.sort((a, b) => b.confidence - a.confidence);
          mistakes = mistakes.slice(0, wanted);
        }
      });
    }
  });
  return { counts, classes: counts.map((_, i) => nameOf(i)), samples, mistakes };
}

interface Classified {
  readonly count: number;
  readonly classes: number;
  at(i: number): { truth: number; prediction: number; confidence: number };
}

async function classify(model: Module, inputs: Tensor, targets: Tensor): Promise<Classified> {
  const output: unknown = Reflect.apply(model.forward, model, [inputs]);
  if (!(output instanceof Tensor) || output.shape.length !== 2 || targets.shape.length !== 1) {
    const shape = output instanceof Tensor ? formatShape(output.shape) : typeof output;
    throw new ArgumentError(
      `report: output ${shape} and target ${formatShape(targets.shape)}, expected those of a classifier, ` +
        '[N, C] and [N]',
    );
  }
  const [count = 0, classes = 0] = output.shape;
  const [probabilities, truths] = await Promise.all([softmax(output, 1).data(), targets.data()]);
  return {
    count,
    classes,
    at(i) {
      let best = 0;
      const at = (j: number) => probabilities[i * classes + j] ?? 0;
      for (let j = 1; j < classes; j++) if (at(j) > at(best)) best = j;
      return { truth: truths[i] ?? -1, prediction: best, confidence: at(best) };
    },
  };
}

interface Scaling {
  readonly mean: number | Float64Array | undefined;
  readonly std: number | Float64Array | undefined;
}

function checkScaling(
  name: string,
  value: number | readonly number[] | undefined,
): number | Float64Array | undefined {
  if (value === undefined || typeof value === 'number') return value;
  return checkNumbers('predictClasses', name, value);
}

/** One image of a batch [N, channels, height, width] in its own colours; null unless it has 1 or 3 channels. */
function rasterOf(
  shape: readonly number[],
  values: ArrayLike<number>,
  index: number,
  { mean = 0, std = 1 }: Scaling,
): Raster | null {
  const [, channels = 0, height = 0, width = 0] = shape;
  if ((channels !== 1 && channels !== 3) || height * width === 0) return null;
  const plane = height * width;
  const data = new Uint8Array(plane * channels);
  for (let channel = 0; channel < channels; channel++) {
    const shift = typeof mean === 'number' ? mean : (mean[channel] ?? 0);
    const scale = typeof std === 'number' ? std : (std[channel] ?? 1);
    const start = (index * channels + channel) * plane;
    for (let i = 0; i < plane; i++) {
      const level = Math.round(255 * ((values[start + i] ?? 0) * scale + shift));
      data[i * channels + channel] = Math.min(Math.max(level, 0), 255);
    }
  }
  return { width, height, channels, data };
}
