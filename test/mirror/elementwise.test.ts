import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import {
  anyShape,
  broadcasting,
  floats,
  forAll,
  integers,
  layouts,
  masks,
  mirror,
  seeds,
} from '../support/mirror.js';

const { neg, abs, sign, square, sqrt, rsqrt, reciprocal, exp, expm1, log, log1p } = ops;
const { sin, cos, tan, erf, floor, ceil, round } = ops;

const UNARY: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...{ neg, abs, sign, square, sqrt, rsqrt, reciprocal, exp, expm1, log, log1p },
  ...{ sin, cos, tan, erf, floor, ceil, round },
  relu: ops.relu,
  leakyRelu: (x) => ops.leakyRelu(x, { slope: 0.1 }),
  elu: (x) => ops.elu(x, { alpha: 0.7 }),
  gelu: (x) => ops.gelu(x),
  geluTanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  silu: ops.silu,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  softplus: (x) => ops.softplus(x, { beta: 2, threshold: 3 }),
  hardtanh: (x) => ops.hardtanh(x, { low: -0.5, high: 1.5 }),
  clamp: (x) => ops.clamp(x, { low: -1, high: 1 }),
  logSigmoid: ops.logSigmoid,
  numbers: (x) => ops.div(2, ops.add(ops.mul(x, 1.5), ops.pow(x, 3))),
};
const { add, sub, mul, div, maximum, minimum, remainder, atan2 } = ops;
const { equal, notEqual, less, lessEqual, greater, greaterEqual } = ops;

const BINARY = { add, sub, mul, div, maximum, minimum, remainder, atan2 };
const COMPARE = { equal, notEqual, less, lessEqual, greater, greaterEqual };
const INTEGER = { add, sub, mul, maximum, minimum };

/** Their tails are differences of numbers near 1, in PyTorch, too. */
const CANCELLING: ReadonlySet<string> = new Set(['gelu', 'geluTanh']);

/** Values that meet now and then, zero among them. */
const coarse = (shape: readonly number[], layout?: 'rowMajor' | 'channelsLast') => {
  const input = floats(shape, { layout });
  return { ...input, draw: (u: number) => Math.round(input.draw(u) * 4) / 4 };
};

describe('one argument', () => {
  it.each(Object.entries(UNARY))('%s', (_, fn) => {
    forAll([anyShape, layouts, seeds], (shape, layout, seed) => {
      mirror(seed, [floats(shape, { low: -4, high: 4, layout })], fn);
    });
  });

  it.each(Object.entries(UNARY))('%s over the whole range of floats', (name, fn) => {
    forAll([fc.array(fc.float(), { maxLength: 100 })], (values) => {
      const input = { ...floats([values.length]), draw: (u: number) => u };
      let i = 0;
      // No gradient: where a value overflows, its derivative is what is left of it.
      const draw = (): number => values[i++ % Math.max(1, values.length)] ?? 0;
      const atol = CANCELLING.has(name) ? 1e-6 : 1e-30;
      mirror(0, [{ ...input, draw }], (x) => fn(x.detach()), { rtol: 1e-5, atol });
    });
  });

  it('of int32', () => {
    forAll([anyShape, seeds], (shape, seed) => {
      mirror(seed, [integers(shape, -9, 9)], (x) => [
        ops.neg(x),
        ops.abs(x),
        ops.sign(x),
        ops.square(x),
        ops.clamp(x, { low: -3, high: 4 }),
        ops.mul(ops.add(x, 7), 3),
      ]);
    });
  });
});

describe('two arguments', () => {
  it.each(Object.entries(BINARY))('%s', (_, fn) => {
    forAll([broadcasting(2), layouts, layouts, seeds], ([a = [], b = []], one, other, seed) => {
      // remainder jumps where a quotient is whole; 2.3 keeps the operands off that.
      const right = floats(b, { low: 0.3, high: 2.3, layout: other });
      mirror(seed, [floats(a, { layout: one }), right], fn, { atol: 1e-4 });
    });
  });

  it('maximum and minimum of values that are often equal', () => {
    forAll([broadcasting(2), layouts, seeds], ([a = [], b = []], layout, seed) => {
      mirror(
        seed,
        [coarse(a, layout), coarse(b)],
        (x, y) => [ops.maximum(x, y), ops.minimum(x, y)],
        {
          atol: 1e-4,
        },
      );
    });
  });

  it('pow', () => {
    forAll([broadcasting(2), layouts, seeds], ([a = [], b = []], layout, seed) => {
      mirror(seed, [floats(a, { low: 0, layout }), floats(b)], ops.pow, { rtol: 1e-4, atol: 1e-3 });
    });
  });

  it.each(Object.entries(INTEGER))('%s of int32', (_, fn) => {
    forAll([broadcasting(2), seeds], ([a = [], b = []], seed) => {
      mirror(seed, [integers(a, -50, 50), integers(b, -50, 50)], fn);
    });
  });

  it('remainder and division of int32', () => {
    forAll([broadcasting(2), seeds], ([a = [], b = []], seed) => {
      mirror(seed, [integers(a, -50, 50), integers(b, 1, 9)], (x, y) => [
        ops.remainder(x, y),
        ops.remainder(x, ops.neg(y)),
        ops.div(x, y),
      ]);
    });
  });

  it.each(Object.entries(COMPARE))('%s', (_, fn) => {
    forAll([broadcasting(2), layouts, layouts, seeds], ([a = [], b = []], one, other, seed) => {
      mirror(seed, [coarse(a, one), coarse(b, other)], (x, y) => [
        fn(x, y),
        fn(x, 0.25),
        fn(x, 0.1),
      ]);
      mirror(seed, [integers(a, 0, 3), integers(b, 0, 3, 'uint8')], (x, y) => [fn(x, y), fn(y, 1)]);
    });
  });

  it('where', () => {
    forAll([broadcasting(3), layouts, seeds], ([m = [], a = [], b = []], layout, seed) => {
      const inputs = [masks(m), floats(a, { layout }), floats(b)];
      mirror(seed, inputs, (mask, x, y) => [ops.where(mask, x, y), ops.where(mask, x, 2)], {
        atol: 1e-4,
      });
    });
  });

  it('cast', () => {
    forAll([anyShape, layouts, seeds], (shape, layout, seed) => {
      const wide = floats(shape, { low: -300, high: 300, layout });
      mirror(seed, [wide, integers(shape, -500, 500), masks(shape)], (x, i, u) => [
        ops.cast(x, 'int32'),
        ops.cast(i, 'float32'),
        ops.cast(i, 'uint8'),
        ops.cast(u, 'float32'),
        ops.cast(ops.cast(x, 'int32'), 'uint8'),
      ]);
    });
  });
});
