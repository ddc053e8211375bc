import { Tensor } from '../tensor/tensor.js';
import * as activation from './activation.js';
import { expand } from './broadcast.js';
import { clamp } from './clamp.js';
import * as creation from './creation.js';
import * as elementwise from './elementwise.js';
import * as indexing from './indexing.js';
import * as join from './join.js';
import * as matrix from './matmul.js';
import * as reduce from './reduce.js';
import * as slicing from './slice.js';
import * as softmax from './softmax.js';
import * as view from './view.js';

/**
 * Ops whose first argument is the tensor, as its methods: x.add(y) is add(x, y). Methods are the elementwise ops,
 * activations, reductions, views, slicing, indexing, matrix products, softmax, and copies.
 */
export const METHODS = {
  ...activation,
  clamp,
  abs: elementwise.abs,
  add: elementwise.add,
  argmax: reduce.argmax,
  argmin: reduce.argmin,
  atan2: elementwise.atan2,
  cast: elementwise.cast,
  ceil: elementwise.ceil,
  clone: creation.clone,
  copyFrom: creation.copyFrom,
  cos: elementwise.cos,
  div: elementwise.div,
  dot: matrix.dot,
  equal: elementwise.equal,
  erf: elementwise.erf,
  exp: elementwise.exp,
  expand,
  expm1: elementwise.expm1,
  flatten: view.flatten,
  flip: slicing.flip,
  floor: elementwise.floor,
  gather: indexing.gather,
  greater: elementwise.greater,
  greaterEqual: elementwise.greaterEqual,
  indexAdd: indexing.indexAdd,
  indexSelect: indexing.indexSelect,
  isNan: elementwise.isNan,
  less: elementwise.less,
  lessEqual: elementwise.lessEqual,
  log: elementwise.log,
  log1p: elementwise.log1p,
  logicalNot: elementwise.logicalNot,
  logSoftmax: softmax.logSoftmax,
  logSumExp: softmax.logSumExp,
  matmul: matrix.matmul,
  max: reduce.max,
  maximum: elementwise.maximum,
  mean: reduce.mean,
  min: reduce.min,
  minimum: elementwise.minimum,
  mul: elementwise.mul,
  narrow: slicing.narrow,
  neg: elementwise.neg,
  norm: reduce.norm,
  notEqual: elementwise.notEqual,
  oneHot: indexing.oneHot,
  pad: slicing.pad,
  permute: view.permute,
  pow: elementwise.pow,
  prod: reduce.prod,
  reciprocal: elementwise.reciprocal,
  remainder: elementwise.remainder,
  repeat: join.repeat,
  reshape: view.reshape,
  round: elementwise.round,
  rsqrt: elementwise.rsqrt,
  scatterAdd: indexing.scatterAdd,
  select: slicing.select,
  sign: elementwise.sign,
  sin: elementwise.sin,
  slice: slicing.slice,
  softmax: softmax.softmax,
  split: slicing.split,
  sqrt: elementwise.sqrt,
  square: elementwise.square,
  squeeze: view.squeeze,
  std: reduce.std,
  sub: elementwise.sub,
  sum: reduce.sum,
  sumSquares: reduce.sumSquares,
  tan: elementwise.tan,
  transpose: view.transpose,
  unsqueeze: view.unsqueeze,
  variance: reduce.variance,
  where: elementwise.where,
};

type Method<F> = F extends (x: Tensor, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;
type Methods = { readonly [Name in keyof typeof METHODS]: Method<(typeof METHODS)[Name]> };

declare module '../tensor/tensor.js' {
  interface Tensor extends Methods {}
}

for (const [name, op] of Object.entries(METHODS)) {
  const call = op as (x: Tensor, ...rest: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]): unknown {
      return call(this, ...rest);
    },
    configurable: true,
    writable: true,
  });
}
