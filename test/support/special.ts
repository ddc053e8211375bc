import { isFloat } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { type Difference, inputsOf, numberOf, type OpCase, valuesOf } from './fixtures.js';
import { gradientsOf, type Storing } from './runCase.js';

const RTOL = 1e-5;
const ATOL = 1e-6;

/** NaN is NaN, infinities are what they are, and 0 has its sign if that is asked for. */
function agrees(actual: number, expected: number, signs: boolean): boolean {
  if (Object.is(actual, expected)) return true;
  if (actual === 0 && expected === 0) return !signs;
  if (actual === expected) return true;
  return (
    Number.isFinite(expected) && Math.abs(actual - expected) <= ATOL + RTOL * Math.abs(expected)
  );
}

function shown(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The values of the inputs that an element is computed from, where each element is by itself. */
function pointOf(inputs: readonly Tensor[], size: number, i: number): string {
  const same = inputs.filter((input) => input.size === size);
  return same.map((input) => shown(input.dataSync()[i] ?? Number.NaN)).join(', ');
}

function withDifferences(
  expected: Float64Array,
  differences: readonly Difference[],
  of: Difference['of'],
  index: number,
): Float64Array {
  const result = Float64Array.from(expected);
  for (const difference of differences) {
    if (difference.of !== of || difference.index !== index) continue;
    for (const [k, at] of difference.at.entries()) {
      result[at] = numberOf(difference.ours[k] ?? 'nan');
    }
  }
  return result;
}

/** Throws unless a case gives PyTorch's outputs and gradients at its special points. */
export function checkSpecial(item: OpCase, float: 'float32' | 'float64', storing: Storing): void {
  const { differences = [] } = item;
  const reference = float === 'float32' ? { ...item, ...item.float32 } : item;
  scope(() => {
    const inputs = inputsOf(item, float, storing.input);
    const faults: string[] = [];
    const compare = (
      actual: Tensor | null,
      stored: OpCase['gradients'][number],
      of: Difference['of'],
      index: number,
      signs: boolean,
    ): void => {
      const shape = stored?.shape ?? inputs[index]?.shape ?? [];
      if (actual && `${actual.shape}` !== `${shape}`) {
        throw new Error(`${of} ${index}: shape [${actual.shape}], expected [${shape}]`);
      }
      const size = shape.reduce((a, b) => a * b, 1);
      const plain = stored ? valuesOf(stored) : new Float64Array(size);
      const wanted = withDifferences(plain, differences, of, index);
      const found = actual?.dataSync() ?? new Float64Array(size);
      for (const [i, expected] of wanted.entries()) {
        const value = found[i] ?? Number.NaN;
        if (agrees(value, expected, signs)) continue;
        const point = pointOf(inputs, size, i);
        faults.push(
          `${of} ${index} at ${i} (${point}): ${shown(value)}, expected ${shown(expected)}`,
        );
      }
    };
    const outputs = item.fn(inputs);
    expectCount(outputs.length, item.outputs.length);
    for (const [i, output] of outputs.entries()) {
      compare(output, reference.outputs[i] ?? null, 'outputs', i, isFloat(output.dtype));
    }
    const found = gradientsOf(outputs, inputs, item, float, storing);
    for (const [i, input] of inputs.entries()) {
      if (!input.requiresGrad) continue;
      compare(
        found.get(input) ?? null,
        reference.gradients[i] ?? null,
        'gradients',
        i,
        !!process.env.SIGNS,
      );
    }
    if (faults.length > 0) {
      throw new Error(`${item.name}, ${float}, ${storing.name}:\n  ${faults.join('\n  ')}`);
    }
  });
}

function expectCount(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${actual} outputs, expected ${expected}`);
}
