import { type Backend, ConvPass } from '../../backend/kernels/backend.js';
import { type Geometry, WeightFormat } from '../../backend/kernels/index.js';
import { backend, kernels } from '../../backend/select.js';
import type { Shape } from '../../tensor/shape.js';
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
  readonly format: WeightFormat;
  readonly packed: Tensor;
  readonly bias: Tensor | null;
}

/** The widest panel of any instruction set: outputs come in whole ones. */
const PANEL = 32;

function formatFor(geometry: Geometry): WeightFormat {
  const algorithm = backend().convAlgorithm(ConvPass.forward, geometry);
  switch (algorithm) {
    case 'depthwise':
    case 'winograd4':
    case 'winograd2':
      return WeightFormat[algorithm];
    default:
      return WeightFormat.panels;
  }
}

/** Elements of prepared weights, as {@link Kernels.packConv2d} says. */
function packedSize(weight: Shape, groups: number): Record<WeightFormat, number> {
  const [k = 0, c = 0, height = 0, width = 0] = weight;
  const taps = height * width;
  const whole = (n: number): number => Math.ceil(n / PANEL) * PANEL;
  return {
    [WeightFormat.depthwise]: k * c * taps,
    [WeightFormat.panels]: groups * whole(k / groups) * c * taps,
    [WeightFormat.winograd4]: 36 * whole(k) * c,
    [WeightFormat.winograd2]: 16 * whole(k) * c,
  };
}

function pack(weight: Tensor, geometry: Geometry, format: WeightFormat): Tensor {
  const groups = geometry.at(-1) ?? 1;
  const packed = empty([packedSize(weight.shape, groups)[format]], weight.dtype).keep();
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
  readonly #packed = new Map<WeightFormat, Tensor>();

  /**
   * @param sources what `make` computes from
   * @param make computes weight and bias; new tensors are let go of after use
   */
  of(sources: readonly Tensor[], make: () => Filters, geometry: Geometry): Prepared {
    if (!this.#isCurrent(sources)) this.#forget(sources);
    const format = formatFor(geometry);
    const known = this.#packed.get(format);
    if (known !== undefined) return { format, packed: known, bias: this.#bias };
    return unrecorded(() => {
      const { weight, bias } = make();
      const packed = pack(weight, geometry, format);
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
