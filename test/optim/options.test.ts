import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { tensor } from '../../src/ops/creation.js';
import * as optim from '../../src/optim/index.js';

const parameter = () => tensor([1, 2], { requiresGrad: true });
const model = { stateDict: () => new Map([['weight', parameter()]]) };

/** Everything of `optim` that takes options, called with those given. */
type Call = (options: object) => unknown;
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
const onSgd = (make: (optimizer: optim.Optimizer, options: object) => unknown): Call => {
  return (options) => make(new optim.SGD([parameter()], { momentum: 0.9 }), options);
};
const calls: [owner: string, call: Call, misspelt: string, meant: string][] = [
  ...Object.entries(optimizers).map(([name, Class]): [string, Call, string, string] => [
    name,
    (options) => new Class([parameter()], options),
    'learningRate',
    'lr',
  ]),
  ['StepLR', onSgd((o, options) => new optim.StepLR(o, 1, options)), 'gama', 'gamma'],
  ['MultiStepLR', onSgd((o, options) => new optim.MultiStepLR(o, [1], options)), 'gama', 'gamma'],
  [
    'ExponentialLR',
    onSgd((o, options) => new optim.ExponentialLR(o, 1, options)),
    'intervals',
    'interval',
  ],
  ['ConstantLR', onSgd((o, options) => new optim.ConstantLR(o, options)), 'factors', 'factor'],
  ['LinearLR', onSgd((o, options) => new optim.LinearLR(o, options)), 'startfactor', 'startFactor'],
  ['PolynomialLR', onSgd((o, options) => new optim.PolynomialLR(o, options)), 'powers', 'power'],
  [
    'CosineAnnealingLR',
    onSgd((o, options) => new optim.CosineAnnealingLR(o, 5, options)),
    'eta_min',
    'etaMin',
  ],
  [
    'CosineAnnealingWarmRestarts',
    onSgd((o, options) => new optim.CosineAnnealingWarmRestarts(o, 5, options)),
    't_mult',
    'tMult',
  ],
  [
    'LambdaLR',
    onSgd((o, options) => new optim.LambdaLR(o, () => 1, options)),
    'Interval',
    'interval',
  ],
  [
    'CyclicLR',
    onSgd((o, options) => new optim.CyclicLR(o, 0.1, 1, options)),
    'stepSizeUP',
    'stepSizeUp',
  ],
  [
    'OneCycleLR',
    onSgd((o, options) => new optim.OneCycleLR(o, 1, { totalSteps: 5, ...options })),
    'pctstart',
    'pctStart',
  ],
  [
    'ReduceLROnPlateau',
    onSgd((o, options) => new optim.ReduceLROnPlateau(o, options)),
    'patients',
    'patience',
  ],
  ['Ema', (options) => new optim.Ema(model, options), 'decai', 'decay'],
  ['gradNorm', (options) => optim.gradNorm([parameter()], options), 'normtype', 'normType'],
  [
    'clipGradNorm',
    (options) => optim.clipGradNorm([parameter()], 1, options),
    'norm_type',
    'normType',
  ],
];

describe.each(calls)('%s', (owner, call, misspelt, meant) => {
  test('names the option that was meant', () => {
    expect(() => call({ [misspelt]: 1 })).toThrow(ArgumentError);
    const message = `${owner}: ${misspelt}: unknown option, did you mean ${meant}?`;
    expect(() => call({ [misspelt]: 1 })).toThrow(message);
  });

  test('takes an undefined option as not given', () => {
    expect(() => call({ [meant]: undefined })).not.toThrow();
  });
});

test('gradNorms names the option that was meant', async () => {
  const norms = optim.gradNorms([['a', parameter()]], { norm_type: 1 } as object);
  await expect(norms).rejects.toThrow(
    'gradNorms: norm_type: unknown option, did you mean normType?',
  );
});

test('a group names the option that was meant', () => {
  const group = { params: [parameter()], weight_decay: 0.1 };
  expect(() => new optim.SGD([group])).toThrow(
    'SGD: weight_decay: unknown option, did you mean weightDecay?',
  );
  const optimizer = new optim.SGD([parameter()]);
  expect(() => optimizer.addParamGroup(group)).toThrow(/weight_decay: unknown option/);
});

test.each([null, 0.1, 'fast'])('options that are %j are refused', (options) => {
  const given = options as unknown as object;
  expect(() => new optim.Adam([parameter()], given)).toThrow(/Adam: the options are .*expected/);
  const optimizer = new optim.SGD([parameter()]);
  expect(() => new optim.StepLR(optimizer, 1, given)).toThrow(/StepLR: the options are/);
  expect(() => new optim.Ema(model, given)).toThrow(ArgumentError);
});

test('all that is exported and takes options is in the table', () => {
  const withoutOptions = [
    'ChainedScheduler',
    'clipGradValue',
    'gradNorms',
    'LRScheduler',
    'maxNorm',
    'Optimizer',
    'SequentialLR',
  ];
  const listed = new Set([...withoutOptions, ...calls.map(([owner]) => owner)]);
  expect(Object.keys(optim).filter((name) => !listed.has(name))).toEqual([]);
});
