import { expect, test } from 'vitest';
import { tensor } from '../../src/ops/creation.js';
import * as optim from '../../src/optim/index.js';
import { describeOptions, type OptionsCase, withoutCase } from '../support/options.js';

const parameter = () => tensor([1, 2], { requiresGrad: true });
const model = { stateDict: () => new Map([['weight', parameter()]]) };
const sgd = () => new optim.SGD([parameter()], { momentum: 0.9 });

const optimizers = {
  Adadelta: optim.Adadelta,
  Adagrad: optim.Adagrad,
  Adam: optim.Adam,
  Adamax: optim.Adamax,
  AdamW: optim.AdamW,
  Lion: optim.Lion,
  NAdam: optim.NAdam,
  RAdam: optim.RAdam,
  RMSprop: optim.RMSprop,
  SGD: optim.SGD,
  SparseAdam: optim.SparseAdam,
};

const cases: OptionsCase[] = [
  ...Object.entries(optimizers).map(([name, Optimizer]): OptionsCase => {
    return [name, (options) => new Optimizer([parameter()], options), 'learningRate', 'lr'];
  }),
  ['StepLR', (options) => new optim.StepLR(sgd(), 1, options), 'gama', 'gamma'],
  ['MultiStepLR', (options) => new optim.MultiStepLR(sgd(), [1], options), 'gama', 'gamma'],
  [
    'ExponentialLR',
    (options) => new optim.ExponentialLR(sgd(), 1, options),
    'intervals',
    'interval',
  ],
  ['ConstantLR', (options) => new optim.ConstantLR(sgd(), options), 'factors', 'factor'],
  ['LinearLR', (options) => new optim.LinearLR(sgd(), options), 'start_factor', 'startFactor'],
  ['PolynomialLR', (options) => new optim.PolynomialLR(sgd(), options), 'powers', 'power'],
  [
    'CosineAnnealingLR',
    (options) => new optim.CosineAnnealingLR(sgd(), 5, options),
    'eta_min',
    'etaMin',
  ],
  [
    'CosineAnnealingWarmRestarts',
    (options) => new optim.CosineAnnealingWarmRestarts(sgd(), 5, options),
    't_mult',
    'tMult',
  ],
  ['LambdaLR', (options) => new optim.LambdaLR(sgd(), () => 1, options), 'Interval', 'interval'],
  [
    'CyclicLR',
    (options) => new optim.CyclicLR(sgd(), 0.1, 1, options),
    'step_size_up',
    'stepSizeUp',
  ],
  ['OneCycleLR', (options) => new optim.OneCycleLR(sgd(), 1, options), 'pct_start', 'pctStart'],
  [
    'ReduceLROnPlateau',
    (options) => new optim.ReduceLROnPlateau(sgd(), options),
    'patients',
    'patience',
  ],
  ['Ema', (options) => new optim.Ema(model, options), 'decai', 'decay'],
  ['gradNorm', (options) => optim.gradNorm([parameter()], options), 'norm_type', 'normType'],
  ['gradNorms', (options) => optim.gradNorms([], options), 'norm_type', 'normType'],
  [
    'clipGradNorm',
    (options) => optim.clipGradNorm([parameter()], 1, options),
    'norm_type',
    'normType',
  ],
];

describeOptions(cases);

test('a group refuses unknown options, too', () => {
  const group = { params: [parameter()], weight_decay: 0.1 };
  const message = 'SGD: weight_decay: unknown option, did you mean weightDecay?';
  expect(() => new optim.SGD([group])).toThrow(message);
  expect(() => sgd().addParamGroup(group)).toThrow(message);
});

test('an undefined option counts as not given', () => {
  const options = { lr: undefined, momentum: undefined };
  expect(new optim.SGD([parameter()], options).paramGroups[0]).toMatchObject({
    lr: 1e-3,
    momentum: 0,
  });
  expect(new optim.Adam([{ params: [parameter()], lr: undefined }]).lr).toBe(1e-3);
});

test('all that is exported and takes options is in the table', () => {
  expect(withoutCase(optim, cases).sort()).toEqual([
    'ChainedScheduler',
    'LRScheduler',
    'Optimizer',
    'SequentialLR',
    'clipGradValue',
    'maxNorm',
  ]);
});
