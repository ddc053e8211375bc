import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Shape } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import {
  anyShape,
  floats,
  forAll,
  type Input,
  integers,
  largeShapes,
  layouts,
  mirror,
  seeds,
  shapes,
} from '../support/mirror.js';

/** One tensor of each dtype. */
function ofEachDType(shape: Shape, layout: 'rowMajor' | 'channelsLast'): Input[] {
  return [floats(shape, { layout }), integers(shape, -99, 99), integers(shape, 0, 256, 'uint8')];
}

/** Applies an op to a tensor of each dtype, on both backends. */
function mirrorEach(
  seed: number,
  shape: Shape,
  layout: 'rowMajor' | 'channelsLast',
  fn: (x: Tensor) => Tensor | Tensor[],
) {
  mirror(seed, ofEachDType(shape, layout), (...inputs) => inputs.flatMap(fn), {
    rtol: 1e-6,
    atol: 1e-6,
  });
}

const RANKED = fc.oneof(
  { weight: 5, arbitrary: shapes(1, 6) },
  { weight: 1, arbitrary: largeShapes },
);

describe('views and copies', () => {
  it('permute', () => {
    const permuted = fc
      .oneof({ weight: 4, arbitrary: shapes(0, 7) }, { weight: 1, arbitrary: largeShapes })
      .chain((shape) => {
        const axes = shape.map((_, axis) => axis);
        const order = fc.shuffledSubarray(axes, { minLength: axes.length });
        return fc.tuple(fc.constant(shape), order);
      });
    forAll([permuted, layouts, seeds], ([shape, order], layout, seed) => {
      mirrorEach(seed, shape, layout, (x) => ops.permute(x, order));
    });
  });

  it('reshape after a layout', () => {
    forAll([anyShape, layouts, seeds], (shape, layout, seed) => {
      mirrorEach(seed, shape, layout, (x) => ops.reshape(x, [x.size]));
    });
  });

  it('slice', () => {
    const bound = fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined });
    const step = fc.constantFrom(1, 1, 2, 3, -1, -2);
    const spec = fc.option(fc.tuple(bound, bound, step), { nil: null });
    forAll(
      [RANKED, fc.array(spec, { maxLength: 6 }), layouts, seeds],
      (shape, specs, layout, seed) => {
        const ranges = shape.map((_, axis) => {
          const chosen = specs[axis] ?? null;
          if (chosen === null) return null;
          const [start, end, by] = chosen;
          return {
            step: by,
            ...(start === undefined ? {} : { start }),
            ...(end === undefined ? {} : { end }),
          };
        });
        mirrorEach(seed, shape, layout, (x) => ops.slice(x, ...ranges));
      },
    );
  });

  it('select and narrow', () => {
    forAll(
      [shapes(1, 5, 1), fc.nat(100), fc.nat(100), layouts, seeds],
      (shape, a, b, layout, seed) => {
        const axis = a % shape.length;
        const size = shape[axis] ?? 1;
        const start = b % size;
        mirrorEach(seed, shape, layout, (x) => [
          ops.select(x, axis, start),
          ops.narrow(x, axis, start, size - start),
        ]);
      },
    );
  });

  it('flip', () => {
    forAll([RANKED, fc.nat(63), layouts, seeds], (shape, chosen, layout, seed) => {
      const axes = shape.flatMap((_, axis) => ((chosen >> axis) & 1 ? [axis] : []));
      mirrorEach(seed, shape, layout, (x) => ops.flip(x, axes));
    });
  });

  it('pad', () => {
    const width = fc.integer({ min: -2, max: 3 });
    const widths = fc.array(fc.tuple(width, width), { maxLength: 4 });
    forAll([RANKED, widths, layouts, seeds], (shape, pairs, layout, seed) => {
      const chosen = pairs.slice(0, shape.length);
      // No more can be cut off than there is.
      const fitting = chosen.map(([before, after], i) => {
        const size = shape[shape.length - chosen.length + i] ?? 0;
        const first = Math.max(before, -size);
        return [first, Math.max(after, -size - Math.min(0, first))] as const;
      });
      mirrorEach(seed, shape, layout, (x) => ops.pad(x, fitting, { value: 7 }));
    });
  });

  it('expand and repeat', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 });
    forAll([shapes(0, 4), counts, fc.nat(2), layouts, seeds], (shape, all, extra, layout, seed) => {
      const repeats = all.slice(0, shape.length + extra);
      const target = shape.map((size, axis) => (size === 1 ? (all[axis] ?? 1) : size));
      mirrorEach(seed, shape, layout, (x) => [
        ops.repeat(x, repeats),
        ops.expand(x, [2, ...target]),
      ]);
    });
  });

  it('concat, stack and split', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
    forAll(
      [shapes(1, 5), fc.nat(100), sizes, layouts, layouts, seeds],
      (shape, at, parts, one, other, seed) => {
        const axis = at % shape.length;
        const inputs = parts.map((size, i) =>
          floats(
            shape.map((s, k) => (k === axis ? size : s)),
            { layout: i === 0 ? one : other },
          ),
        );
        mirror(seed, inputs, (...tensors) => {
          const joined = ops.concat(tensors, axis);
          const [first] = tensors;
          const stacked = first ? [ops.stack([first, first], axis)] : [];
          return [joined, ...stacked, ...ops.split(joined, parts, axis)];
        });
      },
    );
  });

  it('long strided copies', () => {
    forAll(
      [largeShapes, layouts, seeds],
      (shape, layout, seed) => {
        const every = shape.map((_, axis) => ({ step: axis % 2 === 0 ? 2 : -1 }));
        mirror(seed, [floats(shape, { layout })], (x) => [
          ops.slice(x, ...every),
          ops.pad(x, [[3, 5]]),
          ops.concat([x, x], -1),
          ops.transpose(ops.reshape(x, [shape[0] ?? 1, -1])),
        ]);
      },
      10,
    );
  });
});
