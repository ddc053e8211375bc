import { createHash } from 'node:crypto';
import {
  crossEntropy,
  data,
  manualSeed,
  mseLoss,
  nn,
  optim,
  randn,
  Tensor,
  tensor,
  train,
} from '../../src/index.js';
import { getRandomState } from '../../src/tensor/random.js';

// Small runs with a part of every kind that a checkpoint knows.

export const KINDS = ['classes', 'sequence', 'regression'] as const;
export type Kind = (typeof KINDS)[number];

export const EPOCHS = 3;

/** A report that keeps its curves and writes no file. */
class Report extends train.HtmlReport {
  readonly name = 'HtmlReport';
  override async onTrainBegin(): Promise<void> {}
  override async onEpochEnd(): Promise<void> {}
  override async onTrainEnd(): Promise<void> {}
  override async onTrainError(): Promise<void> {}
}

/** A callback of a user's own, with the one way to load a state that was there first. */
class Counter implements train.Callback {
  batches = 0;
  onBatchEnd(): void {
    this.batches++;
  }
  stateDict(): train.CallbackState {
    return { values: { batches: this.batches } };
  }
  loadStateDict({ values }: train.CallbackState): void {
    if (typeof values?.batches !== 'number') throw new Error('the batches are no number');
    this.batches = values.batches;
  }
}

function loader(samples: number, batchSize: number, isClasses: boolean) {
  const inputs = randn([samples, 2]).keep();
  const labels = Int32Array.from({ length: samples }, (_, i) => i % 2);
  const targets = isClasses ? tensor(labels).keep() : randn([samples, 2]).keep();
  const set = new data.TensorDataset(inputs, targets);
  return new data.DataLoader(set, { batchSize, shuffle: true });
}

/** A rule and its schedules, three batches an epoch. */
function optimizerOf(kind: Kind, model: nn.Module) {
  const [first, ...others] = model.parameters();
  const groups = [{ params: first === undefined ? [] : [first], lr: 0.01 }, { params: others }];
  if (kind === 'classes') {
    const optimizer = new optim.Adam(groups, { lr: 0.02, amsgrad: true });
    const parts = [
      new optim.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 }),
      new optim.CosineAnnealingLR(optimizer, 4),
    ];
    const sequence = new optim.SequentialLR(optimizer, parts, [1]);
    return { optimizer, schedule: [sequence, new optim.ReduceLROnPlateau(optimizer)] };
  }
  if (kind === 'sequence') {
    const optimizer = new optim.NAdam(groups, { lr: 0.02 });
    const parts = [
      new optim.StepLR(optimizer, 2),
      new optim.ExponentialLR(optimizer, 0.99),
      new optim.MultiStepLR(optimizer, [1, 2]),
    ];
    return { optimizer, schedule: [new optim.ChainedScheduler(parts)] };
  }
  const optimizer = new optim.SGD(groups, { lr: 0.02, momentum: 0.9, nesterov: true });
  const cycle = new optim.OneCycleLR(optimizer, 0.05, { totalSteps: 3 * EPOCHS });
  return { optimizer, schedule: [cycle] };
}

/** All of a run, made anew as a fresh process would. */
export function program(kind: Kind, seed: number, folder: string) {
  manualSeed(seed);
  const isClasses = kind !== 'regression';
  const model = new nn.Sequential(
    new nn.Linear(2, 3),
    new nn.BatchNorm1d(3),
    new nn.ReLU(),
    new nn.Dropout(0.2),
    new nn.Linear(3, 2),
  );
  const { optimizer, schedule } = optimizerOf(kind, model);
  const classMetrics: Record<string, train.Metric> = {
    accuracy: new train.Accuracy(),
    confusion: new train.ConfusionMatrix(2),
    f1: new train.F1(2),
    perplexity: new train.Perplexity(),
  };
  const numberMetrics: Record<string, train.Metric> = {
    mae: new train.MAE(),
    r2: new train.R2(),
    mean: new train.Mean<Tensor, Tensor>((output, target) => mseLoss(output, target)),
  };
  const callbacks: train.Callback[] = [
    new train.EarlyStopping({ patience: 2 }),
    new train.WeightAveraging(model, { decay: 0.9 }),
    new train.LearningRateLogger(),
    new Report('nowhere.html', { gradNorms: 1 }),
    new Counter(),
    new train.ModelCheckpoint(folder, { everyEpochs: 2, keep: 1 }),
  ];
  return {
    model,
    data: loader(12, 4, isClasses),
    validation: loader(6, 3, isClasses),
    loss: isClasses ? crossEntropy : mseLoss,
    optimizer,
    schedule,
    metrics: isClasses ? classMetrics : numberMetrics,
    callbacks,
    epochs: EPOCHS,
    progress: false as const,
  };
}

export type Program = ReturnType<typeof program>;

/** All state of a run, bit for bit. */
export function stateOf(run: Program): string {
  const state = {
    random: getRandomState(),
    model: run.model.stateDict(),
    optimizer: run.optimizer.stateDict(),
    schedules: run.schedule.map((schedule) => schedule.stateDict()),
    data: run.data.stateDict(),
    validation: run.validation.stateDict(),
    metrics: Object.values(run.metrics).map((metric) => metric.stateDict()),
    callbacks: run.callbacks.map((callback) => callback.stateDict?.()),
  };
  return JSON.stringify(state, (_, value: unknown) => {
    if (value instanceof Map) return [...value];
    if (typeof value === 'number' && !Number.isSafeInteger(value)) return `number ${value}`;
    if (!(value instanceof Tensor)) return value;
    const elements = value.dataSync();
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    const bits = createHash('sha1').update(bytes).digest('hex');
    return { shape: value.shape, dtype: value.dtype, bits };
  });
}
