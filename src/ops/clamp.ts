import { UnaryGradOp, UnaryOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import { empty, type Tensor } from '../tensor/tensor.js';
import { defineActivation } from './kit/activation.js';
import { checkTensor, defineOp, ints } from './kit/define.js';

export interface ClampOptions {
  /** Default: −∞. */
  low?: number;
  /** Default: ∞. */
  high?: number;
}

/** Where values are cut off. @internal */
export type Bounds = Required<ClampOptions>;

/** @internal */
export const BOUNDS: OptionNames<ClampOptions> = { low: true, high: true };

/** Throws unless low ≤ high. @internal */
export function checkBounds(op: string, low: number, high: number): Bounds {
  if (low <= high) return { low, high };
  throw new ArgumentError(`${op}: low ${low} and high ${high}, expected low ≤ high`);
}

const clampOf = defineActivation<Bounds>('clamp', UnaryOp.clamp, {
  saves: 'input',
  code: UnaryGradOp.clamp,
  numbers: ({ low, high }) => [low, high],
});
const clampIntegersOp = defineOp<Nothing, Bounds>('clamp');

/** min(max(x, low), high); the gradient passes where low ≤ x ≤ high. int32 works, without gradient. */
export function clamp(x: Tensor, options: ClampOptions = {}): Tensor {
  checkOptions('clamp', options, BOUNDS);
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = options;
  const bounds = checkBounds('clamp', low, high);
  checkTensor(x, 'clamp');
  if (x.dtype !== 'int32') return clampOf(x, bounds);
  const out = empty(x.shape, 'int32', x.layout);
  kernels().unary(ints(out), ints(x), x.size, UnaryOp.clamp, low, high);
  return record(clampIntegersOp, out, [x], {}, bounds);
}
