import { ArgumentError, ShapeError } from '../errors.js';
import { copyFrom } from '../ops/creation.js';
import { checkInteger } from '../ops/kit/options.js';
import { linear } from '../ops/linear.js';
import { dim, formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { zeros } from './init.js';
import { Module } from './module.js';
import { emptyParameter, type Parameter } from './parameter.js';

/** Samples of some features each: a matrix [samples, features], rows, or all numbers of all rows in one array. */
export type Samples = Tensor | readonly (readonly number[])[] | Float32Array | Float64Array;

/** A number for each sample. */
export type Targets = Tensor | ArrayLike<number>;

function flatten(samples: Samples, features: number): ArrayLike<number> {
  if (samples instanceof Tensor) {
    if (samples.rank !== 2 || dim(samples.shape, 1) !== features) {
      throw new ShapeError(
        `samples ${formatShape(samples.shape)}, expected [samples, ${features}]`,
      );
    }
    return samples.dataSync();
  }
  if (!Array.isArray(samples)) return samples as Float32Array | Float64Array;
  const rows: readonly (readonly number[])[] = samples;
  const ragged = rows.findIndex((row) => row.length !== features);
  if (ragged >= 0) {
    throw new ShapeError(
      `sample ${ragged} has ${rows[ragged]?.length} features, expected ${features}`,
    );
  }
  return rows.flat();
}

function finite(values: ArrayLike<number>, name: string): Float64Array {
  const copy = Float64Array.from(values);
  const fault = copy.findIndex((value) => !Number.isFinite(value));
  if (fault >= 0)
    throw new ArgumentError(`${name}: number ${fault} is ${copy[fault]}, expected finite numbers`);
  return copy;
}

/** Samples and targets on the host, checked to belong together. */
export interface TrainingData {
  /** Row after row. */
  readonly samples: Float64Array;
  readonly targets: Float64Array;
}

/**
 * A neuron without its threshold, weight·x + bias, on the host: the ancestors of deep learning are taught one
 * sample at a time, which is no work for tensors. Its parameters are those of `Linear(features, 1)`, zero at
 * first.
 */
export abstract class LinearUnit extends Module {
  /** [1, features] */
  readonly weight: Parameter;
  /** [1] */
  readonly bias: Parameter;

  protected constructor(name: string, features: number) {
    super();
    checkInteger(features, 'features', name, 1);
    this.weight = zeros(emptyParameter([1, features]));
    this.bias = zeros(emptyParameter([1]));
  }

  get features(): number {
    return dim(this.weight.shape, 1);
  }

  /** weight·x + bias: [N, features] to [N, 1]. */
  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  /** As forward, for samples of any kind: a number each. */
  outputs(samples: Samples): Float64Array {
    const rows = this.rows(samples);
    const unit = this.readUnit();
    return Float64Array.from({ length: rows.length / this.features }, (_, i) =>
      outputOf(unit, rows, i),
    );
  }

  protected rows(samples: Samples): Float64Array {
    const rows = finite(flatten(samples, this.features), 'samples');
    if (rows.length % this.features === 0) return rows;
    throw new ShapeError(
      `${rows.length} numbers are no whole samples of ${this.features} features`,
    );
  }

  protected trainingData(samples: Samples, targets: Targets): TrainingData {
    const rows = this.rows(samples);
    const values = finite(targets instanceof Tensor ? targets.dataSync() : targets, 'targets');
    const count = rows.length / this.features;
    if (count !== values.length || count === 0) {
      throw new ShapeError(
        `${count} samples and ${values.length} targets, expected as many, and any`,
      );
    }
    return { samples: rows, targets: values };
  }

  /** A copy of the parameters: the weights, and then the bias. */
  protected readUnit(): Float32Array {
    return Float32Array.from([...this.weight.dataSync(), ...this.bias.dataSync()]);
  }

  protected writeUnit(unit: Float32Array): void {
    copyFrom(this.weight, unit.slice(0, this.features));
    copyFrom(this.bias, unit.slice(this.features));
  }

  protected override describeOptions(): string {
    return `${this.features}`;
  }
}

/** weight·x + bias of the i-th row. */
export function outputOf(unit: Float32Array, rows: Float64Array, i: number): number {
  const features = unit.length - 1;
  let sum = unit[features] ?? 0;
  for (let k = 0; k < features; k++) sum += (unit[k] ?? 0) * (rows[i * features + k] ?? 0);
  return sum;
}

/** weight += step·x and bias += step, for the i-th row. */
export function moveAlong(unit: Float32Array, rows: Float64Array, i: number, step: number): void {
  const features = unit.length - 1;
  for (let k = 0; k < features; k++)
    unit[k] = (unit[k] ?? 0) + step * (rows[i * features + k] ?? 0);
  unit[features] = (unit[features] ?? 0) + step;
}

/** Throws unless the options of a fit make sense. */
export function checkFit(name: string, learningRate: number, maxEpochs: number): void {
  if (!(learningRate > 0 && Number.isFinite(learningRate))) {
    throw new ArgumentError(`${name}: learningRate is ${learningRate}, expected a number > 0`);
  }
  checkInteger(maxEpochs, 'maxEpochs', name, 1);
}
