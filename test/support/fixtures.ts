import { readFileSync } from 'node:fs';
import { tensor } from '../../src/ops/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';

/** An array as `make_ops.py` writes it. */
export interface Stored {
  readonly dtype: 'float' | 'int32' | 'uint8';
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

/** One case's inputs, and what PyTorch makes of them. */
export interface Reference {
  /** `grad`: whether its gradient is asked for. */
  readonly inputs: readonly (Stored & { readonly grad: boolean })[];
  readonly outputs: readonly Stored[];
  /** Gradients of the outputs; null where an output has none. */
  readonly cotangents: readonly (Stored | null)[];
  /** Gradients of the inputs; null where the outputs do not depend on an input. */
  readonly gradients: readonly (Stored | null)[];
}

const SPECIAL: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

/** The references of one family of ops, by the names of their cases. */
export function loadReferences(family: string): ReadonlyMap<string, Reference> {
  const path = new URL(`../fixtures/ops-${family}.json`, import.meta.url);
  const stored = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Reference>;
  return new Map(Object.entries(stored));
}

/** The numbers of a stored array. */
export function valuesOf(stored: Stored): Float64Array {
  return Float64Array.from(stored.data, (value) =>
    typeof value === 'number' ? value : (SPECIAL[value] ?? Number.NaN),
  );
}

/** A stored array as a tensor; `float` becomes the given kind. */
export function tensorOf(stored: Stored, float: DType): Tensor {
  const dtype = stored.dtype === 'float' ? float : stored.dtype;
  return tensor(valuesOf(stored), { dtype, shape: stored.shape });
}

/**
 * The inputs of a case, as leaves.
 * @param channelsLast which of the 4-D inputs are stored channels-last
 */
export function inputsOf(
  reference: Reference,
  float: DType,
  channelsLast: (index: number) => boolean = () => false,
): Tensor[] {
  return reference.inputs.map((stored, i) => {
    const made = tensorOf(stored, float);
    const leaf = made.rank === 4 && channelsLast(i) ? inLayout(made, 'channelsLast') : made;
    if (leaf !== made) made.dispose();
    leaf.requiresGrad = stored.grad;
    return leaf;
  });
}
