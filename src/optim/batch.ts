import type { FloatArray } from '../backend/kernels.js';
import { filledLike } from '../ops/creation.js';
import { floats } from '../ops/define.js';
import { DTypeError, ShapeError } from '../tensor/errors.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { inLayout, type Tensor } from '../tensor/tensor.js';

/** What an update rule remembers of a parameter. */
export interface ParamState {
  /** Updates so far, for rules that count them. */
  step: number;
  /** Numbers that it keeps besides, by PyTorch's names. */
  readonly numbers: Map<string, number>;
  /** Tensors of the parameter's shape, such as a momentum, by PyTorch's names. */
  readonly tensors: Map<string, Tensor>;
}

function checkGradient(param: Tensor, grad: Tensor): void {
  if (!sameShape(grad.shape, param.shape)) {
    throw new ShapeError(
      `step: gradient ${formatShape(grad.shape)} does not fit its parameter ${formatShape(param.shape)}`,
    );
  }
  if (grad.dtype !== param.dtype) {
    throw new DTypeError(`step: the gradient of a ${param.dtype} parameter is ${grad.dtype}`);
  }
}

/**
 * The lists of one fused update: the parameters of a group that have a gradient now. They are kept from step to
 * step, since the same parameters have gradients nearly always.
 */
export class Batch {
  readonly params: FloatArray[] = [];
  readonly grads: FloatArray[] = [];
  readonly states: ParamState[] = [];
  /** Elements of each parameter. */
  sizes = new Int32Array(0);

  readonly #tensors: Tensor[] = [];
  readonly #stateArrays = new Map<string, FloatArray[]>();
  readonly #converted: Tensor[] = [];
  readonly #stateOf: (param: Tensor) => ParamState;
  #isStale = false;

  constructor(stateOf: (param: Tensor) => ParamState) {
    this.#stateOf = stateOf;
  }

  get length(): number {
    return this.#tensors.length;
  }

  /** Takes up the parameters that have a gradient. Throws for a gradient that does not fit. */
  gather(params: readonly Tensor[]): void {
    let count = 0;
    for (const param of params) {
      const { grad } = param;
      if (grad === null) continue;
      checkGradient(param, grad);
      if (this.#tensors[count] !== param) {
        this.#tensors[count] = param;
        this.states[count] = this.#stateOf(param);
        this.#isStale = true;
      }
      this.params[count] = floats(param);
      this.grads[count] = floats(this.#inLayoutOf(param, grad));
      count++;
    }
    if (count !== this.#tensors.length) {
      for (const list of [this.#tensors, this.states, this.params, this.grads]) list.length = count;
      this.#isStale = true;
    }
    if (this.#isStale) {
      this.sizes = Int32Array.from(this.#tensors, (param) => param.size);
      this.#stateArrays.clear();
      this.#isStale = false;
    }
  }

  #inLayoutOf(param: Tensor, grad: Tensor): Tensor {
    const gradient = inLayout(grad, param.layout);
    if (gradient !== grad) this.#converted.push(gradient);
    return gradient;
  }

  /** The state tensors of these names, those of one name after the other; filled with `initial` at first. */
  stateArrays(names: readonly string[], initial: number): FloatArray[] {
    const key = names.join();
    const known = this.#stateArrays.get(key);
    if (known !== undefined) return known;
    const arrays = names.flatMap((name) =>
      this.#tensors.map((param, i) => {
        const tensors = this.states[i]?.tensors;
        const tensor = tensors?.get(name) ?? filledLike(param, initial).keep();
        tensors?.set(name, tensor);
        return floats(tensor);
      }),
    );
    this.#stateArrays.set(key, arrays);
    return arrays;
  }

  /** Once the update has been called: tells the tape that the parameters have changed. */
  finish(): void {
    for (const param of this.#tensors) param.storage.version++;
    for (const gradient of this.#converted) gradient.dispose();
    this.#converted.length = 0;
  }
}
