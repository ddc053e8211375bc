import { expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { gru, lstm, rnn } from '../../src/ops/recurrent/recurrent.js';

// An option that an op does not know is refused by name, before anything else is looked at.

const x = ops.ones([1, 2, 4, 4]);
const line = ops.ones([1, 2, 4]);
const weights = { weightIh: ops.ones([4, 2]), weightHh: ops.ones([4, 1]) };

/** The op called with an option that it does not have; typed as if it had. */
const CALLS: readonly [name: string, call: (options: object) => unknown, options: string[]][] = [
  ['conv2d', (o) => ops.conv2d(x, ops.ones([3, 2, 1, 1]), null, o), ['strides', 'stride']],
  ['conv1d', (o) => ops.conv1d(line, ops.ones([3, 2, 1]), null, o), ['paddings', 'padding']],
  [
    'convTranspose2d',
    (o) => ops.convTranspose2d(x, ops.ones([2, 3, 1, 1]), null, o),
    ['group', 'groups'],
  ],
  [
    'convTranspose1d',
    (o) => ops.convTranspose1d(line, ops.ones([2, 3, 1]), null, o),
    ['output_padding', 'outputPadding'],
  ],
  ['maxPool2d', (o) => ops.maxPool2d(x, 2, o), ['ceil_mode', 'ceilMode']],
  ['maxPool1d', (o) => ops.maxPool1d(line, 2, o), ['return_indices', 'returnIndices']],
  ['avgPool2d', (o) => ops.avgPool2d(x, 2, o), ['divisor_override', 'divisorOverride']],
  ['avgPool1d', (o) => ops.avgPool1d(line, 2, o), ['countIncludePadding', 'countIncludePad']],
  ['adaptiveMaxPool2d', (o) => ops.adaptiveMaxPool2d(x, 2, o), ['indices', '']],
  [
    'adaptiveMaxPool1d',
    (o) => ops.adaptiveMaxPool1d(line, 2, o),
    ['returnIndexes', 'returnIndices'],
  ],
  [
    'maxUnpool2d',
    (o) => ops.maxUnpool2d(x, ops.zeros([1, 2, 4, 4], { dtype: 'int32' }), 2, o),
    ['outputsize', 'outputSize'],
  ],
  [
    'maxUnpool1d',
    (o) => ops.maxUnpool1d(line, ops.zeros([1, 2, 4], { dtype: 'int32' }), 2, o),
    ['strides', 'stride'],
  ],
  ['batchNorm', (o) => ops.batchNorm(x, null, null, null, null, o), ['momentun', 'momentum']],
  ['groupNorm', (o) => ops.groupNorm(x, 1, null, null, o), ['epsilon', '']],
  ['layerNorm', (o) => ops.layerNorm(x, 4, null, null, o), ['epss', 'eps']],
  ['localResponseNorm', (o) => ops.localResponseNorm(x, 2, o), ['alphas', 'alpha']],
  ['interpolate', (o) => ops.interpolate(x, { size: 2, ...o }), ['align_corners', 'alignCorners']],
  [
    'rnn',
    (o) => rnn(ops.ones([1, 2]), null, weights, { batchSizes: [1], ...o }),
    ['reversed', 'reverse'],
  ],
  [
    'lstm',
    (o) => lstm(ops.ones([1, 2]), null, weights, { batchSizes: [1], ...o }),
    ['batchSize', 'batchSizes'],
  ],
  [
    'gru',
    (o) => gru(ops.ones([1, 2]), null, weights, { batchSizes: [1], ...o }),
    ['nonlinearity', ''],
  ],
];

it.each(CALLS)('%s refuses options that it does not know', (name, call, [unknown = '', meant]) => {
  const message = `${name}: ${unknown}: unknown option, ${meant ? `did you mean ${meant}?` : 'expected '}`;
  expect(() => call({ [unknown]: 1 })).toThrow(message);
  expect(() => call({ [unknown]: 1 })).toThrow(ArgumentError);
});
