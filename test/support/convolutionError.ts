import { grad } from '../../src/autograd/backward.js';
import type { BackendName } from '../../src/backend/kernels/backend.js';
import { setConvolutionPrecision } from '../../src/backend/select.js';
import { type Conv2dOptions, conv2d } from '../../src/ops/conv/conv.js';
import { convAlgorithms } from '../../src/ops/conv/convAlgorithms.js';
import { tensor } from '../../src/ops/creation.js';
import { randn } from '../../src/ops/random.js';
import { Generator } from '../../src/tensor/random.js';
import { noGrad, scope } from '../../src/tensor/scope.js';
import type { Shape } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from './backends.js';
import { im2colConvolution } from './im2col.js';

/** A convolution whose rounding errors are of interest. */
export interface Convolution {
  readonly name: string;
  readonly input: Shape;
  readonly weight: Shape;
  readonly options: Conv2dOptions;
}

export const PASSES = ['forward', 'inputGrad', 'weightGrad'] as const;
type Pass = (typeof PASSES)[number];

/** Of each pass: the algorithm, and the largest error as a share of the largest exact value. */
export type Errors = Readonly<Record<Pass, { readonly algorithm: string; readonly error: number }>>;

type Values = Readonly<Record<Pass, Float64Array>>;
interface Results extends Values {
  readonly algorithms: Readonly<Record<Pass, string>>;
}

/** The same draws for everybody. */
function operandsOf(c: Convolution, dtype: 'float32' | 'float64') {
  const generator = new Generator(3);
  const draw = (shape: Shape): Float32Array =>
    Float32Array.from(randn(shape, { generator }).dataSync());
  const [image, filters] = [draw(c.input), draw(c.weight)];
  const x = tensor(image, { shape: c.input, dtype, requiresGrad: true });
  const w = tensor(filters, { shape: c.weight, dtype, requiresGrad: true });
  const y = conv2d(x, w, null, c.options);
  return { x, w, y, dy: tensor(draw(y.shape), { shape: y.shape, dtype }) };
}

function valuesOf(tensors: readonly (Tensor | null)[]): Values {
  const [forward, inputGrad, weightGrad] = tensors.map((t) =>
    Float64Array.from(t?.dataSync() ?? []),
  );
  if (!forward || !inputGrad || !weightGrad) throw new Error('a gradient is missing');
  return { forward, inputGrad, weightGrad };
}

function compute(c: Convolution, backend: BackendName, dtype: 'float32' | 'float64'): Results {
  return withBackend(backend, () =>
    scope(() => {
      const { x, w, y, dy } = operandsOf(c, dtype);
      const values = valuesOf([y, ...grad(y, [x, w], { gradients: [dy] })]);
      return { ...values, algorithms: convAlgorithms(c.input, c.weight, c.options) };
    }),
  );
}

function computeIm2col(c: Convolution): Results {
  return withBackend('native', () =>
    scope(() => {
      const { x, w, dy } = operandsOf(c, 'float32');
      const values = noGrad(() => valuesOf(im2colConvolution(x, w, dy, c.options)));
      const algorithms = { forward: 'im2col', inputGrad: 'im2col', weightGrad: 'im2col' };
      return { ...values, algorithms };
    }),
  );
}

function errorOf(found: Float64Array, exact: Float64Array): number {
  let [error, largest] = [0, 0];
  for (const [i, value] of exact.entries()) {
    error = Math.max(error, Math.abs((found[i] ?? Number.NaN) - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return error / largest;
}

/**
 * The rounding errors of a convolution of normally distributed numbers against float64: by the native backend's fast
 * algorithms and without them, by patches and its matrix products in float32, and by the TypeScript backend, whose
 * patches are multiplied in float64 and only results are rounded.
 */
export function convolutionErrors(
  c: Convolution,
): Readonly<Record<'fast' | 'exact' | 'im2col' | 'typescript', Errors>> {
  const truth = compute(c, 'ts', 'float64');
  const errors = (found: Results): Errors => {
    const of = (pass: Pass) => ({
      algorithm: found.algorithms[pass],
      error: errorOf(found[pass], truth[pass]),
    });
    return {
      forward: of('forward'),
      inputGrad: of('inputGrad'),
      weightGrad: of('weightGrad'),
    };
  };
  try {
    setConvolutionPrecision('exact');
    const exact = errors(compute(c, 'native', 'float32'));
    setConvolutionPrecision('fast');
    const fast = errors(compute(c, 'native', 'float32'));
    const typescript = errors(compute(c, 'ts', 'float32'));
    return { fast, exact, im2col: errors(computeIm2col(c)), typescript };
  } finally {
    setConvolutionPrecision('fast');
  }
}
