import { kindOf } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { relu } from '../ops/activation.js';
import type { ConvFinish } from '../ops/conv/conv.js';
import { fusedConv2d } from '../ops/conv/fusedConv.js';
import { PreparedFilters } from '../ops/conv/preparedFilters.js';
import { add } from '../ops/elementwise.js';
import { checkTensor } from '../ops/kit/define.js';
import { checkOptions, type OptionNames } from '../options.js';
import { wantsGrad } from '../tape/record.js';
import { sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { ReLU } from './activation.js';
import { BatchNorm2d } from './batchNorm.js';
import { Conv2d } from './conv.js';
import { isObserved } from './forward.js';
import { type Layer, Module } from './module.js';

const FINISH: OptionNames<ConvFinish> = { add: true, relu: true };

/** Prepared weights by convolution, with the batch-norm that is folded in. */
const preparedFilters = new WeakMap<
  Conv2d,
  { norm: BatchNorm2d | null; filters: PreparedFilters }
>();

function filtersOf(conv: Conv2d, norm: BatchNorm2d | null): PreparedFilters {
  const known = preparedFilters.get(conv);
  if (known?.norm === norm) return known.filters;
  const filters = new PreparedFilters();
  preparedFilters.set(conv, { norm, filters });
  return filters;
}

/** Convolution, batch-norm and what follows as one kernel; null where gradients, observers or shapes are against it. */
function fuse(
  x: Tensor,
  conv: Conv2d,
  norm: BatchNorm2d | null,
  finish: ConvFinish,
): Tensor | null {
  if (isObserved() || conv.constructor !== Conv2d || !conv.padsWithZeros) return null;
  const { weight, bias, options } = conv;
  const operands = [weight, bias, norm?.weight, norm?.bias].filter((t) => t != null);
  if (wantsGrad(finish.add ? [x, finish.add, ...operands] : [x, ...operands])) return null;
  const plain = { prepared: filtersOf(conv, norm), weight, bias, norm: null, options };
  if (norm === null) return fusedConv2d(x, plain, finish);
  const { running_mean: mean, running_var: variance, eps } = norm;
  const isFolded = norm.constructor === BatchNorm2d && !norm.training && mean && variance;
  if (!isFolded || norm.features !== conv.outChannels) return null;
  // A batch-norm's own ReLU comes before the addition.
  if (norm.relu && finish.add) return null;
  const given = { weight: norm.weight, bias: norm.bias, mean, variance, eps };
  const whole = { add: finish.add ?? null, relu: norm.relu || finish.relu === true };
  return fusedConv2d(x, { ...plain, norm: given }, whole);
}

/**
 * `relu(norm(conv(x)) + add)`: convolution, batch-norm, and if asked for an addition (the shortcut of a residual
 * block) and ReLU. In evaluation without gradients this is one kernel, with the batch-norm folded into the weights,
 * which are prepared once; otherwise the batch-norm does the addition and the ReLU.
 * @param x [N, C, H, W]
 * @param finish `add`: added before the ReLU, of the result's shape. `relu`: applies max(0, ·)
 */
export function convNorm(
  x: Tensor,
  conv: Conv2d,
  norm: BatchNorm2d,
  finish: ConvFinish = {},
): Tensor {
  checkOptions('convNorm', finish, FINISH);
  checkTensor(x, 'convNorm');
  if (!(conv instanceof Conv2d) || !(norm instanceof BatchNorm2d)) {
    throw new ArgumentError('convNorm: expected a Conv2d and a BatchNorm2d');
  }
  const fused = fuse(x, conv, norm, finish);
  if (fused !== null) return fused;
  const hidden = conv.forward(x);
  // Observers are shown what the layer alone computes. A batch-norm's own ReLU comes before the addition.
  const takesAdd = !finish.add || (!norm.relu && sameShape(finish.add.shape, hidden.shape));
  const takesAll = norm.constructor === BatchNorm2d && !isObserved() && takesAdd;
  if (takesAll) return norm.forwardThen(hidden, finish);
  const y = norm.forward(hidden);
  const sum = finish.add ? add(y, finish.add) : y;
  return finish.relu ? relu(sum) : sum;
}

/**
 * Feeds x through layers, one after the other, as few kernels as possible. What the layers hand on is let go of as
 * soon as the next has taken it (what a gradient needs is kept), so a layer that refers to its input later on calls
 * keep() on it.
 */
export function chain(x: Tensor, ...layers: readonly Layer[]): Tensor {
  return chainOf(x, layers);
}

/** As {@link chain}, of layers in a list. @internal */
export function chainOf(x: Tensor, layers: readonly Layer[]): Tensor {
  checkTensor(x, 'chain');
  let y = x;
  for (let i = 0; i < layers.length; ) {
    const [output, used] = advance(y, layers, i);
    if (y !== x && y !== output && !y.kept && !isObserved()) y.dispose();
    y = output;
    i += used;
  }
  return y;
}

/** The output of the layer at i and of those that could be fused with it, and how many they are. */
function advance(x: Tensor, layers: readonly Layer[], i: number): [output: Tensor, used: number] {
  const [layer, next] = [layers[i], layers[i + 1]];
  if (layer instanceof Conv2d) {
    const norm = next instanceof BatchNorm2d ? next : null;
    const after = norm === null ? next : layers[i + 2];
    const hasRelu = after instanceof ReLU;
    if (norm !== null || hasRelu) {
      const fused = fuse(x, layer, norm, { relu: hasRelu });
      if (fused !== null) return [fused, 1 + (norm === null ? 0 : 1) + (hasRelu ? 1 : 0)];
    }
  }
  if (!(layer instanceof Module)) {
    throw new ArgumentError(`chain: layer ${i} is ${kindOf(layer)}, expected a Module`);
  }
  return [layer.forward(x), 1];
}
