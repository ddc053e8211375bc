import { imageWidths, type Padding2d, type PadWidth, widthsText } from '../ops/kit/axisWidths.js';
import { checkAxes } from '../ops/kit/imageAxes.js';
import { checkInterpolate, type InterpolateOptions, interpolate } from '../ops/pool/interpolate.js';
import { reflectionPad2d } from '../ops/reflectionPad.js';
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

/** Base of the layers that surround images. */
abstract class ImagePadding extends Module {
  readonly #widths: readonly [height: PadWidth, width: PadWidth];

  protected constructor(widths: readonly [height: PadWidth, width: PadWidth]) {
    super();
    this.#widths = widths;
  }

  protected get widths(): readonly [height: PadWidth, width: PadWidth] {
    return this.#widths;
  }

  protected override describeOptions(): string {
    return widthsText(this.#widths);
  }
}

/**
 * Zeros around images [N, C, H, W] or [C, H, W]; negative widths crop.
 *
 * @example
 * new nn.ZeroPad2d(1);
 * new nn.ZeroPad2d([[0, 1], [2, 2]]); // a row at the bottom, two columns on both sides
 */
export class ZeroPad2d extends ImagePadding {
  /** @param padding one width for all sides, or `[[top, bottom], [left, right]]`, where one number is both */
  constructor(padding: Padding2d) {
    super(imageWidths('ZeroPad2d', padding, Number.NEGATIVE_INFINITY));
  }

  override forward(x: Tensor): Tensor {
    checkAxes('ZeroPad2d', 2, x);
    return pad(x, this.widths);
  }
}

/** Images [N, C, H, W] or [C, H, W] with their mirror image around them, see {@link reflectionPad2d}. */
export class ReflectionPad2d extends ImagePadding {
  /** @param padding one width for all sides, or `[[top, bottom], [left, right]]`, where one number is both */
  constructor(padding: Padding2d) {
    super(imageWidths('ReflectionPad2d', padding, 0));
  }

  override forward(x: Tensor): Tensor {
    return reflectionPad2d(x, this.widths);
  }
}
