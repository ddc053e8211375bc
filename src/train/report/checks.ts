import { ArgumentError } from '../../errors.js';
import { Module } from '../../nn/module.js';
import type { SummaryInput } from '../../nn/summary.js';
import { checkNumber, checkNumbers } from '../../numeric/numbers.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { checkArray, checkText, checkTextIfAny, checkTexts } from '../../plot/checks.js';
import { type EpochRecord, History } from '../loop/history.js';
import type { StepCurve, StepCurves } from './charts.js';
import type { PredictedImage, Predictions } from './predictions.js';

/*
 * What a report is given, looked at once. Histories and counts come from files, too, and JavaScript passes what types
 * forbid: what is no number or text is refused by name.
 */

export interface ReportOptions {
  /** Default: 'Training report'. */
  title?: string;
  /** A few words about the run; lines are kept. */
  notes?: string;
  /** Adds a table of its layers. */
  model?: Module;
  /** Shape of the model's input, such as [1, 1, 28, 28]: adds the shapes of what layers return. */
  input?: SummaryInput;
  /** Curves by the step. */
  steps?: StepCurves;
  /** Adds a confusion matrix and images, as `predictClasses` or you found them. */
  predictions?: Partial<Predictions>;
}

const OWNER = 'writeReport';
const OPTIONS: OptionNames<ReportOptions> = {
  title: true,
  notes: true,
  model: true,
  input: true,
  steps: true,
  predictions: true,
};
const CURVES: OptionNames<StepCurves> = { loss: true, lr: true, gradNorm: true };
const CURVE: OptionNames<StepCurve> = { steps: true, values: true };
const PREDICTIONS: OptionNames<Predictions> = {
  counts: true,
  classes: true,
  samples: true,
  mistakes: true,
};

function checkObject(name: string, value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw new ArgumentError(`${OWNER}: ${name} is ${inWords(value)}, expected an object`);
}

const anyNumber = () => true;

function numberIn(what: string, record: object, name: keyof EpochRecord): number {
  const value: number = Reflect.get(record, name);
  return checkNumber(OWNER, `${what}.${name}`, value, anyNumber, 'a number');
}

function checkedRecord(given: unknown, index: number): EpochRecord {
  const what = `epochs[${index}]`;
  const record = checkObject(what, given);
  // Without a prototype, so that no name is there but those of values.
  const values: Record<string, number> = Object.create(null);
  const all = checkObject(`${what}.values`, Reflect.get(record, 'values'));
  for (const [name, value] of Object.entries(all)) {
    values[name] = checkNumber(
      OWNER,
      `a value of ${what}`,
      value ?? Number.NaN,
      anyNumber,
      'a number',
    );
  }
  return {
    epoch: numberIn(what, record, 'epoch'),
    step: numberIn(what, record, 'step'),
    values,
    lr: numberIn(what, record, 'lr'),
    seconds: numberIn(what, record, 'seconds'),
    samplesPerSecond: numberIn(what, record, 'samplesPerSecond'),
  };
}

/** @throws ArgumentError unless all in it are numbers */
export function checkedHistory(history: History): History {
  if (typeof history !== 'object' || history === null || !Array.isArray(history.epochs)) {
    throw new ArgumentError(`${OWNER}: the history is ${inWords(history)}, expected a History`);
  }
  const checked = new History(Array.from(history.epochs, checkedRecord));
  const reason: unknown = history.stopReason ?? null;
  checked.stopReason = reason === null ? null : checkText(OWNER, 'stopReason', reason as string);
  return checked;
}

function checkedCurve(name: string, curve: StepCurve | undefined): StepCurve | undefined {
  if (curve === undefined) return undefined;
  checkOptions(`${OWNER}: ${name}`, curve, CURVE);
  const steps = Array.from(checkNumbers(OWNER, `${name}.steps`, curve.steps));
  const values = Array.from(checkNumbers(OWNER, `${name}.values`, curve.values));
  if (steps.length === values.length && steps.every(Number.isFinite)) return { steps, values };
  throw new ArgumentError(
    `${OWNER}: ${name} has ${steps.length} steps and ${values.length} values, expected as many, all steps finite`,
  );
}

function checkedImages(
  name: string,
  images: readonly PredictedImage[] | undefined,
): PredictedImage[] | undefined {
  if (images === undefined) return undefined;
  return Array.from(checkArray(OWNER, name, images), (each, i) => {
    const what = `${name}[${i}]`;
    checkObject(what, each);
    checkObject(`${what}.image`, each.image);
    const { image, truth, prediction, confidence } = each;
    return {
      image,
      truth: checkText(OWNER, `${what}.truth`, truth),
      prediction: checkText(OWNER, `${what}.prediction`, prediction),
      confidence:
        confidence === undefined
          ? undefined
          : checkNumber(OWNER, `${what}.confidence`, confidence, anyNumber, 'a number'),
    };
  });
}

/** What the page says of predictions. */
export interface CheckedPredictions {
  readonly counts: readonly Float64Array[];
  /** One for each row of the counts. */
  readonly classes: readonly string[];
  readonly samples: readonly PredictedImage[];
  readonly mistakes: readonly PredictedImage[];
}

function checkedPredictions(given: Partial<Predictions>): CheckedPredictions {
  checkOptions(`${OWNER}: predictions`, given, PREDICTIONS);
  const isCount = (value: number) => value >= 0 && value < Number.POSITIVE_INFINITY;
  const rows: readonly ArrayLike<number>[] = given.counts ?? [];
  const counts = Array.from(checkArray(OWNER, 'predictions.counts', rows), (row, i) => {
    const name = `predictions.counts[${i}]`;
    const numbers = checkNumbers(OWNER, name, row);
    for (const count of numbers)
      checkNumber(OWNER, `a number of ${name}`, count, isCount, 'a count');
    return numbers;
  });
  if (counts.some((row) => row.length !== counts.length)) {
    throw new ArgumentError(
      `${OWNER}: ${counts.length} rows of counts, one of another length, expected a square`,
    );
  }
  const names = checkTexts(OWNER, 'predictions.classes', given.classes ?? []);
  return {
    counts,
    classes: counts.map((_, i) => names[i] ?? String(i)),
    samples: checkedImages('predictions.samples', given.samples) ?? [],
    mistakes: checkedImages('predictions.mistakes', given.mistakes) ?? [],
  };
}

/** Options of a report, looked at. */
export interface CheckedReport extends Pick<ReportOptions, 'model' | 'input'> {
  readonly title: string;
  readonly notes: string;
  readonly steps: StepCurves | undefined;
  readonly predictions: CheckedPredictions;
}

/** @throws ArgumentError for what is no text, number, list or model */
export function checkedReport(options: ReportOptions): CheckedReport {
  checkOptions(OWNER, options, OPTIONS);
  const { model, input, steps } = options;
  if (model !== undefined && !(model instanceof Module)) {
    throw new ArgumentError(`${OWNER}: the model is ${inWords(model)}, expected a Module`);
  }
  if (steps !== undefined) checkOptions(`${OWNER}: steps`, steps, CURVES);
  const curves = Object.entries(steps ?? {}).flatMap(([name, curve]) => {
    const checked = checkedCurve(`steps.${name}`, curve);
    return checked === undefined ? [] : [[name, checked] as const];
  });
  return {
    title: checkTextIfAny(OWNER, 'title', options.title) ?? 'Training report',
    notes: checkTextIfAny(OWNER, 'notes', options.notes) ?? '',
    steps: steps && Object.fromEntries(curves),
    predictions: checkedPredictions(options.predictions ?? {}),
    ...(model === undefined ? {} : { model }),
    ...(input === undefined ? {} : { input }),
  };
}
