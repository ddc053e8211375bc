import { BinaryOp, CompareOp, UnaryOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { DTypeError } from '../errors.js';
import type { Nothing } from '../tape/node.js';
import { record, wantsGrad } from '../tape/record.js';
import { checkDType, type DType, isFloat } from '../tensor/dtype.js';
import { broadcastShapes, sameShape } from '../tensor/shape.js';
import { empty, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { checkedDType } from './creation.js';
import { unrecorded } from './kit/composite.js';
import {
  arithmeticDType,
  checkFloat,
  checkTensor,
  converted,
  defineOp,
  mask,
} from './kit/define.js';
import {
  binaryKernel,
  broadcastPlan,
  scalarKernel,
  unaryKernel,
} from './kit/elementwiseKernels.js';
import { materialized } from './kit/strided.js';

/** A tensor, or a number that broadcasts to any shape. */
export type TensorLike = Tensor | number;

// --- arithmetic -------------------------------------------------------------------------------------

/** Both operands of an op, which its gradient reads. */
type Operands = { readonly a: Tensor; readonly b: Tensor };
/** The number that took the place of the second operand. */
type Scalar = { readonly scalar: number };

const addOp = defineOp('add', (g) => [g, g]);
const subOp = defineOp('sub', (g, node) => [g, node.needs(1) ? neg(g) : null]);
const mulOp = defineOp<Operands>('mul', (g, { saved, needs }) => [
  needs(0) ? mul(g, saved.b) : null,
  needs(1) ? mul(g, saved.a) : null,
]);
const divOp = defineOp<Operands>('div', (g, { saved, needs }) => [
  needs(0) ? div(g, saved.b) : null,
  needs(1) ? neg(div(mul(g, saved.a), square(saved.b))) : null,
]);
const powOp = defineOp<Operands & { readonly y: Tensor }>('pow', (g, { saved, needs }) => {
  const { a, b, y } = saved;
  return [
    // a ** 0 is 1 everywhere: its gradient in a is 0, not 0 · 0⁻¹.
    needs(0) ? mul(g, where(equal(b, 0), 0, mul(b, pow(a, sub(b, 1))))) : null,
    needs(1) ? mul(g, exponentSlope(a, b, y)) : null,
  ];
});

/** y · log a; 0 where 0 ** b has no slope to the right, instead of 0 · log 0. */
function exponentSlope(a: Tensor, b: Tensor, y: Tensor): Tensor {
  const flat = unrecorded(() => cast(mul(equal(a, 0), greaterEqual(b, 0)), 'uint8'));
  return where(flat, 0, mul(y, log(where(flat, 1, a))));
}

const atan2Op = defineOp<Operands>('atan2', (g, { saved, needs }) => {
  const { a: y, b: x } = saved;
  const distance = add(square(x), square(y));
  // The origin has no angle; its gradient is 0, as in PyTorch.
  const origin = equal(distance, 0);
  const scaled = where(origin, 0, div(g, where(origin, 1, distance)));
  return [needs(0) ? mul(scaled, x) : null, needs(1) ? neg(mul(scaled, y)) : null];
});
const maximumOp = defineOp<Operands>('maximum', (g, { saved: { a, b }, needs }) => [
  needs(0) ? extremumGrad(g, a, b) : null,
  needs(1) ? extremumGrad(g, b, a) : null,
]);
const minimumOp = defineOp<Operands>('minimum', (g, { saved: { a, b }, needs }) => [
  needs(0) ? extremumGrad(g, b, a) : null,
  needs(1) ? extremumGrad(g, a, b) : null,
]);
const remainderOp = defineOp<Operands>('remainder', (g, { saved, needs }) => {
  if (!needs(1)) return [g, null];
  return [
    g,
    neg(
      mul(
        g,
        unrecorded(() => wholeQuotient(saved.a, saved.b)),
      ),
    ),
  ];
});

/** What remainder takes away, in units of b: ⌊a / b⌋, which a rounded quotient may miss. */
function wholeQuotient(a: Tensor, b: Tensor): Tensor {
  const quotient = div(a, b);
  const whole = round(div(sub(a, remainder(a, b)), b));
  // By ±∞: −1 where the signs differ; NaN for an infinite a.
  const byInfinity = sub(sub(a, a), cast(less(mul(a, b), 0), a.dtype));
  return where(
    equal(b, 0),
    quotient,
    where(equal(abs(b), Number.POSITIVE_INFINITY), byInfinity, whole),
  );
}

/** g where p > q, half of it where they are equal, all of it where one is NaN: the gradient in p, as in PyTorch. */
function extremumGrad(g: Tensor, p: Tensor, q: Tensor): Tensor {
  return mul(g, binaryKernel(p, q, BinaryOp.greaterHalf, 'maximum'));
}

/** What a product adds: −0 + −0 is −0. */
const NOTHING = -0;

/** x·scale + shift */
type Affine = { readonly scale: number; readonly shift: number };

const affineOp = defineOp<Nothing, Affine>('affine', (g, { attrs }) => [mul(g, attrs.scale)]);
const divScalarOp = defineOp<Nothing, Scalar>('div', (g, { attrs }) => [mul(g, 1 / attrs.scalar)]);
const rdivOp = defineOp<{ x: Tensor }, Scalar>('rdiv', (g, { saved, attrs }) => [
  mul(div(g, square(saved.x)), -attrs.scalar),
]);
const powScalarOp = defineOp<{ x: Tensor }, Scalar>('pow', (g, { saved, attrs }) => {
  if (attrs.scalar === 0) return [mul(g, 0)];
  return [mul(mul(g, pow(saved.x, attrs.scalar - 1)), attrs.scalar)];
});
const rpowOp = defineOp<{ y: Tensor }, Scalar>('rpow', (g, { saved: { y }, attrs }) => {
  const slope = mul(mul(g, y), Math.log(attrs.scalar));
  // 0 ** b is 0 or 1 for b ≥ 0.
  return [attrs.scalar === 0 ? where(lessEqual(y, 1), 0, slope) : slope];
});
const remainderScalarOp = defineOp<Nothing, Scalar>('remainder', (g) => [g]);

/** Elementwise a + b, with broadcasting. */
export function add(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === 'number') return affine(tensorOperand(a, 'add'), 1, b);
  if (typeof a === 'number') return affine(b, 1, a);
  return record(addOp, binaryKernel(a, b, BinaryOp.add, 'add'), [a, b]);
}

/** Elementwise a − b, with broadcasting. */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === 'number') return affine(tensorOperand(a, 'sub'), 1, -b);
  if (typeof a === 'number') {
    if (isFloat(tensorOperand(b, 'sub').dtype)) return affine(b, -1, a);
    const out = scalarKernel(b, a, BinaryOp.rsub);
    return record(affineOp, out, [b], {}, { scale: -1, shift: a });
  }
  return record(subOp, binaryKernel(a, b, BinaryOp.sub, 'sub'), [a, b]);
}

/** Elementwise a · b, with broadcasting. */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === 'number') return affine(tensorOperand(a, 'mul'), b, NOTHING);
  if (typeof a === 'number') return affine(b, a, NOTHING);
  return record(mulOp, binaryKernel(a, b, BinaryOp.mul, 'mul'), [a, b], { a, b });
}

/** Elementwise a / b, with broadcasting; integers give floats. */
export function div(a: TensorLike, b: TensorLike): Tensor {
  if (typeof a === 'number') {
    const divisor = tensorOperand(b, 'div');
    const x = asFloat(divisor);
    const out = record(rdivOp, scalarKernel(x, a, BinaryOp.rdiv), [x], { x }, { scalar: a });
    releaseTemporary(x, divisor);
    return out;
  }
  const x = asFloat(tensorOperand(a, 'div'));
  const y = typeof b === 'number' ? b : asFloat(tensorOperand(b, 'div'));
  const out =
    typeof y === 'number'
      ? record(divScalarOp, scalarKernel(x, y, BinaryOp.div), [x], {}, { scalar: y })
      : record(divOp, binaryKernel(x, y, BinaryOp.div, 'div'), [x, y], { a: x, b: y });
  releaseTemporary(x, a);
  if (typeof y !== 'number' && typeof b !== 'number') releaseTemporary(y, b);
  return out;
}

/** Elementwise a ** b, with broadcasting. The gradient of the exponent is NaN where the base is negative. */
export function pow(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === 'number') {
    const x = tensorOperand(a, 'pow');
    if (b === 2) return square(x);
    return record(powScalarOp, scalarKernel(x, b, BinaryOp.pow), [x], { x }, { scalar: b });
  }
  if (typeof a === 'number') {
    const y = scalarKernel(tensorOperand(b, 'pow'), a, BinaryOp.rpow);
    return record(rpowOp, y, [b], { y }, { scalar: a });
  }
  const y = binaryKernel(a, b, BinaryOp.pow, 'pow');
  return record(powOp, y, [a, b], { a, b, y });
}

/** Remainder of a floored division: the result has the sign of b, as Python's %. */
export function remainder(a: Tensor, b: TensorLike): Tensor {
  checkTensor(a, 'remainder');
  if (typeof b === 'number') {
    return record(
      remainderScalarOp,
      scalarKernel(a, b, BinaryOp.remainder),
      [a],
      {},
      { scalar: b },
    );
  }
  return record(remainderOp, binaryKernel(a, b, BinaryOp.remainder, 'remainder'), [a, b], { a, b });
}

/** Angle of the point (x, y), in radians on (−π, π]. */
export function atan2(y: Tensor, x: Tensor): Tensor {
  checkFloat(y, 'atan2');
  checkFloat(x, 'atan2', 'other');
  return record(atan2Op, binaryKernel(y, x, BinaryOp.atan2, 'atan2'), [y, x], { a: y, b: x });
}

/** How much of the gradient goes to x: all of it, half where both are equal, or nothing. */
type Share = { readonly share: Tensor | null };

const maximumScalarOp = defineOp<Share, Scalar>('maximum', (g, { saved }) => [shared(g, saved)]);
const minimumScalarOp = defineOp<Share, Scalar>('minimum', (g, { saved }) => [shared(g, saved)]);

function shared(g: Tensor, { share }: Share): Tensor | null {
  return share && mul(g, share);
}

function extremumScalar(x: Tensor, scalar: number, code: BinaryOp): Tensor {
  const out = scalarKernel(x, scalar, code);
  const isMaximum = code === BinaryOp.maximum;
  const share = wantsGrad([x])
    ? unrecorded(() => {
        // All of it for NaN, too.
        const loses = isMaximum ? less(x, scalar) : greater(x, scalar);
        const half = mul(cast(equal(x, scalar), x.dtype), 0.5);
        return sub(1, add(cast(loses, x.dtype), half));
      })
    : null;
  record(isMaximum ? maximumScalarOp : minimumScalarOp, out, [x], { share }, { scalar });
  share?.dispose();
  return out;
}

/** The larger of a and b, elementwise; NaN if either is. Equal operands share the gradient. */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === 'number')
    return extremumScalar(tensorOperand(a, 'maximum'), b, BinaryOp.maximum);
  if (typeof a === 'number')
    return extremumScalar(tensorOperand(b, 'maximum'), a, BinaryOp.maximum);
  return record(maximumOp, binaryKernel(a, b, BinaryOp.maximum, 'maximum'), [a, b], { a, b });
}

/** The smaller of a and b, elementwise; NaN if either is. Equal operands share the gradient. */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  if (typeof b === 'number')
    return extremumScalar(tensorOperand(a, 'minimum'), b, BinaryOp.minimum);
  if (typeof a === 'number')
    return extremumScalar(tensorOperand(b, 'minimum'), a, BinaryOp.minimum);
  return record(minimumOp, binaryKernel(a, b, BinaryOp.minimum, 'minimum'), [a, b], { a, b });
}

function tensorOperand(x: TensorLike, op: string): Tensor {
  checkTensor(x, op);
  return x;
}

function asFloat(x: Tensor): Tensor {
  return isFloat(x.dtype) ? x : cast(x, 'float32');
}

/** x·scale + shift, one kernel; integers stay integers if both numbers are. */
function affine(x: Tensor, scale: number, shift: number): Tensor {
  checkTensor(x, 'add');
  const out = isFloat(x.dtype)
    ? unaryKernel(x, UnaryOp.affine, scale, shift)
    : affineOfIntegers(x, scale, shift);
  return record(affineOp, out, [x], {}, { scale, shift });
}

function affineOfIntegers(x: Tensor, scale: number, shift: number): Tensor {
  const scaled =
    scale === 1
      ? converted(x, arithmeticDType(x.dtype, 'int32'))
      : scalarKernel(x, scale, BinaryOp.mul);
  const out = scalarKernel(scaled, shift, BinaryOp.add);
  releaseTemporary(scaled, x);
  return out;
}

// --- functions of one argument ------------------------------------------------------------------------

type Saves = 'input' | 'output' | 'nothing';

/** A unary op whose gradient is a function of g and what was saved: the input, or the output. */
function defineUnary(
  name: string,
  code: UnaryOp,
  saves: Saves,
  gradient: (g: Tensor, s: Tensor) => Tensor,
): (x: Tensor) => Tensor {
  const op = defineOp<{ value: Tensor | null }>(name, (g, { saved }) => [
    gradient(g, saves === 'nothing' ? g : (saved.value ?? g)),
  ]);
  return (x) => {
    checkTensor(x, name);
    const input = INTEGER_OPS.has(code) && x.dtype === 'int32' ? x : asFloat(x);
    const out = unaryKernel(input, code);
    const value = saves === 'input' ? input : saves === 'output' ? out : null;
    record(op, out, [input], { value });
    releaseTemporary(input, x);
    return out;
  };
}

const INTEGER_OPS: ReadonlySet<UnaryOp> = new Set([
  UnaryOp.neg,
  UnaryOp.abs,
  UnaryOp.sign,
  UnaryOp.square,
]);

/** −x */
export const neg = defineUnary('neg', UnaryOp.neg, 'nothing', (g) => neg(g));
/** |x|; gradient 0 at 0 */
export const abs = defineUnary('abs', UnaryOp.abs, 'input', (g, x) => mul(g, sign(x)));
/** −1, 0 or 1; gradient 0 */
export const sign = defineUnary('sign', UnaryOp.sign, 'nothing', (g) => mul(g, 0));
/** x² */
export const square = defineUnary('square', UnaryOp.square, 'input', (g, x) => mul(g, mul(x, 2)));
/** √x */
export const sqrt = defineUnary('sqrt', UnaryOp.sqrt, 'output', (g, y) => div(g, mul(y, 2)));
/** 1/√x */
export const rsqrt = defineUnary('rsqrt', UnaryOp.rsqrt, 'output', (g, y) =>
  mul(mul(g, pow(y, 3)), -0.5),
);
/** 1/x */
export const reciprocal = defineUnary('reciprocal', UnaryOp.reciprocal, 'output', (g, y) =>
  neg(mul(g, square(y))),
);
/** eˣ */
export const exp = defineUnary('exp', UnaryOp.exp, 'output', (g, y) => mul(g, y));
/** eˣ − 1, exact near 0 */
export const expm1 = defineUnary('expm1', UnaryOp.expm1, 'output', (g, y) => mul(g, add(y, 1)));
/** Natural logarithm. */
export const log = defineUnary('log', UnaryOp.log, 'input', (g, x) => div(g, x));
/** log(1 + x), exact near 0 */
export const log1p = defineUnary('log1p', UnaryOp.log1p, 'input', (g, x) => div(g, add(x, 1)));
/** Sine of radians. */
export const sin = defineUnary('sin', UnaryOp.sin, 'input', (g, x) => mul(g, cos(x)));
/** Cosine of radians. */
export const cos = defineUnary('cos', UnaryOp.cos, 'input', (g, x) => neg(mul(g, sin(x))));
/** Tangent of radians. */
export const tan = defineUnary('tan', UnaryOp.tan, 'output', (g, y) => mul(g, add(square(y), 1)));
/** Error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = defineUnary('erf', UnaryOp.erf, 'input', (g, x) =>
  mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
);
/** Largest integer ≤ x; gradient 0 */
export const floor = defineUnary('floor', UnaryOp.floor, 'nothing', (g) => mul(g, 0));
/** Smallest integer ≥ x; gradient 0 */
export const ceil = defineUnary('ceil', UnaryOp.ceil, 'nothing', (g) => mul(g, 0));
/** Nearest integer, ties to even; gradient 0 */
export const round = defineUnary('round', UnaryOp.round, 'nothing', (g) => mul(g, 0));

/** The dtype that came in, and the one that went out. */
type Cast = { readonly from: DType; readonly to: DType };

const castOp = defineOp<Nothing, Cast>('cast', (g, { attrs }) => [cast(g, attrs.from)]);
const castToIntegersOp = defineOp<Nothing, Cast>('cast');

/** x in another dtype. Floats to int32 truncate; gradients flow between floats. */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor(x, 'cast');
  checkDType(dtype, 'cast');
  checkedDType(dtype, 'cast');
  if (x.dtype === dtype) return x;
  const op = isFloat(dtype) ? castOp : castToIntegersOp;
  return record(op, converted(x, dtype), [x], {}, { from: x.dtype, to: dtype });
}

// --- comparisons and selection --------------------------------------------------------------------------

function compareWith(name: string, code: CompareOp): (a: Tensor, b: TensorLike) => Tensor {
  const op = defineOp(name);
  const scalarOp = defineOp<Nothing, Scalar>(name);
  return (a, b) => {
    checkTensor(a, name);
    if (typeof b === 'number') {
      const out = empty(a.shape, 'uint8', a.layout);
      kernels().compareScalar(mask(out), a.raw, b, a.size, code);
      return record(scalarOp, out, [a], {}, { scalar: b });
    }
    checkTensor(b, name, 'other');
    const dtype = a.dtype === b.dtype ? a.dtype : arithmeticDType(a.dtype, b.dtype);
    const left = converted(a, dtype);
    const right = converted(b, dtype);
    const { shape, layout, plan } = broadcastPlan(left, right, name);
    const out = empty(shape, 'uint8', layout);
    if (out.size > 0) kernels().compare(mask(out), left.raw, right.raw, plan, code);
    releaseTemporary(left, a);
    releaseTemporary(right, b);
    return record(op, out, [a, b]);
  };
}

/** a = b, as a uint8 mask; false for NaN. */
export const equal = compareWith('equal', CompareOp.eq);
/** a ≠ b, as a uint8 mask; true for NaN. */
export const notEqual = compareWith('notEqual', CompareOp.ne);
/** a < b, as a uint8 mask. */
export const less = compareWith('less', CompareOp.lt);
/** a ≤ b, as a uint8 mask. */
export const lessEqual = compareWith('lessEqual', CompareOp.le);
/** a > b, as a uint8 mask. */
export const greater = compareWith('greater', CompareOp.gt);
/** a ≥ b, as a uint8 mask. */
export const greaterEqual = compareWith('greaterEqual', CompareOp.ge);

/** 1 where x is NaN, as a uint8 mask. */
export function isNan(x: Tensor): Tensor {
  return notEqual(x, x);
}

/** 1 where a mask is 0, and 0 elsewhere. */
export function logicalNot(x: Tensor): Tensor {
  return equal(x, 0);
}

const whereOp = defineOp<{ condition: Tensor }>('where', (g, { saved, needs }) => [
  null,
  needs(1) ? where(saved.condition, g, 0) : null,
  needs(2) ? where(saved.condition, 0, g) : null,
]);

function filled(value: TensorLike, dtype: DType): Tensor {
  if (typeof value !== 'number') return value;
  const out = empty([], dtype);
  kernels().fill(out.raw, 1, value);
  return out;
}

/** a where condition (a uint8 mask) is not 0, else b; all three broadcast. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  checkTensor(condition, 'where', 'condition');
  if (condition.dtype !== 'uint8') {
    throw new DTypeError(
      `where: condition is ${condition.dtype}, expected a uint8 mask (see greater(), cast())`,
    );
  }
  const like = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
  const left = filled(a, like);
  const right = filled(b, like);
  if (left.dtype !== right.dtype) {
    throw new DTypeError(`where: dtypes ${left.dtype} and ${right.dtype} differ (see cast())`);
  }
  const shape = broadcastShapes(
    broadcastShapes(left.shape, right.shape, 'where'),
    condition.shape,
    'where',
  );
  const layout =
    [left, right, condition].find((t) => sameShape(t.shape, shape))?.layout ?? 'rowMajor';
  const c = materialized(condition, shape, layout);
  const x = materialized(left, shape, layout);
  const y = materialized(right, shape, layout);
  const out = empty(shape, left.dtype, layout);
  kernels().where(out.raw, mask(c), x.raw, y.raw, out.size);
  record(whereOp, out, [condition, left, right], { condition });
  for (const temporary of [c, x, y, left, right]) {
    if (temporary !== condition && temporary !== a && temporary !== b) temporary.dispose();
  }
  return out;
}
