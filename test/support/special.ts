import { scope } from '../../src/tensor/scope.js';
import { sizeOf } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import {
  type Difference,
  inputsOf,
  numberOf,
  type OpCase,
  type Stored,
  valuesOf,
} from './fixtures.js';
import { gradientsOf, type Storing } from './runCase.js';

const RTOL = 1e-5;
const ATOL = 1e-6;

/** NaN is NaN, infinities are what they are, and 0 has its sign if that is asked for. */
function agrees(actual: number, expected: number, signs: boolean): boolean {
  if (actual === 0 && expected === 0) return !signs || Object.is(actual, expected);
  if (Object.is(actual, expected)) return true;
  return (
    Number.isFinite(expected) && Math.abs(actual - expected) <= ATOL + RTOL * Math.abs(expected)
  );
}

function shown(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** What an element is computed from where each is by itself: the inputs' elements in the same place. */
function pointOf(inputs: readonly Tensor[], size: number, i: number): string {
  const alike = inputs.filter((input) => input.size === size);
  return alike.map((input) => shown(input.dataSync()[i] ?? Number.NaN)).join(', ');
}

/** PyTorch's numbers, with ours where they differ on purpose. */
function expectedOf(
  stored: Stored | null,
  size: number,
  differences: readonly Difference[],
): Float64Array {
  const values = stored ? valuesOf(stored) : new Float64Array(size);
  for (const { at, ours, reason } of differences) {
    for (const [k, i] of at.entries()) {
      const own = numberOf(ours[k] ?? 'nan');
      if (agrees(own, values[i] ?? Number.NaN, false)) {
        throw new Error(`PyTorch has ${own}, too, at ${i}; no longer so: ${reason}`);
      }
      values[i] = own;
    }
  }
  return values;
}

/** What is wrong with an output or gradient, each element in a line. */
function faultsOf(
  actual: Tensor | null,
  stored: Stored | null,
  inputs: readonly Tensor[],
  differences: readonly Difference[],
  signs: boolean,
): string[] {
  const shape = stored?.shape ?? actual?.shape ?? [];
  if (actual && `${actual.shape}` !== `${shape}`)
    return [`shape [${actual.shape}], not [${shape}]`];
  const size = sizeOf(shape);
  const found = actual?.dataSync() ?? new Float64Array(size);
  return [...expectedOf(stored, size, differences)].flatMap((expected, i) => {
    const value = found[i] ?? Number.NaN;
    if (agrees(value, expected, signs)) return [];
    return [`at ${i} (${pointOf(inputs, size, i)}): ${shown(value)}, expected ${shown(expected)}`];
  });
}

/** Throws unless a case gives PyTorch's outputs and gradients at its special points. */
export function checkSpecial(item: OpCase, float: 'float32' | 'float64', storing: Storing): void {
  const { differences = [], signs = false } = item;
  const reference = float === 'float32' ? { ...item, ...item.float32 } : item;
  const differing = (of: Difference['of'], index: number): Difference[] =>
    differences.filter((each) => each.of === of && each.index === index);
  scope(() => {
    const inputs = inputsOf(item, float, storing.input);
    const outputs = item.fn(inputs);
    if (outputs.length !== reference.outputs.length) {
      throw new Error(`${outputs.length} outputs, expected ${reference.outputs.length}`);
    }
    const found = gradientsOf(outputs, inputs, item, float, storing);
    const faults = [
      ...outputs.flatMap((output, i) =>
        faultsOf(output, reference.outputs[i] ?? null, inputs, differing('outputs', i), signs).map(
          (fault) => `output ${i} ${fault}`,
        ),
      ),
      ...inputs.flatMap((input, i) => {
        const gradient = found.get(input) ?? null;
        const stored = reference.gradients[i] ?? null;
        return faultsOf(gradient, stored, inputs, differing('gradients', i), false).map(
          (fault) => `gradient ${i} ${fault}`,
        );
      }),
    ];
    if (faults.length > 0) {
      throw new Error(`${item.name}, ${float}, ${storing.name}:\n  ${faults.join('\n  ')}`);
    }
  });
}
