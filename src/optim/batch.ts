import type { FloatArray } from '../backend/kernels/index.js';
import { DTypeError, ShapeError } from '../errors.js';
import { filledLike } from '../ops/creation.js';
import { allFloatsForWriting, floats } from '../ops/kit/define.js';
import { RowSparseTensor } from '../tensor/rowSparse.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { inLayout, type Tensor } from '../tensor/tensor.js';

/** What an update rule remembers of a parameter. */
export interface ParamState {
  /** Updates so far, for rules that count them. */
  step: number;
  /** Other numbers that it keeps, by PyTorch's names. */
  readonly numbers: Map<string, number>;
  /** Tensors of the parameter's shape, such as a momentum, by PyTorch's names. */
  readonly tensors: Map<string, Tensor>;
  /** Which rows its momentum has seen, while its gradients are of rows only. Not saved: it can be computed again. */
  seen: Tensor | null;
}

/** A state as it is before the first step. */
export function newState(): ParamState {
  return { step: 0, numbers: new Map(), tensors: new Map(), seen: null };
}

/** A parameter with a gradient of rows, as kernels take it. */
interface RowGradient {
  readonly param: Tensor;
  readonly rows: Tensor;
  readonly values: Tensor;
}

function checkGradient(param: Tensor, grad: Tensor): void {
  // Throws if the parameter was disposed of.
  floats(param);
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
 * The lists of one fused update: the parameters of a group that have a gradient now, either those with dense gradients
 * or those with gradients of rows. They are kept from step to step, since the same parameters have gradients nearly
 * always.
 */
export class Batch {
  readonly grads: FloatArray[] = [];
  readonly states: ParamState[] = [];
  /** Of a batch of gradients of rows. */
  readonly rows: RowGradient[] = [];
  /** Elements of each parameter. */
  sizes = new Int32Array(0);

  readonly #tensors: Tensor[] = [];
  readonly #stateArrays = new Map<string, FloatArray[]>();
  readonly #converted: Tensor[] = [];
  readonly #stateOf: (param: Tensor) => ParamState;
  readonly #isOfRows: boolean;
  /** State tensors that this step has made. */
  #made: { readonly state: ParamState; readonly name: string }[] = [];
  #isStale = false;

  constructor(stateOf: (param: Tensor) => ParamState, kind: 'dense' | 'rows') {
    this.#stateOf = stateOf;
    this.#isOfRows = kind === 'rows';
  }

  get length(): number {
    return this.#tensors.length;
  }

  /** Takes up the parameters that have a gradient of its kind. Throws for one that does not fit. */
  gather(params: readonly Tensor[]): void {
    let count = 0;
    this.#made = [];
    for (const param of params) {
      const { grad } = param;
      if (grad === null || grad instanceof RowSparseTensor !== this.#isOfRows) continue;
      checkGradient(param, grad);
      if (this.#tensors[count] !== param) {
        this.#tensors[count] = param;
        this.states[count] = this.#stateOf(param);
        this.#isStale = true;
      }
      if (grad instanceof RowSparseTensor) {
        this.rows[count] = { param, rows: grad.rows, values: grad.values };
      } else this.grads[count] = floats(this.#inLayoutOf(param, grad));
      count++;
    }
    if (count !== this.#tensors.length) {
      const lists = [this.#tensors, this.states, this.grads, this.rows];
      for (const list of lists) list.length = Math.min(list.length, count);
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
        const known = tensors?.get(name);
        if (known !== undefined) return floats(known);
        const tensor = filledLike(param, initial).keep();
        tensors?.set(name, tensor);
        const state = this.states[i];
        if (state !== undefined) this.#made.push({ state, name });
        return floats(tensor);
      }),
    );
    this.#stateArrays.set(key, arrays);
    return arrays;
  }

  /** Gives a function that puts the states back, for an update that is skipped because of a fault before it. */
  undo(): () => void {
    const before = this.states.map((state) => ({
      state,
      step: state.step,
      numbers: state.numbers.size > 0 ? new Map(state.numbers) : null,
    }));
    const made = this.#made;
    return () => {
      for (const { state, step, numbers } of before) {
        state.step = step;
        state.numbers.clear();
        for (const [name, value] of numbers ?? []) state.numbers.set(name, value);
        state.seen?.dispose();
        state.seen = null;
      }
      for (const { state, name } of made) {
        state.tensors.get(name)?.dispose();
        state.tensors.delete(name);
      }
      this.#isStale = true;
    };
  }

  /** The parameters, for one update. */
  paramsForWriting(): FloatArray[] {
    return allFloatsForWriting(this.#tensors);
  }

  /** Once the update has been called. */
  finish(): void {
    for (const gradient of this.#converted) gradient.dispose();
    this.#converted.length = 0;
  }
}
