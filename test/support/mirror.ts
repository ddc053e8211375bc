import fc from 'fast-check';
import { grad } from '../../src/autograd/backward.js';
import { tensor } from '../../src/ops/index.js';
import { type DType, isFloat, newArray, type TypedArray } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import { type Shape, sizeOf } from '../../src/tensor/shape.js';
import { inLayout, type Layout, type Tensor } from '../../src/tensor/tensor.js';
import { onBothBackends } from './backends.js';
import { expectClose, expectSame, type Tolerance } from './close.js';

/** Uniform numbers on [0, 1), always the same for a seed (mulberry32). */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How an input is drawn; each property's run has a seed of its own. */
export interface Input {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly layout: Layout;
  readonly draw: (uniform: number) => number;
}

interface FloatOptions {
  readonly low?: number;
  readonly high?: number;
  readonly layout?: Layout | undefined;
}

/** Floats that gradients are compared for. Default: from −2 to 2. */
export function floats(
  shape: Shape,
  { low = -2, high = 2, layout = 'rowMajor' }: FloatOptions = {},
): Input {
  const stored = shape.length === 4 ? layout : 'rowMajor';
  return { shape, dtype: 'float32', layout: stored, draw: (u) => low + (high - low) * u };
}

/** Integers on [low, high). */
export function integers(shape: Shape, low: number, high: number, dtype: DType = 'int32'): Input {
  return { shape, dtype, layout: 'rowMajor', draw: (u) => Math.floor(low + (high - low) * u) };
}

/** 0 and 1. */
export function masks(shape: Shape): Input {
  return integers(shape, 0, 2, 'uint8');
}

function valuesOf({ shape, dtype, draw }: Input, next: () => number): TypedArray {
  const values = newArray(dtype, sizeOf(shape), 'an input');
  for (let i = 0; i < values.length; i++) values[i] = draw(next());
  return values;
}

/** Outputs and gradients of one run, on the host. */
interface Results {
  readonly outputs: readonly TypedArray[];
  readonly shapes: readonly string[];
  readonly gradients: readonly TypedArray[];
}

type Computation = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

function compute(
  inputs: readonly Input[],
  values: readonly TypedArray[],
  fn: Computation,
  seed: number,
): Results {
  return scope(() => {
    const tensors = inputs.map(({ shape, layout, dtype }, i) => {
      const made = tensor(values[i] ?? [], { shape, dtype });
      const stored = inLayout(made, layout);
      if (isFloat(dtype)) stored.requiresGrad = true;
      return stored;
    });
    const outputs = [fn(...tensors)].flat();
    const roots = outputs.filter((y) => y.requiresGrad);
    const leaves = tensors.filter((x) => x.requiresGrad);
    const next = sequence(seed + 1);
    const cotangents = roots.map((y) => {
      const g = tensor(valuesOf(floats(y.shape), next), { shape: y.shape });
      return seed % 2 === 0 ? g : inLayout(g, y.layout);
    });
    const found =
      roots.length > 0 ? grad(roots, leaves, { gradients: cotangents, allowUnused: true }) : [];
    return {
      outputs: outputs.map((y) => y.dataSync()),
      shapes: outputs.map((y) => `${y.dtype} [${y.shape.join(', ')}]`),
      gradients: found.map((g, i) => g?.dataSync() ?? new Float32Array(leaves[i]?.size ?? 0)),
    };
  });
}

/**
 * Throws unless both backends compute the same outputs and gradients from the same inputs. Integers must be
 * equal, floats close.
 */
export function mirror(
  seed: number,
  inputs: readonly Input[],
  fn: Computation,
  tolerance: Tolerance = {},
): void {
  const next = sequence(seed);
  const values = inputs.map((input) => valuesOf(input, next));
  const { native, ts } = onBothBackends(() => compute(inputs, values, fn, seed));
  if (`${native.shapes}` !== `${ts.shapes}`) {
    throw new Error(`native gives ${native.shapes}, TypeScript ${ts.shapes}`);
  }
  const compare = (a: TypedArray | undefined, b: TypedArray, what: string): void => {
    const isExact = b instanceof Int32Array || b instanceof Uint8Array;
    if (isExact) expectSame(a ?? [], b, what);
    else expectClose(a ?? [], b, tolerance, what);
  };
  for (const [i, output] of ts.outputs.entries()) compare(native.outputs[i], output, `output ${i}`);
  for (const [i, gradient] of ts.gradients.entries()) {
    compare(native.gradients[i], gradient, `gradient ${i}`);
  }
}

/**
 * Checks a property for many generated arguments, always the same ones; AXONODE_PROPERTY_SEED=<n> and
 * AXONODE_PROPERTY_RUNS=<n> generate others. A counterexample is reduced to a small one and printed.
 */
export function forAll<T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  property: (...args: T) => void,
  runs = 40,
): void {
  const { AXONODE_PROPERTY_SEED: seed = '7', AXONODE_PROPERTY_RUNS: wanted = `${runs}` } =
    process.env;
  fc.assert(fc.property(...arbitraries, property), {
    seed: Number(seed),
    numRuns: Number(wanted),
    includeErrorInReport: true,
  });
}

// --- what properties range over ---------------------------------------------------------------------------

/** A seed for the values. */
export const seeds = fc.nat(2 ** 20);

/** How images are stored. */
export const layouts = fc.constantFrom<Layout>('rowMajor', 'channelsLast');

/** Shapes of odd small sizes, 0 and 1 among them. */
export function shapes(minRank: number, maxRank: number, smallest = 0): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: smallest, max: 7 }), {
    minLength: minRank,
    maxLength: maxRank,
  });
}

/** Shapes large enough to be shared among threads, and not multiples of anything. */
export const largeShapes: fc.Arbitrary<number[]> = fc.oneof(
  fc.tuple(fc.integer({ min: 30_000, max: 90_000 })),
  fc.tuple(fc.integer({ min: 60, max: 300 }), fc.integer({ min: 100, max: 300 })),
  fc.tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 10, max: 30 }),
    fc.integer({ min: 10, max: 30 }),
  ),
);

/** Any shape: mostly small, sometimes large. */
export const anyShape: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 4, arbitrary: shapes(0, 5) },
  { weight: 1, arbitrary: largeShapes },
);

/** Two or more shapes that broadcast together, of ranks of their own. */
export function broadcasting(count: number): fc.Arbitrary<number[][]> {
  const sizes = fc.oneof(
    { weight: 5, arbitrary: shapes(1, 5) },
    { weight: 1, arbitrary: largeShapes },
  );
  return sizes.chain((shape) =>
    fc
      .array(
        fc.tuple(
          fc.nat(shape.length),
          fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
        ),
        { minLength: count, maxLength: count },
      )
      .map((operands) =>
        operands.map(([dropped, ones]) =>
          shape.map((size, axis) => (ones[axis] ? 1 : size)).slice(dropped),
        ),
      ),
  );
}
