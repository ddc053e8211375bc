// Softmax and losses.
import { f32, flag, i32, numbers, orNull, size, small } from '../arguments.mjs';

export const lossCalls = {
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
  crossEntropy: (r) => {
    const [rows, classes] = [small(r), small(r)];
    const n = rows * classes;
    const arrays = [f32(rows), f32(rows), f32(n), f32(n), i32(rows, classes)];
    const weight = orNull(r, f32(classes));
    return [...arrays, weight, ...numbers(rows, classes, -100, r.pick([0, 0.1]))];
  },
  crossEntropyGrad: (r) => {
    const [rows, classes] = [small(r), small(r)];
    const n = rows * classes;
    const arrays = [f32(n), f32(rows), f32(n), i32(rows, classes)];
    const weight = orNull(r, f32(classes));
    return [...arrays, weight, ...numbers(rows, classes, -100, r.pick([0, 0.1]))];
  },
  bceWithLogits: (r) => {
    const [n, inner] = [size(r), r.integer(1, 9)];
    return [f32(n), f32(n), f32(n), orNull(r, f32(inner)), ...numbers(n, inner)];
  },
  bceWithLogitsGrad: (r) => {
    const [n, inner] = [size(r), r.integer(1, 9)];
    return [f32(n), f32(n), f32(n), f32(n), orNull(r, f32(inner)), ...numbers(n, inner)];
  },
};
