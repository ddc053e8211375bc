// Reductions, softmax and the matrix product.
import { array, f32, flag, i32, numbers, orNull, small } from '../arguments.mjs';
import { code } from '../codes.mjs';

export const reduceCalls = {
  reduce: (r) => {
    const [outer, axis, inner] = [small(r), small(r), small(r)];
    const kind = r.pick([Float32Array, Int32Array]);
    const arrays = [array(kind, outer * inner), array(kind, outer * axis * inner)];
    return [...arrays, ...numbers(outer, axis, inner), code(r, 'reduce', kind)];
  },
  argReduce: (r) => {
    const [outer, axis, inner] = [small(r), r.integer(1, 40), small(r)];
    const kind = r.pick([Float32Array, Int32Array]);
    const arrays = [i32(outer * inner), array(kind, outer * axis * inner)];
    return [...arrays, ...numbers(outer, axis, inner), code(r, 'arg')];
  },
  softmax: (r) => {
    const [outer, axis, inner] = [small(r), r.integer(0, 40), small(r)];
    const n = outer * axis * inner;
    return [f32(n), f32(n), ...numbers(outer, axis, inner), flag(r)];
  },
  softmaxGrad: (r) => {
    const [outer, axis, inner] = [small(r), r.integer(0, 40), small(r)];
    const n = outer * axis * inner;
    return [f32(n), f32(n), f32(n), ...numbers(outer, axis, inner), flag(r)];
  },
  gemm: (r) => {
    const dim = () => (r.chance(0.03) ? 150 : r.pick([0, 1, 3, 8, 17, 40]));
    const [m, n, k] = [dim(), dim(), dim()];
    const batch = r.integer(0, 3);
    const strided = (elements) => {
      const stride = elements + r.integer(0, 2);
      return { stride, length: batch && elements ? (batch - 1) * stride + elements : 0 };
    };
    const [c, a, b] = [strided(m * n), strided(m * k), strided(k * n)];
    return [
      ...[f32(c.length), f32(a.length), f32(b.length), orNull(r, f32(n)), ...numbers(m, n, k)],
      ...[flag(r), flag(r), flag(r), ...numbers(batch, c.stride, a.stride, b.stride)],
    ];
  },
};
