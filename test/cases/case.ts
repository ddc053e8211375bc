import type * as operations from '../../src/ops/index.js';
import type * as recurrent from '../../src/ops/recurrent/recurrent.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/** The name of an exported op, of any other function that `src/ops` exports, or of a recurrent op. */
export type OpName = keyof typeof operations | keyof typeof recurrent;

/** How far two results may be apart: |actual − expected| ≤ atol + rtol·|expected|. */
export interface Tolerance {
  readonly rtol?: number;
  readonly atol?: number;
}

/**
 * What the three oracles check. The inputs, and what PyTorch makes of them, are in
 * `test/fixtures/ops-<family>.json` under the same name.
 */
export interface OpCase {
  readonly name: string;
  /** The ops that it covers. */
  readonly ops: readonly OpName[];
  /** Whether an input wants a gradient is said by the fixture. Called with all of its inputs. */
  readonly fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  /** Looser than the default, with the reason. */
  readonly tolerance?: Tolerance & { readonly reason: string };
  /** Why central differences do not apply. */
  readonly noGradcheck?: string;
  /** Why gradients of gradients do not apply. */
  readonly noSecondOrder?: string;
}

/** A table's names and values, the names as the types that they are. */
export function entriesOf<K extends string, V>(table: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(table) as [K, V][];
}

/** Applies a function to each input. */
export function each(fn: (x: Tensor) => Tensor): OpCase['fn'] {
  return (...inputs) => inputs.map(fn);
}

/** Applies a function to the first and second input, the third and fourth, and so on. */
export function eachPair(fn: (a: Tensor, b: Tensor) => Tensor): OpCase['fn'] {
  return (...inputs) => {
    const results: Tensor[] = [];
    for (let i = 0; i + 1 < inputs.length; i += 2) {
      const [a, b] = inputs.slice(i, i + 2);
      if (a && b) results.push(fn(a, b));
    }
    return results;
  };
}

/** A function that makes tensors on its way, and lets go of them. */
export function composed(fn: OpCase['fn']): OpCase['fn'] {
  return (...inputs) => scope(() => fn(...inputs));
}
