import {
  bceLoss,
  bceWithLogitsLoss,
  crossEntropy,
  huberLoss,
  klDivLoss,
  l1Loss,
  mseLoss,
  nllLoss,
  nn,
  smoothL1Loss,
  type Tensor,
  tensor,
  train,
  where,
} from '../../../src/index.js';
import { type Draws, type Layout, PADDING, type Sample } from './data.js';

export const CLASSES = 3;

/** What targets are. */
type Kind = 'numbers' | 'classes' | 'oneHot' | 'probabilities' | 'labels' | 'decisions';

type Loss = train.LossOf<Tensor, Tensor>;
type Metrics = Record<string, train.Metric | train.MetricFunction>;

/** A loss, and metrics beside it, on data of a kind. */
export interface Case {
  readonly name: string;
  readonly layout: Layout;
  readonly kind: Kind;
  /** Numbers that the model gives for each place. */
  readonly outputs: number;
  /** What the model makes of its numbers. */
  readonly head: 'none' | 'sigmoid' | 'logSoftmax';
  readonly loss: () => Loss;
  readonly metrics: () => Metrics;
}

/** The last axis of a batch of a layout, or the one of features. */
function headOf(kind: Kind): number {
  return kind === 'numbers' || kind === 'labels' ? 2 : kind === 'decisions' ? 1 : CLASSES;
}

function case_(
  name: string,
  layout: Layout,
  kind: Kind,
  loss: () => Loss,
  more: Partial<Pick<Case, 'head' | 'metrics' | 'outputs'>> = {},
): Case {
  const { head = 'none', metrics = () => ({}), outputs = headOf(kind) } = more;
  return { name, layout, kind, outputs, head, loss, metrics };
}

const WEIGHTS = [0.3, 1.7, 0];
const weight = (): Tensor => tensor(WEIGHTS).keep();
const LAYOUTS = ['flat', 'sequences', 'timeFirst'] as const;
const REDUCTIONS = ['mean', 'sum'] as const;

const regression = (): Metrics => ({
  mae: new train.MAE(),
  mse: new train.MSE(),
  r2: new train.R2(),
  own: (output: Tensor, target: Tensor) => output.sub(target).abs().mean(),
  sum: (output: Tensor, target: Tensor) => mseLoss(output, target, { reduction: 'sum' }),
  told: new train.Mean((output: Tensor, target: Tensor) => ({
    value: output.sub(target).abs().sum().div(target.size),
    weight: target.size,
  })),
});

const ofClasses = (): Metrics => ({
  accuracy: new train.Accuracy(),
  top2: new train.TopKAccuracy(2),
  confusion: new train.ConfusionMatrix(CLASSES),
  perplexity: new train.Perplexity(),
  precision: new train.Precision(CLASSES),
  recall: new train.Recall(CLASSES, { average: 'weighted' }),
  f1: new train.F1(CLASSES, { average: 'macro' }),
  micro: new train.F1(CLASSES, { average: 'micro' }),
  entropy: (output: Tensor, target: Tensor) => crossEntropy(output, target),
});

const binary = (): Metrics => ({
  accuracy: new train.Accuracy(),
  precision: new train.Precision(2),
  recall: new train.Recall(2),
  f1: new train.F1(2),
  confusion: new train.ConfusionMatrix(2),
});

/** All classes and labels at once; outputs are above a threshold or not. */
const labels = (): Metrics => ({
  accuracy: new train.Accuracy({ threshold: 0.2 }),
  f1: new train.F1(2, { threshold: 0.2 }),
});

/** Written by hand, of the targets that count. */
function masked(output: Tensor, target: Tensor): { total: Tensor; counted: Tensor } {
  const counts = target.notEqual(PADDING).cast('float32');
  const total = nllLoss(output.logSoftmax(1), target, { reduction: 'none' }).sum();
  return { total, counted: counts.sum() };
}

const CASES: Case[] = [];

for (const layout of LAYOUTS) {
  for (const reduction of REDUCTIONS) {
    const each = (name: string): string => `${name}, ${layout}, ${reduction}`;
    CASES.push(
      case_(each('mseLoss'), layout, 'numbers', () => (x, y) => mseLoss(x, y, { reduction }), {
        metrics: regression,
      }),
      case_(each('l1Loss'), layout, 'numbers', () => (x, y) => l1Loss(x, y, { reduction })),
      case_(
        each('huberLoss'),
        layout,
        'numbers',
        () => (x, y) => huberLoss(x, y, { delta: 0.7, reduction }),
      ),
      case_(
        each('smoothL1Loss'),
        layout,
        'numbers',
        () => (x, y) => smoothL1Loss(x, y, { reduction }),
      ),
      case_(each('bceLoss'), layout, 'labels', () => (x, y) => bceLoss(x, y, { reduction }), {
        head: 'sigmoid',
      }),
      case_(
        each('bceWithLogitsLoss'),
        layout,
        'labels',
        () => (x, y) => bceWithLogitsLoss(x, y, { reduction, posWeight: tensor(2) }),
        { metrics: labels },
      ),
    );
  }
  CASES.push(
    case_(`MSELoss, ${layout}`, layout, 'numbers', () => new nn.MSELoss()),
    case_(`L1Loss, ${layout}`, layout, 'numbers', () => new nn.L1Loss()),
    case_(`HuberLoss, ${layout}`, layout, 'numbers', () => new nn.HuberLoss({ delta: 0.4 })),
    case_(`SmoothL1Loss, ${layout}`, layout, 'numbers', () => new nn.SmoothL1Loss({ beta: 0 })),
    case_(`BCELoss, ${layout}`, layout, 'labels', () => new nn.BCELoss(), { head: 'sigmoid' }),
    case_(`BCEWithLogitsLoss, ${layout}`, layout, 'labels', () => new nn.BCEWithLogitsLoss()),
    // A user's own: a mean over all elements is known.
    case_(`a mean, ${layout}`, layout, 'numbers', () => (x, y) => x.sub(y).square().mean()),
    case_(`a sum that says so, ${layout}`, layout, 'numbers', () => (x, y) => ({
      loss: x.sub(y).square().sum(),
      weight: 'sum',
    })),
  );
}

for (const layout of ['flat', 'sequences'] as const) {
  for (const reduction of REDUCTIONS) {
    for (const kind of ['classes', 'oneHot', 'probabilities'] as const) {
      const name = (what: string): string => `${what}, ${kind}, ${layout}, ${reduction}`;
      CASES.push(
        case_(
          name('crossEntropy'),
          layout,
          kind,
          () => (x, y) => crossEntropy(x, y, { reduction }),
          {
            metrics: ofClasses,
          },
        ),
        case_(name('crossEntropy, weights'), layout, kind, () => {
          const factors = weight();
          return (x, y) => crossEntropy(x, y, { reduction, weight: factors });
        }),
      );
    }
    CASES.push(
      case_(
        `nllLoss, ${layout}, ${reduction}`,
        layout,
        'classes',
        () => {
          const factors = weight();
          return (x, y) => nllLoss(x, y, { reduction, weight: factors });
        },
        { head: 'logSoftmax' },
      ),
    );
  }
  CASES.push(
    case_(
      `CrossEntropyLoss, smooth, ${layout}`,
      layout,
      'classes',
      () => new nn.CrossEntropyLoss({ labelSmoothing: 0.2 }),
      { metrics: ofClasses },
    ),
    case_(
      `CrossEntropyLoss, smooth and weighted, ${layout}`,
      layout,
      'classes',
      () => new nn.CrossEntropyLoss({ labelSmoothing: 0.2, weight: tensor([0.3, 1.7, 0.5]) }),
    ),
    case_(`CrossEntropyLoss, another ignoreIndex, ${layout}`, layout, 'classes', () => {
      const loss = new nn.CrossEntropyLoss({ ignoreIndex: 1 });
      return (x, y) => loss.forward(x, where(y.equal(PADDING), 1, y));
    }),
    case_(`NLLLoss, ${layout}`, layout, 'classes', () => new nn.NLLLoss(), { head: 'logSoftmax' }),
    case_(`a loss beside its number, ${layout}`, layout, 'classes', () => (x, y) => {
      const { total } = masked(x, y);
      const counted = Array.from(y.dataSync()).filter((t) => t !== PADDING).length;
      return { loss: total.div(counted), weight: counted };
    }),
    case_(`a loss beside its tensor, ${layout}`, layout, 'classes', () => (x, y) => {
      const { total, counted } = masked(x, y);
      return { loss: total.div(counted), weight: counted };
    }),
    case_(
      `a loss of rows, ${layout}`,
      layout,
      'classes',
      () => (x, y) => crossEntropy(x.cast('float32'), y).mean(),
    ),
  );
}

for (const reduction of ['mean', 'sum', 'batchmean'] as const) {
  CASES.push(
    case_(
      `klDivLoss, ${reduction}`,
      'flat',
      'probabilities',
      () => (x, y) => klDivLoss(x, y, { reduction }),
      { head: 'logSoftmax' },
    ),
  );
}
CASES.push(
  case_('KLDivLoss', 'flat', 'probabilities', () => new nn.KLDivLoss(), { head: 'logSoftmax' }),
  case_('one number a sample', 'flat', 'decisions', () => bceWithLogitsLoss, { metrics: binary }),
  case_('one number a step', 'timeFirst', 'decisions', () => bceWithLogitsLoss, {
    metrics: binary,
  }),
  // Not known, and not told: it weighs the samples, which are along axis 1.
  case_(
    'a mean of samples, time first',
    'timeFirst',
    'numbers',
    () => (x, y) =>
      x
        .sub(y)
        .abs()
        .sum([0, 2])
        .sum()
        .div(x.shape[1] ?? 1),
  ),
  case_(
    'a mean of samples, flat',
    'flat',
    'numbers',
    () => (x, y) =>
      x
        .sub(y)
        .abs()
        .sum()
        .div(x.shape[0] ?? 1),
  ),
);

export const cases: readonly Case[] = CASES;

/** Samples for a case. Of time-first ones all have the same number of steps. */
export function samplesFor({ layout, kind, outputs }: Case, draws: Draws, count: number): Sample[] {
  const common = 1 + draws.below(3);
  const share = draws.next();
  return draws.list(count, () => {
    const steps = layout === 'flat' ? 1 : layout === 'timeFirst' ? common : 1 + draws.below(4);
    // Losses of numbers have no padding.
    const own = kind === 'classes' || layout === 'flat' ? steps : common;
    return {
      x: draws.list(own, () => draws.list(outputs, () => draws.value())),
      target: draws.list(own, () => targetOf(kind, draws, share)),
    };
  });
}

function targetOf(kind: Kind, draws: Draws, ignored: number): number[] {
  switch (kind) {
    case 'numbers':
      return draws.list(2, () => draws.value());
    case 'labels':
      return draws.list(2, () => draws.below(2));
    case 'decisions':
      return [draws.below(2)];
    case 'classes':
      return [draws.next() < ignored ? PADDING : draws.below(CLASSES)];
    case 'oneHot': {
      const own = draws.below(CLASSES);
      return draws.list(CLASSES, (c) => (c === own ? 1 : 0));
    }
    case 'probabilities': {
      const parts = draws.list(CLASSES, () => 0.05 + draws.next());
      const total = parts.reduce((a, b) => a + b);
      return parts.map((part) => part / total);
    }
  }
}
