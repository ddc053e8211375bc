import type { Backend, PreparedConv } from '../../backend/kernels/backend.js';
import type { Geometry } from '../../backend/kernels/index.js';
import { backend, kernels } from '../../backend/select.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../../tensor/tensor.js';
import { unrecorded } from '../kit/composite.js';
import { floats } from '../kit/define.js';

/** A convolution's weight and bias, as computed from what they depend on. */
export interface Filters {
  /** [K, C/groups, R, S] */
  readonly weight: Tensor;
  /** [K] */
  readonly bias: Tensor | null;
}

/** What the kernel of a forward pass without gradients takes. */
export interface Prepared {
  /** The backend's own. */
  readonly format: number;
  readonly packed: Tensor;
  readonly bias: Tensor | null;
}

function pack(weight: Tensor, geometry: Geometry, { elements, format }: PreparedConv): Tensor {
  const packed = empty([elements], weight.dtype).keep();
  const filters = rowMajor(weight);
  kernels().packConv2d(floats(packed), floats(filters), geometry, format);
  releaseTemporary(filters, weight);
  return packed;
}

/**
 * Weights that do not change from call to call, brought into the order that the kernels read (Winograd's
 * transformed, batch-norm folded in) once, and again when what they were made of has changed.
 */
export class PreparedFilters {
  #sources: readonly Tensor[] = [];
  #versions: readonly number[] = [];
  #backend: Backend | null = null;
  #bias: Tensor | null = null;
  /** By format: the size of the image may change it. */
  readonly #packed = new Map<number, Tensor>();

  /**
   * @param sources what `make` computes from
   * @param make computes weight and bias; new tensors are let go of after use
   */
  of(sources: readonly Tensor[], make: () => Filters, geometry: Geometry): Prepared {
    if (!this.#isCurrent(sources)) this.#forget(sources);
    const prepared = backend().prepareConv(geometry);
    const { format } = prepared;
    const known = this.#packed.get(format);
    if (known !== undefined) return { format, packed: known, bias: this.#bias };
    return unrecorded(() => {
      const { weight, bias } = make();
      const packed = pack(weight, geometry, prepared);
      this.#packed.set(format, packed);
      this.#bias ??= bias?.detach().keep() ?? null;
      return { format, packed, bias: this.#bias };
    });
  }

  #isCurrent(sources: readonly Tensor[]): boolean {
    return (
      this.#backend === backend() &&
      sources.length === this.#sources.length &&
      sources.every(
        (tensor, i) => tensor === this.#sources[i] && tensor.storage.version === this.#versions[i],
      )
    );
  }

  #forget(sources: readonly Tensor[]): void {
    for (const tensor of this.#packed.values()) tensor.dispose();
    this.#packed.clear();
    this.#bias?.dispose();
    this.#bias = null;
    this.#backend = backend();
    this.#sources = [...sources];
    this.#versions = sources.map((tensor) => tensor.storage.version);
  }
}
