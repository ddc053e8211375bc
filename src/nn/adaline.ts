import { ArgumentError } from '../errors.js';
import { checkChoice } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import {
  checkFit,
  LinearUnit,
  moveAlong,
  outputOf,
  type Samples,
  type Targets,
  type TrainingData,
} from './linearUnit.js';

export interface AdalineOptions {
  /** Passes over the samples at most. Default: 1000. */
  maxEpochs?: number;
  /** Default: 0.01. */
  learningRate?: number;
  /** Whether a step follows each sample, or each pass by the mean of all. Default: 'online'. */
  mode?: 'online' | 'batch';
  /** Stops when a pass changes the loss by less than this share of it. Default: 1e-6. */
  tolerance?: number;
}

const NAMES: OptionNames<AdalineOptions> = {
  maxEpochs: true,
  learningRate: true,
  mode: true,
  tolerance: true,
};

/** How learning went. */
export interface AdalineFit {
  /** True if the loss has come to rest. */
  readonly converged: boolean;
  /** Passes made. */
  readonly epochs: number;
  /** Mean squared error after each pass. */
  readonly losses: readonly number[];
}

function meanSquaredError(unit: Float32Array, { samples, targets }: TrainingData): number {
  let sum = 0;
  for (let i = 0; i < targets.length; i++)
    sum += ((targets[i] ?? 0) - outputOf(unit, samples, i)) ** 2;
  return sum / targets.length;
}

/** A step after each sample. */
function onlinePass(unit: Float32Array, { samples, targets }: TrainingData, rate: number): void {
  for (let i = 0; i < targets.length; i++) {
    const error = (targets[i] ?? 0) - outputOf(unit, samples, i);
    moveAlong(unit, samples, i, rate * error);
  }
}

/** One step by the mean of all. */
function batchPass(unit: Float32Array, { samples, targets }: TrainingData, rate: number): void {
  const before = unit.slice();
  for (let i = 0; i < targets.length; i++) {
    const error = (targets[i] ?? 0) - outputOf(before, samples, i);
    moveAlong(unit, samples, i, (rate * error) / targets.length);
  }
}

/**
 * The adaptive linear neuron, which learns by the delta rule (Widrow and Hoff, "Adaptive switching circuits",
 * 1960): weight += learningRate·(target − output)·x, gradient descent on the squared error of a linear unit. It
 * ends at the least squares solution, whether or not a line can separate the classes.
 */
export class Adaline extends LinearUnit {
  constructor(features: number) {
    super('Adaline', features);
  }

  /**
   * Goes on from the present weights.
   * @param targets any numbers; ±1 for classes
   * @throws ArgumentError if the learning rate is so large that the loss grows without bound; the weights stay
   */
  fit(samples: Samples, targets: Targets, options: AdalineOptions = {}): AdalineFit {
    checkOptions('Adaline', options, NAMES);
    const { maxEpochs = 1000, learningRate = 0.01, mode = 'online', tolerance = 1e-6 } = options;
    checkFit('Adaline', learningRate, maxEpochs);
    checkChoice(mode, ['online', 'batch'], 'mode', 'Adaline');
    const pass = mode === 'batch' ? batchPass : onlinePass;
    const data = this.trainingData(samples, targets);
    const unit = this.readUnit();
    const losses: number[] = [];
    let last = meanSquaredError(unit, data);
    let converged = false;
    while (!converged && losses.length < maxEpochs) {
      pass(unit, data, learningRate);
      const loss = meanSquaredError(unit, data);
      if (!Number.isFinite(loss)) {
        throw new ArgumentError(
          `Adaline: learningRate ${learningRate} is too large for these samples; try less`,
        );
      }
      converged = Math.abs(last - loss) <= tolerance * last;
      losses.push(loss);
      last = loss;
    }
    this.writeUnit(unit);
    return { converged, epochs: losses.length, losses };
  }

  /** The unit's output for each sample; its sign is the class, where targets were ±1. */
  predict(samples: Samples): Float64Array {
    return this.outputs(samples);
  }
}
