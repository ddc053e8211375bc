import { isInt32Array } from 'node:util/types';
import {
  erf,
  normalCdf,
  normalDensity,
  roundHalfToEven,
  sigmoid,
} from '../../../numeric/special.js';
import { type FloatArray, type Kernels, UnaryGradOp, UnaryOp } from '../../kernels/index.js';

const SQRT_TWO_OVER_PI = 0.7978845608028654;
const GELU_CUBIC = 0.044715;

type UnaryLoop = (
  out: FloatArray | Int32Array,
  x: FloatArray | Int32Array,
  n: number,
  p: number,
  q: number,
) => void;

type UnaryGradLoop = (
  out: FloatArray,
  g: FloatArray,
  s: FloatArray,
  n: number,
  p: number,
  q: number,
) => void;

export const unary: Kernels['unary'] = (out, x, n, op, p, q) => {
  const loops = isInt32Array(out) ? integerLoops : floatLoops;
  loops[op](out, x, n, p, q);
};

export const unaryGrad: Kernels['unaryGrad'] = (out, g, s, n, op, p, q) => {
  gradLoops[op](out, g, s, n, p, q);
};

/** One loop for each function, so that V8 compiles each with its function inline. */
const floatLoops: Record<UnaryOp, UnaryLoop> = {
  [UnaryOp.neg]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = -(x[i] as number);
  },
  [UnaryOp.abs]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.abs(x[i] as number);
  },
  [UnaryOp.sign]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.sign(x[i] as number);
  },
  [UnaryOp.square]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = (x[i] as number) * (x[i] as number);
  },
  [UnaryOp.sqrt]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.sqrt(x[i] as number);
  },
  [UnaryOp.rsqrt]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = 1 / Math.sqrt(x[i] as number);
  },
  [UnaryOp.reciprocal]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = 1 / (x[i] as number);
  },
  [UnaryOp.exp]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.exp(x[i] as number);
  },
  [UnaryOp.expm1]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.expm1(x[i] as number);
  },
  [UnaryOp.log]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.log(x[i] as number);
  },
  [UnaryOp.log1p]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.log1p(x[i] as number);
  },
  [UnaryOp.sin]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.sin(x[i] as number);
  },
  [UnaryOp.cos]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.cos(x[i] as number);
  },
  [UnaryOp.tan]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.tan(x[i] as number);
  },
  [UnaryOp.tanh]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.tanh(x[i] as number);
  },
  [UnaryOp.sigmoid]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = sigmoid(x[i] as number);
  },
  [UnaryOp.relu]: (out, x, n) => {
    // Written so that NaN stays NaN.
    for (let i = 0; i < n; i++) out[i] = (x[i] as number) <= 0 ? 0 : (x[i] as number);
  },
  [UnaryOp.leakyRelu]: (out, x, n, p) => {
    for (let i = 0; i < n; i++) {
      const v = x[i] as number;
      out[i] = v > 0 ? v : p * v;
    }
  },
  [UnaryOp.elu]: (out, x, n, p) => {
    for (let i = 0; i < n; i++) {
      const v = x[i] as number;
      out[i] = v > 0 ? v : p * Math.expm1(v);
    }
  },
  [UnaryOp.gelu]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = (x[i] as number) * normalCdf(x[i] as number);
  },
  [UnaryOp.geluTanh]: (out, x, n) => {
    for (let i = 0; i < n; i++) {
      const v = x[i] as number;
      out[i] = 0.5 * v * (1 + Math.tanh(SQRT_TWO_OVER_PI * (v + GELU_CUBIC * v * v * v)));
    }
  },
  [UnaryOp.silu]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = (x[i] as number) * sigmoid(x[i] as number);
  },
  [UnaryOp.softplus]: (out, x, n, p, q) => {
    for (let i = 0; i < n; i++) {
      const v = x[i] as number;
      out[i] = p * v > q ? v : Math.log1p(Math.exp(p * v)) / p;
    }
  },
  [UnaryOp.clamp]: (out, x, n, p, q) => {
    for (let i = 0; i < n; i++) {
      const v = x[i] as number;
      const raised = v < p ? p : v;
      out[i] = raised > q ? q : raised;
    }
  },
  [UnaryOp.floor]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.floor(x[i] as number);
  },
  [UnaryOp.ceil]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.ceil(x[i] as number);
  },
  [UnaryOp.round]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = roundHalfToEven(x[i] as number);
  },
  [UnaryOp.erf]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = erf(x[i] as number);
  },
  [UnaryOp.affine]: (out, x, n, p, q) => {
    for (let i = 0; i < n; i++) out[i] = (x[i] as number) * p + q;
  },
};

/** Stores into Int32Array wrap the exact float64 results; only products need 32-bit arithmetic. */
const integerLoops: Record<UnaryOp, UnaryLoop> = {
  ...floatLoops,
  [UnaryOp.square]: (out, x, n) => {
    for (let i = 0; i < n; i++) out[i] = Math.imul(x[i] as number, x[i] as number);
  },
};

const gradLoops: Record<UnaryGradOp, UnaryGradLoop> = {
  [UnaryGradOp.tanh]: (out, g, s, n) => {
    for (let i = 0; i < n; i++) {
      const y = s[i] as number;
      out[i] = (g[i] as number) * (1 - y * y);
    }
  },
  [UnaryGradOp.sigmoid]: (out, g, s, n) => {
    for (let i = 0; i < n; i++) {
      const y = s[i] as number;
      out[i] = (g[i] as number) * y * (1 - y);
    }
  },
  [UnaryGradOp.relu]: (out, g, s, n) => {
    for (let i = 0; i < n; i++) out[i] = (s[i] as number) <= 0 ? 0 : (g[i] as number);
  },
  [UnaryGradOp.leakyRelu]: (out, g, s, n, p) => {
    for (let i = 0; i < n; i++)
      out[i] = (s[i] as number) > 0 ? (g[i] as number) : p * (g[i] as number);
  },
  [UnaryGradOp.elu]: (out, g, s, n, p) => {
    for (let i = 0; i < n; i++) {
      const x = s[i] as number;
      out[i] = x <= 0 ? p * Math.exp(x) * (g[i] as number) : (g[i] as number);
    }
  },
  [UnaryGradOp.gelu]: (out, g, s, n) => {
    for (let i = 0; i < n; i++) {
      const x = s[i] as number;
      out[i] = (g[i] as number) * (normalCdf(x) + x * normalDensity(x));
    }
  },
  [UnaryGradOp.geluTanh]: (out, g, s, n) => {
    for (let i = 0; i < n; i++) {
      const x = s[i] as number;
      const tanh = Math.tanh(SQRT_TWO_OVER_PI * (x + GELU_CUBIC * x * x * x));
      const slope = SQRT_TWO_OVER_PI * (1 + 3 * GELU_CUBIC * x * x);
      out[i] = (g[i] as number) * 0.5 * (1 + tanh + x * (1 - tanh * tanh) * slope);
    }
  },
  [UnaryGradOp.silu]: (out, g, s, n) => {
    for (let i = 0; i < n; i++) {
      const x = s[i] as number;
      const share = sigmoid(x);
      out[i] = (g[i] as number) * share * (1 + x * (1 - share));
    }
  },
  [UnaryGradOp.softplus]: (out, g, s, n, p, q) => {
    for (let i = 0; i < n; i++) {
      const x = p * (s[i] as number);
      out[i] = x > q ? (g[i] as number) : (g[i] as number) * sigmoid(x);
    }
  },
  [UnaryGradOp.clamp]: (out, g, s, n, p, q) => {
    for (let i = 0; i < n; i++) {
      const x = s[i] as number;
      out[i] = x >= p && x <= q ? (g[i] as number) : 0;
    }
  },
  [UnaryGradOp.hardtanh]: (out, g, s, n, p, q) => {
    for (let i = 0; i < n; i++) {
      const x = s[i] as number;
      out[i] = x <= p || x >= q ? 0 : (g[i] as number);
    }
  },
};
