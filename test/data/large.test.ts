import { describe, expect, test } from 'vitest';
import { backend } from '../../src/backend/select.js';
import * as data from '../../src/data/index.js';
import * as nn from '../../src/nn/index.js';
import { ones, tensor, zeros } from '../../src/ops/creation.js';
import { concat } from '../../src/ops/join.js';
import { MultiStepLR, SGD } from '../../src/optim/index.js';
import * as plot from '../../src/plot/index.js';
import { scope } from '../../src/tensor/scope.js';
import { imageGrid } from '../../src/vision/index.js';

// Lists that are longer than a call may have arguments (about 120,000) are no trouble. One test each of what takes a list.

const MANY = 130_000;
const numbers = Array.from({ length: MANY }, (_, i) => i % 7);
const line = [{ name: 'a', x: numbers.map((_, i) => i), y: numbers }];
const sequences = Array.from({ length: MANY }, () => Int32Array.of(1, 2));
const one = ones([1]).keep();
const tensors = Array.from({ length: MANY }, () => one);

const CALLS: Readonly<Record<string, () => unknown>> = {
  tensor: () => tensor(new Array(1_000_000).fill(1)),
  'nested tensor': () => tensor(numbers.map((n) => [n])),
  concat: () => concat(tensors),
  padSequence: () => data.padSequence(sequences),
  SequenceDataset: () => new data.SequenceDataset(sequences).batch(Int32Array.of(1, 2)),
  'collate of numbers': () => data.collate(numbers),
  'collate of lists': () => data.collate(numbers.map((n) => [n])),
  'collate of objects': () => data.collate(numbers.map((n) => ({ n }))),
  'collate of typed arrays': () => data.collate(sequences),
  CharVocabulary: () => new data.CharVocabulary('ab').encode('ab'.repeat(MANY)),
  decode: () => new data.CharVocabulary('ab').decode(new Int32Array(MANY)),
  subset: () => data.subset(new data.TensorDataset(zeros([7, 1])), numbers),
  lengths: () =>
    new nn.RNN(1, 1).forward(zeros([1, MANY, 1]), null, { lengths: numbers.map(() => 1) }),
  MultiStepLR: () =>
    new MultiStepLR(
      new SGD([new nn.Parameter(ones([1]))], { lr: 1 }),
      line[0]?.x.map((i) => i + 1) ?? [],
    ),
  'scope that returns a list': () => scope(() => numbers.map((n) => ({ n }))),
  lineChart: () => plot.lineChart(line, { title: 'many' }),
  histogram: () => plot.histogram([{ name: 'a', values: numbers }], { title: 'many' }),
  imageGrid: () =>
    imageGrid({ shape: [MANY, 1, 1, 1], data: new Uint8Array(MANY) }, { scale: 1, padding: 0 }),
};

// Once is enough: none of it depends on the backend.
describe.runIf(backend().name === 'ts')(`${MANY} of them`, () => {
  test.each(Object.entries(CALLS))('%s', (_, call) => {
    expect(() => scope(() => void call())).not.toThrow();
  });
});

test('what a scope returns may be nested as deeply as one likes', () => {
  const deep = scope(() => {
    const x = ones([1]);
    let outer: object = { x };
    for (let i = 0; i < MANY; i++) outer = { outer };
    return { outer, x: () => x };
  });
  expect(deep.x().isDisposed).toBe(false);
});
