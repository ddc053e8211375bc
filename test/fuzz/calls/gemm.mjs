// The matrix product.
import { f32, flag, numbers, orNull } from '../arguments.mjs';

export const gemmCalls = {
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
