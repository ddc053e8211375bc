import { checkInterpolate, type InterpolateOptions, interpolate } from '../ops/interpolate.js';
import { checkAxes } from '../ops/kit/imageAxes.js';
import {
  type Padding2d,
  paddingOfSides,
  reflectionPad2d,
  sidesText,
} from '../ops/reflectionPad.js';
import { pad } from '../ops/slice.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * Sequences [N, C, L] or images [N, C, H, W] of another size, see {@link interpolate}.
 *
 * @example
 * new nn.Upsample({ scaleFactor: 2, mode: 'bilinear' });
 */
export class Upsample extends Module {
  readonly #options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    super();
    checkInterpolate('Upsample', options);
    this.#options = { ...options };
  }

  override forward(x: Tensor): Tensor {
    return interpolate(x, this.#options);
  }

  protected override describeOptions(): string {
    const { size, scaleFactor, mode = 'nearest', ...flags } = this.#options;
    const options = [
      size === undefined
        ? `scaleFactor=${JSON.stringify(scaleFactor)}`
        : `size=${JSON.stringify(size)}`,
      `mode=${mode}`,
    ];
    for (const [name, isSet] of Object.entries(flags)) if (isSet) options.push(`${name}=true`);
    return options.join(', ');
  }
}

/** Zeros around images [N, C, H, W] or [C, H, W]; negative widths crop. */
export class ZeroPad2d extends Module {
  readonly #sides: ReturnType<typeof paddingOfSides>;

  /** @param padding one width for all sides, or `[[top, bottom], [left, right]]` */
  constructor(padding: Padding2d) {
    super();
    this.#sides = paddingOfSides(padding, 'ZeroPad2d', Number.NEGATIVE_INFINITY);
  }

  override forward(x: Tensor): Tensor {
    checkAxes('ZeroPad2d', 2, x);
    return pad(x, this.#sides);
  }

  protected override describeOptions(): string {
    return sidesText(this.#sides);
  }
}

/** Images [N, C, H, W] or [C, H, W] with their mirror image around them, see {@link reflectionPad2d}. */
export class ReflectionPad2d extends Module {
  readonly #sides: ReturnType<typeof paddingOfSides>;

  /** @param padding one width for all sides, or `[[top, bottom], [left, right]]` */
  constructor(padding: Padding2d) {
    super();
    this.#sides = paddingOfSides(padding, 'ReflectionPad2d', 0);
  }

  override forward(x: Tensor): Tensor {
    return reflectionPad2d(x, this.#sides);
  }

  protected override describeOptions(): string {
    return sidesText(this.#sides);
  }
}
