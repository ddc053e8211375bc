import type { Trace, TracedOutput, ValueId } from '../../src/nn/trace.js';
import { type FusedConv2d, fusedConv2d } from '../../src/ops/conv/fusedConv.js';
import { PreparedFilters } from '../../src/ops/conv/preparedFilters.js';
import * as ops from '../../src/ops/index.js';
import { lstm } from '../../src/ops/recurrent/recurrent.js';
import type { Tensor } from '../../src/tensor/tensor.js';

type Inputs = readonly (Tensor | null)[];

/** What the ops that models consist of have among their attributes. */
interface Attrs {
  readonly kernelSize: [number, number];
  readonly stride: [number, number];
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: [number, number];
  readonly groups: number;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number | null;
  readonly relu: boolean;
  readonly batchSizes: readonly number[];
  readonly reverse: boolean;
  readonly shape: readonly number[];
  readonly axes: readonly number[];
  readonly axis: number;
  readonly scale: number;
  readonly shift: number;
  readonly value: number;
}

function given(tensor: Tensor | null | undefined): Tensor {
  if (tensor) return tensor;
  throw new Error('an operand is missing');
}

/** Padding as the functions take it. */
function sides(padding: Attrs['padding']): [number, number] {
  const [height = 0, width = 0] = padding.map(([before, after]) => {
    if (before !== after) throw new Error('the sides of a padding differ');
    return before;
  });
  return [height, width];
}

function convOptions({ stride, padding, dilation, groups }: Attrs) {
  return { stride, padding: sides(padding), dilation, groups };
}

function fused([x, weight, bias = null, ...rest]: Inputs, attrs: Attrs): Tensor {
  const [scale = null, shift = null, mean, variance, add = null] = rest;
  const norm: FusedConv2d['norm'] =
    attrs.eps === null
      ? null
      : {
          weight: scale,
          bias: shift,
          mean: given(mean),
          variance: given(variance),
          eps: attrs.eps,
        };
  const prepared = new PreparedFilters();
  const conv = { prepared, weight: given(weight), bias, norm, options: convOptions(attrs) };
  return given(fusedConv2d(given(x), conv, { add, relu: attrs.relu }));
}

const OPS: Readonly<Record<string, (inputs: Inputs, attrs: Attrs) => Tensor | readonly Tensor[]>> =
  {
    add: ([a, b]) => ops.add(given(a), given(b)),
    affine: ([x], { scale, shift }) => {
      if (scale === 1) return ops.add(given(x), shift);
      if (shift === 0) return ops.mul(given(x), scale);
      throw new Error('an affine op of both a scale and a shift');
    },
    avgPool2d: ([x], attrs) => {
      const { kernelSize, stride, ceilMode, countIncludePad, divisorOverride } = attrs;
      const options = { stride, padding: sides(attrs.padding), ceilMode, countIncludePad };
      const divisor = divisorOverride === null ? {} : { divisorOverride };
      return ops.avgPool2d(given(x), kernelSize, { ...options, ...divisor });
    },
    batchNorm: ([x, mean = null, variance = null, weight, bias, add = null], attrs) => {
      const { training, momentum, eps, relu } = attrs;
      const options = { training, momentum, eps: eps ?? 0, relu, add };
      return ops.batchNorm(given(x), mean, variance, weight, bias, options);
    },
    concat: (tensors, { axis }) => ops.concat(tensors.map(given), axis),
    conv2d: ([x, weight, bias], attrs) =>
      ops.conv2d(given(x), given(weight), bias, convOptions(attrs)),
    copyFrom: ([target, source]) => {
      ops.copyFrom(given(target), given(source));
      return given(target);
    },
    full: (_, { shape, value }) => ops.full(shape, value),
    fusedConv2d: fused,
    indexSelect: ([x, index], { axis }) => ops.indexSelect(given(x), axis, given(index)),
    indexScatter: ([x, index], { axis, shape }) =>
      ops.indexAdd(ops.zeros(shape), axis, given(index), given(x)),
    linear: ([x, weight, bias]) => ops.linear(given(x), given(weight), bias),
    lstm: ([x, weightIh, weightHh, ih, hh, weightHr = null, h, c], { batchSizes, reverse }) => {
      const biases = ih && hh ? ([ih, hh] as const) : null;
      const weights = { weightIh: given(weightIh), weightHh: given(weightHh), biases, weightHr };
      return lstm(given(x), h && c ? [h, c] : null, weights, { batchSizes, reverse });
    },
    maxPool2d: ([x], { kernelSize, stride, padding, dilation, ceilMode }) => {
      const options = { stride, padding: sides(padding), dilation, ceilMode, returnIndices: true };
      const { output, indices } = ops.maxPool2d<true>(given(x), kernelSize, {
        ...options,
        returnIndices: true,
      });
      return [output, indices];
    },
    permute: ([x], { axes }) => ops.permute(given(x), axes),
    reshape: ([x], { shape }) => ops.reshape(given(x), shape),
  };

/** What became of the tensors of a trace. */
export interface Replayed {
  readonly output: unknown;
  /** The buffers, changed as the model's own would be. */
  readonly buffers: ReadonlyMap<ValueId, Tensor>;
}

function filledIn(output: TracedOutput, values: ReadonlyMap<ValueId, Tensor>): unknown {
  if (output === null) return null;
  if (typeof output === 'string') return given(values.get(output));
  if (Array.isArray(output)) return output.map((each: TracedOutput) => filledIn(each, values));
  return Object.fromEntries(
    Object.entries(output).map(([name, each]) => [name, filledIn(each, values)]),
  );
}

/** Runs a trace, which is all that is known of the model, on other inputs and copies of buffers. */
export function replay(
  trace: Trace,
  inputs: readonly Tensor[],
  buffers: ReadonlyMap<ValueId, Tensor> = trace.buffers,
): Replayed {
  const own = new Map(Array.from(buffers, ([id, buffer]) => [id, ops.clone(buffer)] as const));
  const values = new Map<ValueId, Tensor>([...trace.parameters, ...own, ...trace.constants]);
  for (const [i, id] of trace.inputs.entries()) values.set(id, given(inputs[i]));
  for (const { name, inputs: operands, outputs, attrs } of trace.ops) {
    const run = OPS[name];
    if (run === undefined) throw new Error(`replay: there is no ${name}`);
    const operand = (id: ValueId | null): Tensor | null =>
      id === null ? null : given(values.get(id));
    // Attributes survive being written out.
    const plain: Attrs = JSON.parse(JSON.stringify(attrs));
    const results = [run(operands.map(operand), plain)].flat();
    for (const [i, id] of outputs.entries()) values.set(id, given(results[i]));
  }
  return { output: filledIn(trace.output, values), buffers: own };
}
