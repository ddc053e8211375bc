import { checkIterable, checkList } from '../arguments.js';
import { BinaryOp, type FloatArray } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError } from '../errors.js';
import { zeros } from '../ops/creation.js';
import { allFloatsForWriting, checkTensor, floats } from '../ops/kit/define.js';
import { inWords } from '../options.js';
import { RowSparseTensor } from '../tensor/rowSparse.js';
import { currentContext } from '../tensor/scope.js';
import { empty, Tensor, type TensorGraph } from '../tensor/tensor.js';
import { checkBoolean, checkNotNegative, fillOptions } from './options.js';

/** How gradients are measured. */
export interface GradNormOptions {
  /** p of the p-norm, above 0; Infinity for the largest magnitude. Default: 2. */
  normType: number;
}

export interface ClipGradNormOptions extends GradNormOptions {
  /**
   * Throws for a norm that is NaN or infinite, before any gradient changes. That is known only once the
   * gradients are, so the call then waits for them, blocking. Default: false.
   */
  errorIfNonfinite: boolean;
}

const NORM_DEFAULTS: GradNormOptions = { normType: 2 };
const CLIP_DEFAULTS: ClipGradNormOptions = { ...NORM_DEFAULTS, errorIfNonfinite: false };

/** Where the elements of a gradient are that may differ from 0. */
function elementsOf(grad: Tensor): Tensor {
  return grad instanceof RowSparseTensor ? grad.values : grad;
}

/** The gradients that a list of parameters has, each once, as the kernels take them. */
interface Gradients {
  readonly tensors: readonly Tensor[];
  readonly arrays: FloatArray[];
  readonly sizes: Int32Array;
  /** What backward() has finished: a norm lives as long as the loss does. */
  readonly graph: TensorGraph | null;
}

function gradientsOf(parameters: Iterable<Tensor> | Tensor, owner: string): Gradients {
  if (!(parameters instanceof Tensor)) {
    checkIterable(owner, 'parameters', parameters, 'Tensors, as of model.parameters()');
  }
  const found = new Set<Tensor>();
  let graph: TensorGraph | null = null;
  for (const parameter of parameters instanceof Tensor ? [parameters] : parameters) {
    checkTensor(parameter, owner, 'a parameter');
    if (parameter.grad === null) continue;
    found.add(elementsOf(parameter.grad));
    graph ??= parameter.finishedGraph;
  }
  const tensors = [...found];
  return {
    tensors,
    arrays: tensors.map(floats),
    sizes: Int32Array.from(tensors, (grad) => grad.size),
    graph,
  };
}

function checkNormType(owner: string, normType: number): void {
  if (!(typeof normType === 'number' && normType > 0)) {
    throw new ArgumentError(`${owner}: normType is ${normType}, expected a number > 0 or Infinity`);
  }
}

/** The norm of all gradients together, and those of each; both stay on the stream. */
function measure({ tensors, arrays, sizes }: Gradients, normType: number): [Tensor, Tensor] {
  const dtype = tensors[0]?.dtype ?? 'float32';
  const [total, norms] = [empty([], dtype), empty([tensors.length], dtype)];
  kernels().gradNorms(floats(total), floats(norms), arrays, sizes, normType);
  return [total, norms];
}

function totalNorm(gradients: Gradients, normType: number): Tensor {
  if (gradients.tensors.length === 0) return zeros([]);
  const [total, norms] = measure(gradients, normType);
  norms.dispose();
  if (currentContext() === null) gradients.graph?.own(total);
  return total;
}

/**
 * The norm of the gradients of all parameters, taken as one long vector; 0 where none has a gradient. One kernel
 * call, which nothing waits for.
 *
 * @param parameters as of `model.parameters()`
 * @returns a scalar, which lives as long as the loss does: until the next step
 * @throws ArgumentError for a normType that is no positive number
 */
export function gradNorm(
  parameters: Iterable<Tensor> | Tensor,
  options: Partial<GradNormOptions> = {},
): Tensor {
  const { normType } = fillOptions('gradNorm', NORM_DEFAULTS, options);
  checkNormType('gradNorm', normType);
  return totalNorm(gradientsOf(parameters, 'gradNorm'), normType);
}

/** Gradient norms on the host. */
export interface GradNorms {
  /** Of all gradients together. */
  readonly total: number;
  /** By the parameters' names, of those that have a gradient, in their order. */
  readonly byName: ReadonlyMap<string, number>;
}

/**
 * Gradient norms by name, to see where gradients vanish or explode.
 *
 * @param parameters names and parameters, as of `model.namedParameters()`
 * @throws ArgumentError for a normType that is no positive number
 *
 * @example
 * const { total, byName } = await optim.gradNorms(model.namedParameters());
 */
export async function gradNorms(
  parameters: Iterable<readonly [name: string, parameter: Tensor]>,
  options: Partial<GradNormOptions> = {},
): Promise<GradNorms> {
  const { normType } = fillOptions('gradNorms', NORM_DEFAULTS, options);
  checkNormType('gradNorms', normType);
  const named = new Map<string, Tensor>();
  checkIterable('gradNorms', 'parameters', parameters, 'pairs, as of model.namedParameters()');
  for (const pair of parameters) {
    checkList('gradNorms', 'a parameter', pair, 'a pair of a name and a Tensor');
    const [name, parameter] = pair;
    checkTensor(parameter, 'gradNorms', name);
    if (parameter.grad !== null) named.set(name, parameter);
  }
  if (named.size === 0) return { total: 0, byName: new Map() };
  const gradients = gradientsOf(named.values(), 'gradNorms');
  const places = new Map<Tensor | null, number>(gradients.tensors.map((grad, i) => [grad, i]));
  const indices = Array.from(
    named,
    ([name, { grad }]) => [name, places.get(grad === null ? null : elementsOf(grad)) ?? 0] as const,
  );
  const [total, norms] = measure(gradients, normType);
  try {
    const values = await norms.data();
    const byName = new Map(indices.map(([name, i]) => [name, values[i] ?? Number.NaN]));
    return { total: await total.item(), byName };
  } finally {
    total.dispose();
    norms.dispose();
  }
}

/**
 * Scales the gradients of all parameters, in place, so that their norm, taken as one long vector, is at most
 * `maxNorm`: the direction stays, the length is limited (Pascanu, Mikolov and Bengio, "On the difficulty of
 * training recurrent neural networks", 2013). As `torch.nn.utils.clip_grad_norm_`: the factor is
 * maxNorm / (norm + 1e-6), where below 1. Two kernel calls for any number of parameters, and nothing waits.
 *
 * @param parameters as of `model.parameters()`; those without a gradient are passed over
 * @param maxNorm a number ≥ 0; Infinity only measures
 * @returns the norm before clipping, a scalar, which lives as long as the loss does: until the next step
 * @throws ArgumentError for maxNorm or normType out of range, or, if asked for, a norm that is not finite
 *
 * @example
 * loss.backward();
 * optim.clipGradNorm(model.parameters(), 1);
 * optimizer.step();
 */
export function clipGradNorm(
  parameters: Iterable<Tensor> | Tensor,
  maxNorm: number,
  options: Partial<ClipGradNormOptions> = {},
): Tensor {
  const { normType, errorIfNonfinite } = fillOptions('clipGradNorm', CLIP_DEFAULTS, options);
  checkNormType('clipGradNorm', normType);
  checkBoolean('clipGradNorm', 'errorIfNonfinite', errorIfNonfinite);
  if (!(typeof maxNorm === 'number' && maxNorm >= 0)) {
    throw new ArgumentError(`clipGradNorm: maxNorm is ${inWords(maxNorm)}, expected a number ≥ 0`);
  }
  const gradients = gradientsOf(parameters, 'clipGradNorm');
  const total = totalNorm(gradients, normType);
  if (errorIfNonfinite) checkFinite(total, normType);
  if (gradients.tensors.length > 0) {
    const norm = floats(total);
    const arrays = allFloatsForWriting(gradients.tensors);
    kernels().clipGradNorm(arrays, norm, gradients.sizes, maxNorm);
  }
  return total;
}

/** Multiplies the gradients of all parameters, in place, by a number, or a scalar on the queue. @internal */
export function scaleGradients(parameters: Iterable<Tensor>, factor: number | Tensor): void {
  const { tensors, arrays, sizes } = gradientsOf(parameters, 'scaleGradients');
  const scalar = typeof factor === 'number' ? null : floats(factor);
  for (const [i, tensor] of tensors.entries()) {
    const [elements, size] = [arrays[i], sizes[i] ?? 0];
    if (elements === undefined || size === 0) continue;
    tensor.markWritten();
    if (typeof factor === 'number') {
      kernels().binaryScalar(elements, elements, factor, size, BinaryOp.mul);
    } else if (scalar !== null) {
      const plan = Int32Array.of(1, size, 1, 0);
      kernels().binaryBroadcast(elements, elements, scalar, plan, BinaryOp.mul);
    }
  }
}

function checkFinite(total: Tensor, normType: number): void {
  const norm = total.itemSync();
  if (Number.isFinite(norm)) return;
  total.dispose();
  throw new ArgumentError(
    `clipGradNorm: the gradients' norm (normType ${normType}) is ${norm}; they were left as they are`,
  );
}

/**
 * Limits every element of the gradients of all parameters, in place, to [−clipValue, clipValue], as
 * `torch.nn.utils.clip_grad_value_`. One kernel call.
 *
 * @param clipValue a finite number ≥ 0
 * @throws ArgumentError for a clipValue out of range
 */
export function clipGradValue(parameters: Iterable<Tensor> | Tensor, clipValue: number): void {
  checkNotNegative('clipGradValue', 'clipValue', clipValue);
  const { tensors, sizes } = gradientsOf(parameters, 'clipGradValue');
  if (tensors.length === 0) return;
  kernels().clipGradValue(allFloatsForWriting(tensors), sizes, clipValue);
}
