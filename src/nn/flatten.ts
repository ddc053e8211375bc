import { flatten } from '../ops/view.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

export interface FlattenOptions {
  /** First of the axes that become one. Default: 1, which keeps the batch. */
  start?: number;
  /** Last of them, negative from the end. Default: −1. */
  end?: number;
}

const NAMES: OptionNames<FlattenOptions> = { start: true, end: true };

/** Joins axes: images [N, C, H, W] to rows [N, C·H·W]. */
export class Flatten extends Module {
  readonly #start: number;
  readonly #end: number;

  constructor(options: FlattenOptions = {}) {
    super();
    checkOptions('Flatten', options, NAMES);
    this.#start = options.start ?? 1;
    this.#end = options.end ?? -1;
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, this.#start, this.#end);
  }

  protected override describeOptions(): string {
    return `start=${this.#start}, end=${this.#end}`;
  }
}

/** The input as it is: stands in for a layer that is left out. */
export class Identity extends Module {
  override forward(x: Tensor): Tensor {
    return x;
  }
}
