import { grad } from '../../src/autograd/backward.js';
import { add, copyFrom, mul, sum, tensor } from '../../src/ops/index.js';
import { noGrad, scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from './backends.js';
import { expectClose, type Tolerance } from './close.js';

/** A function under test; it may be called any number of times and must be deterministic. */
export type Differentiable = (inputs: readonly Tensor[]) => Tensor | readonly Tensor[];

export interface GradcheckOptions extends Tolerance {
  /** Half the distance of the two points of a difference. Default: 1e-5. */
  step?: number;
}

/** A fixed pseudorandom sequence on ±[0.5, 1.5): weights that no error cancels under. */
function weights(length: number, salt: number): Float64Array {
  let state = (salt * 2654435761 + 12345) >>> 0;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const u = state / 2 ** 32;
    return u < 0.5 ? u + 0.5 : -u;
  });
}

function differentiable(tensors: readonly Tensor[]): Tensor[] {
  return tensors.filter((x) => x.requiresGrad);
}

/** Σ weights · outputs over the outputs that have gradients, or null if none does. */
function project(outputs: Tensor | readonly Tensor[]): Tensor | null {
  const list = 'shape' in outputs ? [outputs] : outputs;
  let total: Tensor | null = null;
  for (const [i, output] of list.entries()) {
    if (output.dtype !== 'float64') continue;
    const w = tensor(weights(output.size, i + 1), { dtype: 'float64', shape: output.shape });
    const part = sum(mul(output, w));
    total = total === null ? part : add(total, part);
  }
  return total;
}

/** Adds step · direction to each leaf. */
function move(
  leaves: readonly Tensor[],
  from: readonly Float64Array[],
  by: readonly Float64Array[],
  step: number,
): void {
  for (const [i, leaf] of leaves.entries()) {
    const direction = by[i];
    copyFrom(
      leaf,
      Float64Array.from(from[i] ?? [], (x, k) => x + step * (direction?.[k] ?? 0)),
    );
  }
}

/** What a check needs: the leaves, where they are, and the projected outputs as a function of them. */
interface Problem {
  readonly inputs: readonly Tensor[];
  readonly leaves: readonly Tensor[];
  readonly at: readonly Float64Array[];
  readonly analytic: readonly Float64Array[];
  /** (value at +step·direction − value at −step·direction) / 2·step */
  slope(directions: readonly Float64Array[]): number;
}

function pose(fn: Differentiable, inputs: readonly Tensor[], step: number): Problem {
  const leaves = differentiable(inputs);
  for (const x of leaves) {
    if (x.dtype !== 'float64')
      throw new Error(`gradcheck: an input is ${x.dtype}, expected float64`);
  }
  const at = leaves.map((x) => Float64Array.from(x.dataSync()));
  const analytic = scope(() => {
    const total = project(fn(inputs));
    if (!total?.requiresGrad) throw new Error('gradcheck: no output has a gradient');
    const gradients = grad(total, leaves, { allowUnused: true });
    return leaves.map((x, i) =>
      Float64Array.from(gradients[i]?.dataSync() ?? new Float64Array(x.size)),
    );
  });
  const valueAt = (directions: readonly Float64Array[], distance: number): number => {
    move(leaves, at, directions, distance);
    return scope(() => project(fn(inputs))?.itemSync() ?? Number.NaN);
  };
  const slope = (directions: readonly Float64Array[]): number =>
    (valueAt(directions, step) - valueAt(directions, -step)) / (2 * step);
  return { inputs, leaves, at, analytic, slope };
}

/** Every element of every gradient against a difference of its own. */
function checkElements({ inputs, leaves, analytic, slope }: Problem, tolerance: Tolerance): void {
  for (const [i, x] of leaves.entries()) {
    const directions = leaves.map((leaf) => new Float64Array(leaf.size));
    const own = directions[i] ?? new Float64Array(0);
    const numerical = own.map((_, k) => {
      own.fill(0);
      own[k] = 1;
      return slope(directions);
    });
    const what = `gradient of input ${inputs.indexOf(x)} [${x.shape.join(', ')}] against differences`;
    expectClose(analytic[i] ?? [], numerical, tolerance, what);
  }
}

/** All gradients at once against differences along a few directions: cheap, and blind to nothing. */
function checkDirections({ leaves, analytic, slope }: Problem, tolerance: Tolerance): void {
  for (const salt of [1, 2, 3]) {
    const directions = leaves.map((x, i) => weights(x.size, 1000 * salt + i));
    const terms = analytic.flatMap((g, i) =>
      Array.from(g, (v, k) => v * (directions[i]?.[k] ?? 0)),
    );
    const expected = slope(directions);
    const actual = terms.reduce((a, b) => a + b, 0);
    // The terms may cancel; what differences can tell depends on their size.
    const scale = terms.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
    expectClose([actual / scale], [expected / scale], tolerance, `slope along direction ${salt}`);
  }
}

/**
 * Throws unless the gradients that `fn` records agree with central differences. Works in Float64 on the
 * TypeScript backend, whichever backend is in use.
 * @param inputs makes the inputs: leaves of float64 where a gradient is wanted
 */
export function gradcheck(
  fn: Differentiable,
  inputs: () => readonly Tensor[],
  options: GradcheckOptions = {},
): void {
  const { step = 1e-5, rtol = 1e-5, atol = 1e-7 } = options;
  withBackend('ts', () => scope(() => checkElements(pose(fn, inputs(), step), { rtol, atol })));
}

/**
 * As {@link gradcheck}, for gradients of gradients: of `fn`'s inputs, and of the gradient that flows into its
 * outputs.
 */
export function gradgradcheck(
  fn: Differentiable,
  inputs: () => readonly Tensor[],
  options: GradcheckOptions = {},
): void {
  const { step = 1e-5, rtol = 1e-5, atol = 1e-7 } = options;
  withBackend('ts', () =>
    scope(() => {
      const leaves = inputs();
      const count = leaves.length;
      const cotangents = cotangentsFor(fn, leaves);
      const gradients: Differentiable = (all) => {
        const wanted = differentiable(all.slice(0, count));
        const outputs = [fn(all.slice(0, count))].flat().filter((y) => y.requiresGrad);
        const found = grad(outputs, wanted, {
          gradients: all.slice(count),
          createGraph: true,
          allowUnused: true,
        });
        return found.filter((g) => g !== null);
      };
      checkDirections(pose(gradients, [...leaves, ...cotangents], step), { rtol, atol });
    }),
  );
}

/** Leaves of the shapes of the outputs that have gradients. */
function cotangentsFor(fn: Differentiable, leaves: readonly Tensor[]): Tensor[] {
  const outputs = [fn(leaves)].flat().filter((y) => y.requiresGrad);
  return noGrad(() =>
    outputs.map((y, i) =>
      tensor(weights(y.size, 100 + i), { dtype: 'float64', shape: y.shape, requiresGrad: true }),
    ),
  );
}
