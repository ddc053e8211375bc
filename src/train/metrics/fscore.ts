import { ArgumentError } from '../../errors.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { ClassCounts } from './counts.js';
import { PREDICTION_NAMES, type PredictionOptions } from './predictions.js';

/**
 * How classes are put together: `macro`, their plain mean; `weighted`, by how often each is true; `micro`, all
 * decisions counted alike (of one class a sample that is the accuracy); `binary`, class 1 alone.
 */
export type Average = 'macro' | 'weighted' | 'micro' | 'binary';

export interface FScoreOptions extends PredictionOptions {
  /** Default: `binary` for 2 classes, else `macro`. */
  average?: Average;
}

const FSCORE_NAMES: OptionNames<FScoreOptions> = { ...PREDICTION_NAMES, average: true };

/** What precision, recall and F1 are made of, for one class. */
interface Decisions {
  /** Right ones. */
  readonly hits: number;
  /** How often it was predicted, and true. */
  readonly predicted: number;
  readonly actual: number;
}

const AVERAGES: readonly Average[] = ['macro', 'weighted', 'micro', 'binary'];

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/** A score of each class, averaged. 0 divided by 0 counts as 0; classes that nowhere occur are left out. */
abstract class Score extends ClassCounts {
  readonly average: Average;

  /**
   * @param classes their number; 2 for outputs of one number a sample
   * @throws ArgumentError for an average that is none, `binary` with other than 2 classes, or an unknown option
   */
  constructor(classes: number, options: FScoreOptions = {}) {
    checkOptions(new.target.name, options, FSCORE_NAMES);
    const { average = classes === 2 ? 'binary' : 'macro', ...rest } = options;
    super(classes, rest);
    if (!AVERAGES.includes(average)) {
      throw new ArgumentError(
        `${new.target.name}: average is ${inWords(average)}, expected one of ${AVERAGES.join(', ')}`,
      );
    }
    if (average === 'binary' && this.classes !== 2) {
      throw new ArgumentError(
        `${new.target.name}: average is binary with ${this.classes} classes, expected 2`,
      );
    }
    this.average = average;
  }

  /** @internal */
  protected abstract score(decisions: Decisions): number;

  #decisions(): Decisions[] {
    const all = Array.from({ length: this.classes }, (_, i) => i);
    const sum = (terms: readonly number[]): number => terms.reduce((a, b) => a + b, 0);
    return all.map((c) => ({
      hits: this.at(c, c),
      predicted: sum(all.map((other) => this.at(other, c))),
      actual: sum(all.map((other) => this.at(c, other))),
    }));
  }

  /** The score of each class. */
  perClass(): number[] {
    return this.#decisions().map((decisions) => this.score(decisions));
  }

  get value(): number {
    if (this.sums.length === 0) return Number.NaN;
    const all = this.#decisions().filter(({ predicted, actual }) => predicted + actual > 0);
    if (this.average === 'binary') return this.perClass()[1] ?? Number.NaN;
    if (this.average === 'micro') {
      const total = { hits: 0, predicted: 0, actual: 0 };
      for (const { hits, predicted, actual } of all) {
        total.hits += hits;
        total.predicted += predicted;
        total.actual += actual;
      }
      return this.score(total);
    }
    const weightOf = ({ actual }: Decisions): number => (this.average === 'macro' ? 1 : actual);
    const weights = all.reduce((sum, decisions) => sum + weightOf(decisions), 0);
    return all.reduce((sum, d) => sum + weightOf(d) * this.score(d), 0) / weights;
  }
}

/** Of what was predicted as a class, the share that is: hits / predicted. */
export class Precision extends Score {
  /** @internal */
  protected override score({ hits, predicted }: Decisions): number {
    return ratio(hits, predicted);
  }
}

/** Of what is a class, the share that was found: hits / actual. */
export class Recall extends Score {
  /** @internal */
  protected override score({ hits, actual }: Decisions): number {
    return ratio(hits, actual);
  }
}

/** Harmonic mean of precision and recall. */
export class F1 extends Score {
  /** @internal */
  protected override score({ hits, predicted, actual }: Decisions): number {
    return ratio(2 * hits, predicted + actual);
  }
}
