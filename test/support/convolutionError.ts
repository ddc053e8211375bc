import { grad } from '../../src/autograd/backward.js';
import type { BackendName } from '../../src/backend/backend.js';
import { setConvolutionPrecision } from '../../src/backend/select.js';
import { type Conv2dOptions, conv2d } from '../../src/ops/conv.js';
import { type ConvAlgorithms, convAlgorithms } from '../../src/ops/convAlgorithms.js';
import { tensor } from '../../src/ops/creation.js';
import { randn } from '../../src/ops/random.js';
import { Generator } from '../../src/tensor/random.js';
import { scope } from '../../src/tensor/scope.js';
import type { Shape } from '../../src/tensor/shape.js';
import { withBackend } from './backends.js';

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

interface Results extends Readonly<Record<Pass, Float64Array>> {
  readonly algorithms: ConvAlgorithms;
}

function compute(c: Convolution, backend: BackendName, dtype: 'float32' | 'float64'): Results {
  return withBackend(backend, () =>
    scope(() => {
      const generator = new Generator(3);
      const draw = (shape: Shape): Float32Array =>
        Float32Array.from(randn(shape, { generator }).dataSync());
      const [image, filters] = [draw(c.input), draw(c.weight)];
      const x = tensor(image, { shape: c.input, dtype, requiresGrad: true });
      const w = tensor(filters, { shape: c.weight, dtype, requiresGrad: true });
      const y = conv2d(x, w, null, c.options);
      const dy = tensor(draw(y.shape), { shape: y.shape, dtype });
      const gradients = grad(y, [x, w], { gradients: [dy] });
      const [forward, inputGrad, weightGrad] = [y, ...gradients].map((t) =>
        Float64Array.from(t?.dataSync() ?? []),
      );
      if (!forward || !inputGrad || !weightGrad) throw new Error('a gradient is missing');
      const algorithms = convAlgorithms(c.input, c.weight, c.options);
      return { forward, inputGrad, weightGrad, algorithms };
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
 * The rounding errors of a convolution of normally distributed numbers against float64: by the fast algorithms and
 * without them on the native backend, and by the TypeScript backend's patches and matrix products.
 */
export function convolutionErrors(c: Convolution): { fast: Errors; exact: Errors; im2col: Errors } {
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
    return { fast, exact, im2col: errors(compute(c, 'ts', 'float32')) };
  } finally {
    setConvolutionPrecision('fast');
  }
}
