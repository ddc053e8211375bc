import { grad } from '../../src/autograd/backward.js';
import type { DType } from '../../src/tensor/dtype.js';
import { isFloat } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import { expectClose, type Tolerance } from './close.js';
import {
  inputsOf,
  type OpCase,
  type Reference,
  type Stored,
  tensorOf,
  valuesOf,
} from './fixtures.js';

/** Which image tensors are stored channels-last: inputs, and the gradients that flow into outputs. */
export interface Storing {
  readonly name: string;
  readonly input: (index: number) => boolean;
  readonly cotangent: boolean;
}

const ROW_MAJOR: Storing = { name: 'row-major', input: () => false, cotangent: false };
const MIXED: readonly Storing[] = [
  { name: 'channels-last', input: () => true, cotangent: true },
  { name: 'channels-last with row-major gradients', input: () => true, cotangent: false },
  { name: 'row-major with channels-last gradients', input: () => false, cotangent: true },
];
const MIXED_INPUTS: readonly Storing[] = [
  { name: 'the first input channels-last', input: (i) => i === 0, cotangent: false },
  { name: 'all but the first input channels-last', input: (i) => i > 0, cotangent: true },
];

/** The ways to store the images of a case: one, if it has none. */
export function storings(reference: Reference): readonly Storing[] {
  const isImage = (stored: Stored | null): boolean => stored?.shape.length === 4;
  const images = reference.inputs.filter(isImage).length;
  if (images === 0 && !reference.cotangents.some(isImage)) return [ROW_MAJOR];
  return [ROW_MAJOR, ...MIXED, ...(images > 1 ? MIXED_INPUTS : [])];
}

function cotangentOf(stored: Stored, float: DType, channelsLast: boolean): Tensor {
  const made = tensorOf(stored, float);
  return made.rank === 4 && channelsLast ? inLayout(made, 'channelsLast') : made;
}

function checkOutput(output: Tensor, expected: Stored, tolerance: Tolerance, what: string): void {
  if (`${output.shape}` !== `${expected.shape}`) {
    throw new Error(`${what}: shape [${output.shape}], expected [${expected.shape}]`);
  }
  const fits = expected.dtype === 'float' ? isFloat(output.dtype) : output.dtype === expected.dtype;
  if (!fits) throw new Error(`${what}: dtype ${output.dtype}, expected ${expected.dtype}`);
  expectClose(output, valuesOf(expected), tolerance, what);
}

/** Gradients of the inputs, null for none, from the cotangents of the reference. */
export function gradientsOf(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  reference: Reference,
  float: DType,
  storing: Storing,
): ReadonlyMap<Tensor, Tensor | null> {
  const wanted = inputs.filter((input) => input.requiresGrad);
  const roots: Tensor[] = [];
  const gradients: Tensor[] = [];
  for (const [i, output] of outputs.entries()) {
    const cotangent = reference.cotangents[i] ?? null;
    if (cotangent === null) continue;
    if (!output.requiresGrad) throw new Error(`output ${i} has no gradient, expected one`);
    roots.push(output);
    gradients.push(cotangentOf(cotangent, float, storing.cotangent));
  }
  if (roots.length === 0) return new Map();
  const found = grad(roots, wanted, { gradients, allowUnused: true });
  return new Map(wanted.map((input, i) => [input, found[i] ?? null]));
}

/** Throws unless a case gives PyTorch's outputs and gradients, in a dtype, with its images stored so. */
export function checkCase(
  reference: OpCase,
  float: DType,
  storing: Storing,
  tolerance: Tolerance,
): void {
  const label = `${float}, ${storing.name}`;
  scope(() => {
    const inputs = inputsOf(reference, float, storing.input);
    const outputs = reference.fn(inputs);
    if (outputs.length !== reference.outputs.length) {
      throw new Error(`${outputs.length} outputs, expected ${reference.outputs.length}`);
    }
    for (const [i, expected] of reference.outputs.entries()) {
      const output = outputs[i];
      if (output) checkOutput(output, expected, tolerance, `${label}: output ${i}`);
    }
    const found = gradientsOf(outputs, inputs, reference, float, storing);
    for (const [i, input] of inputs.entries()) {
      if (!input.requiresGrad) continue;
      const expected = reference.gradients[i] ?? null;
      const zeros = new Float64Array(input.size);
      const gradient = found.get(input) ?? null;
      if (gradient !== null && `${gradient.shape}` !== `${input.shape}`) {
        throw new Error(
          `${label}: gradient ${i} has shape [${gradient.shape}], not [${input.shape}]`,
        );
      }
      const wanted = expected === null ? zeros : valuesOf(expected);
      expectClose(gradient ?? zeros, wanted, tolerance, `${label}: gradient ${i}`);
    }
  });
}
