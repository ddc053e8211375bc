// Random numbers.
import { f32, i32, numbers, size, u8 } from '../arguments.mjs';

function philox(random) {
  return numbers(
    random.integer(0, 2 ** 32 - 1),
    random.integer(0, 2 ** 32 - 1),
    random.pick([0, 1, 2 ** 32 - 1, 2 ** 53 - 1]),
  );
}

export const randomCalls = {
  randomUniform: (r) => {
    const n = size(r);
    return [f32(n), ...numbers(n), ...philox(r), ...numbers(-1, 1)];
  },
  randomNormal: (r) => {
    const n = size(r);
    return [f32(n), ...numbers(n), ...philox(r), ...numbers(0, 1)];
  },
  randomInteger: (r) => {
    const n = size(r);
    const bounds = r.pick([numbers(0, 10), numbers(-(2 ** 31), 2 ** 31), numbers(5, 6)]);
    return [i32(n), ...numbers(n), ...philox(r), ...bounds];
  },
  dropout: (r) => {
    const [n, inner] = [size(r), r.integer(1, 9)];
    const arrays = [f32(n), u8(Math.ceil(n / inner)), f32(n)];
    return [...arrays, ...numbers(n, inner), ...philox(r), ...numbers(r.pick([0, 0.5, 1]))];
  },
  maskScale: (r) => {
    const [n, inner] = [size(r), r.integer(1, 9)];
    return [f32(n), f32(n), u8(Math.ceil(n / inner)), ...numbers(n, inner, 2)];
  },
};
