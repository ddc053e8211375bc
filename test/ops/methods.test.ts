import { describe, expect, it } from 'vitest';
import * as activation from '../../src/ops/activation.js';
import * as broadcast from '../../src/ops/broadcast.js';
import { clamp } from '../../src/ops/clamp.js';
import { clone, copyFrom } from '../../src/ops/creation.js';
import * as elementwise from '../../src/ops/elementwise.js';
import * as ops from '../../src/ops/index.js';
import * as indexing from '../../src/ops/indexing.js';
import * as join from '../../src/ops/join.js';
import * as matmul from '../../src/ops/matmul.js';
import { METHODS } from '../../src/ops/methods.js';
import * as reduce from '../../src/ops/reduce.js';
import * as slice from '../../src/ops/slice.js';
import * as softmax from '../../src/ops/softmax.js';
import * as view from '../../src/ops/view.js';
import { Tensor } from '../../src/tensor/tensor.js';

/** The families whose ops are methods, too. Of those that make tensors, only what copies them. */
const FAMILIES: Readonly<Record<string, unknown>> = {
  ...activation,
  ...broadcast,
  clamp,
  clone,
  copyFrom,
  ...elementwise,
  ...indexing,
  ...join,
  ...matmul,
  ...reduce,
  ...slice,
  ...softmax,
  ...view,
};
/** Their first argument is a list. */
const OF_LISTS = ['concat', 'stack'];

/** What is no op: of Tensor itself. */
const OWN = new Set([
  'constructor',
  'data',
  'dataSync',
  'backward',
  'detach',
  'dispose',
  'item',
  'itemSync',
  'keep',
  'leaveContexts',
  'markWritten',
  'saveForTape',
  'share',
  'toString',
]);

describe('methods', () => {
  const expected = Object.entries(ops)
    .filter(([name, op]) => FAMILIES[name] === op && !OF_LISTS.includes(name))
    .flatMap(([name, op]) => (typeof op === 'function' ? [name] : []));

  it('are the ops of these families, by the same names', () => {
    expect(Object.keys(METHODS).sort()).toEqual(expected.sort());
    for (const [name, method] of Object.entries(METHODS)) expect(FAMILIES[name]).toBe(method);
  });

  it('are all that a tensor has beside its own', () => {
    const found = Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype)).flatMap(
      ([name, { value }]) => (typeof value === 'function' && !OWN.has(name) ? [name] : []),
    );
    expect(found.sort()).toEqual(expected.sort());
  });

  it('take the tensor as the first argument', () => {
    const x = ops.tensor([1, -2, 3]);
    const y = x
      .greater(0)
      .where(x, 0)
      .indexAdd(0, ops.tensor([0], { dtype: 'int32' }), x.slice([2, 3]));
    expect(Array.from(y.dataSync())).toEqual([4, 0, 3]);
    expect(x.sum(0, { keepDims: true }).shape).toEqual([1]);
    expect(x.hardtanh({ high: 2 }).dataSync()).toEqual(x.clamp({ low: -1, high: 2 }).dataSync());
    expect(x.variance().itemSync()).toBe(ops.variance(x).itemSync());
  });
});
