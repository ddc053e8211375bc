import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import * as models from '../../src/models/index.js';
import * as nn from '../../src/nn/index.js';
import type { LeakyReluOptions } from '../../src/ops/activation.js';
import { ones, zeros } from '../../src/ops/creation.js';
import { maxPool2d } from '../../src/ops/pool/pool.js';
import { Tensor } from '../../src/tensor/tensor.js';
import { ACTIVATIONS } from './activations.js';

// Whatever takes options refuses those that it does not know, and says its name.

/** Options of any type, as JavaScript hands them over. */
type Make = (options: never) => unknown;

const LOSSES = Object.keys(nn).filter((name) => name.endsWith('Loss'));
const DROPOUTS = Object.keys(nn).filter(
  (name) => name.endsWith('Dropout') || /^Dropout.d$/.test(name),
);

/** A class of `nn`, made with options after `leading` arguments. */
function made(name: string, ...leading: readonly unknown[]): Make {
  return (options) => Reflect.construct(Reflect.get(nn, name), [...leading, options]);
}

const LAYERS: Readonly<Record<string, Make>> = {
  ...Object.fromEntries([...ACTIVATIONS, ...LOSSES].map((name) => [name, made(name)])),
  ...Object.fromEntries(DROPOUTS.map((name) => [name, made(name, 0.5)])),
  Conv1d: made('Conv1d', 2, 4, 3),
  Conv2d: made('Conv2d', 2, 4, 3),
  ConvTranspose1d: made('ConvTranspose1d', 2, 4, 3),
  ConvTranspose2d: made('ConvTranspose2d', 2, 4, 3),
  Linear: made('Linear', 2, 3),
  Embedding: made('Embedding', 2, 3),
  Flatten: made('Flatten'),
  MaxPool1d: made('MaxPool1d', 2),
  MaxPool2d: made('MaxPool2d', 2),
  AvgPool1d: made('AvgPool1d', 2),
  AvgPool2d: made('AvgPool2d', 2),
  MaxUnpool1d: made('MaxUnpool1d', 2),
  MaxUnpool2d: made('MaxUnpool2d', 2),
  AdaptiveMaxPool1d: made('AdaptiveMaxPool1d', 2),
  AdaptiveMaxPool2d: made('AdaptiveMaxPool2d', 2),
  BatchNorm1d: made('BatchNorm1d', 2),
  BatchNorm2d: made('BatchNorm2d', 2),
  LayerNorm: made('LayerNorm', 2),
  GroupNorm: made('GroupNorm', 1, 2),
  LocalResponseNorm: made('LocalResponseNorm', 2),
  Upsample: made('Upsample'),
  RNN: made('RNN', 2, 3),
  LSTM: made('LSTM', 2, 3),
  GRU: made('GRU', 2, 3),
  RNNCell: made('RNNCell', 2, 3),
  LSTMCell: made('LSTMCell', 2, 3),
  GRUCell: made('GRUCell', 2, 3),
  Parameter: made('Parameter', zeros([1])),
};

/** Classes whose constructors take no options. */
const WITHOUT_OPTIONS = [
  ...['ModuleDict', 'ParameterList', 'ParameterDict'],
  ...['Module', 'Sequential', 'ModuleList', 'Identity', 'ZeroPad2d', 'ReflectionPad2d'],
  ...['AdaptiveAvgPool1d', 'AdaptiveAvgPool2d', 'Perceptron', 'Adaline'],
];

const sequence = zeros([3, 2]);
const image = ones([1, 2, 4, 4]);

/** Methods and functions, by the name in their message. */
const CALLS: readonly (readonly [owner: string, call: Make])[] = [
  ['ConvTranspose1d', (o) => new nn.ConvTranspose1d(3, 1, 2).forward(sequence, o)],
  ['ConvTranspose2d', (o) => new nn.ConvTranspose2d(2, 1, 2).forward(image, o)],
  ['MaxUnpool2d', (o) => new nn.MaxUnpool2d(2).forward(image, image, o)],
  ['MaxUnpool1d', (o) => new nn.MaxUnpool1d(2).forward(sequence, sequence, o)],
  ['RNN', (o) => new nn.RNN(2, 3).forward(sequence, null, o)],
  ['LSTM', (o) => new nn.LSTM(2, 3).forward(sequence, null, o)],
  ['GRU', (o) => new nn.GRU(2, 3).forward(sequence, null, o)],
  ['Perceptron', (o) => new nn.Perceptron(1).fit([[0], [1]], [0, 1], o)],
  ['Adaline', (o) => new nn.Adaline(1).fit([[0], [1]], [0, 1], o)],
  ['loadStateDict', (o) => new nn.ReLU().loadStateDict({}, o)],
  ['summary', (o) => new nn.ReLU().summary([1], o)],
  ['convNorm', (o) => nn.convNorm(image, new nn.Conv2d(2, 2, 1), new nn.BatchNorm2d(2), o)],
  ...Object.entries(nn.init).flatMap(([name, init]): [string, Make][] =>
    ['constant', 'zeros', 'ones', 'eye', 'fanInAndFanOut'].includes(name)
      ? []
      : [[name, (o) => Reflect.apply(init, null, [zeros([2, 2, 2]), o])]],
  ),
];

/** Model functions with options after `leading` arguments. */
const MODELS: Readonly<Record<string, readonly unknown[]>> = { charRnn: [3] };

const functions = Object.entries(models).filter(
  ([name, value]) => typeof value === 'function' && /^[a-z]/.test(name),
);

function expectRefusal(owner: RegExp | string, make: Make): void {
  const options = { colour: 1 } as never;
  expect(() => make(options)).toThrow(ArgumentError);
  expect(() => make(options)).toThrow(new RegExp(`${String(owner)}: colour: unknown option`));
  expect(() => make(null as never)).toThrow(/the options are null, expected an object/);
}

test('every class is in a list', () => {
  const classes = Object.entries(nn).flatMap(([name, value]) =>
    typeof value === 'function' &&
    (value === nn.Module ||
      value.prototype instanceof nn.Module ||
      value.prototype instanceof Tensor)
      ? [name]
      : [],
  );
  expect(classes.sort()).toEqual([...Object.keys(LAYERS), ...WITHOUT_OPTIONS].sort());
});

test.each(Object.entries(LAYERS))('%s refuses an unknown option', (name, make) => {
  expectRefusal(`^${name}`, make);
});

test.each(CALLS)('a call of %s refuses an unknown option', (owner, call) => {
  // calculateGain takes no tensor.
  if (owner === 'calculateGain') {
    expectRefusal(owner, (options) => nn.init.calculateGain('relu', options));
  } else expectRefusal(owner, call);
});

describe('models', () => {
  test.each(functions)('%s refuses an unknown option', (name, make) => {
    // Functions that only pass their options on leave it to the class.
    const owner = `^(?:${name}|[A-Z]\\w*)`;
    const leading = MODELS[name] ?? [];
    expectRefusal(owner, (options) =>
      Reflect.apply(make as () => unknown, null, [...leading, options]),
    );
  });

  test('options that a name settles are refused', () => {
    const wide = { widthPerGroup: 64 } as models.ClassifierOptions;
    expect(() => models.wideResnet50_2(wide)).toThrow('wideResnet50_2: widthPerGroup: unknown');
    const normed = { batchNorm: true } as models.FeatureClassifierOptions;
    expect(() => models.vgg11(normed)).toThrow('vgg11: batchNorm: unknown option');
  });

  test('blocks, samplers and forwards refuse them, too', () => {
    expectRefusal('BasicBlock', (options) => new models.BasicBlock(2, 2, options));
    expectRefusal('Bottleneck', (options) => new models.Bottleneck(2, 2, options));
    expectRefusal('sampling', (options) => new models.Sampler(options));
  });
});

test('the option that was meant is named', () => {
  expect(() => new nn.Conv2d(3, 4, 3, { strides: 2 } as nn.Conv2dLayerOptions)).toThrow(
    'Conv2d: strides: unknown option, did you mean stride?',
  );
  expect(() => new nn.LeakyReLU({ negativeSlope: 0.1 } as LeakyReluOptions)).toThrow(
    'LeakyReLU: negativeSlope: unknown option, did you mean slope?',
  );
  expect(() => models.resnet18({ numClass: 10 } as models.ClassifierOptions)).toThrow(
    'resnet18: numClass: unknown option, did you mean numClasses?',
  );
});

test('the first form of convolutions shows the new one', () => {
  const first = { kernelSize: 3, padding: 1 } as never;
  for (const [name, make] of Object.entries({
    Conv1d: () => new nn.Conv1d(3, 16, first),
    Conv2d: () => new nn.Conv2d(3, 16, first),
    ConvTranspose1d: () => new nn.ConvTranspose1d(3, 16, first),
    ConvTranspose2d: () => new nn.ConvTranspose2d(3, 16, first),
  })) {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(`before the options: new ${name}(3, 16, 3, { padding: 1 })`);
  }
  expect(() => new nn.Conv2d(3, 16, 3, 2 as never)).toThrow('Conv2d: the options are 2, expected');
  expect(() => new nn.Conv2d(3, 16, undefined as never)).toThrow('Conv2d: kernelSize is undefined');
});

test('pools read indices that unpooling takes', () => {
  const { output, indices } = maxPool2d(image, 2, { returnIndices: true });
  expect(new nn.MaxUnpool2d(2).forward(output, indices, {}).shape).toEqual(image.shape);
});
