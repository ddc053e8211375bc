import { ArgumentError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import {
  checkFit,
  LinearUnit,
  moveAlong,
  outputOf,
  type Samples,
  type Targets,
} from './linearUnit.js';

export interface PerceptronOptions {
  /** Passes over the samples after which it gives up. Default: 1000. */
  maxEpochs?: number;
  /** Scales the weights, and nothing else as long as they start at zero. Default: 1. */
  learningRate?: number;
}

const NAMES: OptionNames<PerceptronOptions> = { maxEpochs: true, learningRate: true };

/** How learning went. */
export interface PerceptronFit {
  /** True if a whole pass made no mistake. */
  readonly converged: boolean;
  /** Passes made, that one included. */
  readonly epochs: number;
  /** Mistakes made, and so changes of the weights. */
  readonly updates: number;
}

/** Labels as ±1, and what stands for −1 among them. */
function signsOf(labels: Float64Array): { signs: Float64Array; negative: -1 | 0 } {
  const negative = labels.includes(0) ? 0 : -1;
  const fault = labels.findIndex((label) => label !== 1 && label !== negative);
  if (fault >= 0) {
    throw new ArgumentError(
      `Perceptron: label ${fault} is ${labels[fault]}, expected 1 and −1, or 1 and 0`,
    );
  }
  return { signs: labels.map((label) => (label === 1 ? 1 : -1)), negative };
}

/**
 * The perceptron (Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in
 * the brain", 1958): says 1 where weight·x + bias > 0, and learns from its mistakes only. If some hyperplane
 * separates the classes, it finds one, after at most (R/γ)² mistakes (Novikoff, "On convergence proofs on
 * perceptrons", 1962), R being the length of the longest sample and γ the margin, both with a 1 appended to each
 * sample for the bias; if none does, as for XOR, it never stops by itself.
 *
 * @example
 * const unit = new nn.Perceptron(2);
 * unit.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]); // { converged: true, ... }
 * unit.predict([[1, 1]]); // [1]
 */
export class Perceptron extends LinearUnit {
  #negative: -1 | 0 = -1;

  constructor(features: number) {
    super('Perceptron', features);
  }

  /**
   * Goes through the samples, and after each mistake moves the weights towards the sample (label 1) or away from
   * it: weight ± learningRate·x. Goes on from the present weights.
   * @param labels 1 and −1, or 1 and 0
   */
  fit(samples: Samples, labels: Targets, options: PerceptronOptions = {}): PerceptronFit {
    checkOptions('Perceptron', options, NAMES);
    const { maxEpochs = 1000, learningRate = 1 } = options;
    checkFit('Perceptron', learningRate, maxEpochs);
    const data = this.trainingData(samples, labels);
    const { signs, negative } = signsOf(data.targets);
    const unit = this.readUnit();
    let updates = 0;
    let epochs = 0;
    let mistakes = 0;
    do {
      mistakes = 0;
      for (let i = 0; i < signs.length; i++) {
        const sign = signs[i] ?? 1;
        if (sign * outputOf(unit, data.samples, i) > 0) continue;
        moveAlong(unit, data.samples, i, learningRate * sign);
        mistakes++;
      }
      updates += mistakes;
      epochs++;
    } while (mistakes > 0 && epochs < maxEpochs);
    this.writeUnit(unit);
    this.#negative = negative;
    return { converged: mistakes === 0, epochs, updates };
  }

  /** 1 or, as in the labels learned, −1 or 0 for each sample. */
  predict(samples: Samples): Int8Array {
    return Int8Array.from(this.outputs(samples), (output) => (output > 0 ? 1 : this.#negative));
  }
}
