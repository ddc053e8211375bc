import { greatest, smallest } from '../../numeric/extremes.js';
import { shortName } from '../../plot/svg.js';
import type { History } from '../loop/history.js';
import { splitValues } from '../loop/valueNames.js';
import type { ReportChart, ReportCurve } from './chartData.js';

/** Points of a curve over the steps of a run. */
export interface StepCurve {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Curves by the step, as a callback gathered them. */
export interface StepCurves {
  readonly loss?: StepCurve;
  readonly lr?: StepCurve;
  readonly gradNorm?: StepCurve;
}

/** Values that a page shows: a run with more would have more charts than anybody looks at. */
export const MOST_NAMES = 100;

const NO_MARK = { mark: null, note: '' } as const;

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

/** Curves of training and validation for each value of the epochs, the loss first, then those by the step. */
export function chartsOf(history: History, steps: StepCurves): ReportChart[] {
  const { epochs } = history;
  const x = epochs.map(({ epoch }) => epoch);
  const parts = epochs.map(({ values }) => splitValues(values));
  const names = new Set(['loss']);
  for (const { training, validation } of parts) {
    for (const name of [...Object.keys(training), ...Object.keys(validation)]) {
      if (names.size < MOST_NAMES) names.add(name);
    }
  }
  const charts = Array.from(names, (name): ReportChart => {
    const curves = (['training', 'validation'] as const).flatMap((part) =>
      parts.some((each) => Object.hasOwn(each[part], name))
        ? [{ name: part, x, y: parts.map((each) => finite(each[part][name])) }]
        : [],
    );
    const { mark, note } = name === 'loss' ? bestLoss(history) : NO_MARK;
    return { title: readableName(name), x: 'epoch', curves, mark, note, log: false };
  });
  const hasStepRates = (steps.lr?.steps.length ?? 0) > 1;
  if (!hasStepRates && epochs.length > 0) {
    const y = epochs.map(({ lr }) => finite(lr));
    charts.push(plain('Learning rate', 'epoch', { name: 'learning rate', x, y }));
  }
  const byStep = [
    ['Loss by the step', 'loss', steps.loss],
    ['Learning rate', 'learning rate', hasStepRates ? steps.lr : undefined],
    ['Gradient norm', 'norm', steps.gradNorm],
  ] as const;
  for (const [title, name, curve] of byStep) {
    if (curve === undefined || curve.steps.length === 0) continue;
    charts.push(plain(title, 'step', { name, x: curve.steps, y: curve.values.map(finite) }));
  }
  return charts;
}

function plain(title: string, x: 'epoch' | 'step', curve: ReportCurve): ReportChart {
  const positive = curve.y.filter((value) => value !== null && value > 0).map(Number);
  const spread = greatest(positive) / smallest(positive);
  // Norms over several powers of ten would lie flat on the axis.
  const log = x === 'step' && title === 'Gradient norm' && spread > 100;
  return { title, x, curves: [curve], ...NO_MARK, log };
}

function bestLoss(history: History): { mark: number | null; note: string } {
  const hasLoss = history.epochs.some(({ values }) => Number.isFinite(values.valLoss));
  if (!hasLoss || history.epochs.length < 2) return NO_MARK;
  const { epoch } = history.best('valLoss');
  const after = history.overfittingSince === null ? '' : ', overfitting after';
  return { mark: epoch, note: `best validation in epoch ${epoch}${after}` };
}

/** `topFive` -> `Top five`; cut where it is long. */
export function readableName(name: string): string {
  const words = shortName(name).replace(
    /([a-z\d])([A-Z])/g,
    (_, a: string, b: string) => `${a} ${b.toLowerCase()}`,
  );
  return words.charAt(0).toUpperCase() + words.slice(1);
}
