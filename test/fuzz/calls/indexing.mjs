// Indexing, and gradients of which only some rows are there.
import { array, f32, i32, kinds, numbers, size, small } from '../arguments.mjs';

export const indexingCalls = {
  indexSelect: (r) => {
    const [outer, axis, inner, count] = [small(r), small(r), small(r), small(r)];
    const [kind, index] = [r.pick(kinds), i32(count, axis)];
    const arrays = [array(kind, outer * count * inner), array(kind, outer * axis * inner), index];
    return [...arrays, ...numbers(outer, axis, inner, count)];
  },
  indexAdd: (r) => {
    const [outer, axis, inner, count] = [small(r), small(r), small(r), small(r)];
    const arrays = [f32(outer * axis * inner), f32(outer * count * inner), i32(count, axis)];
    return [...arrays, ...numbers(outer, axis, inner, count)];
  },
  coalesceRows: (r) => {
    const [count, inner, limit] = [size(r), Math.max(1, small(r)), small(r)];
    const places = Math.min(count, limit);
    const arrays = [i32(places), f32(places * inner), i32(count, limit), f32(count * inner)];
    return [...arrays, ...numbers(count, inner, limit, r.integer(-1, limit))];
  },
  addRows: (r) => {
    const [count, inner, limit] = [small(r), small(r), small(r)];
    const arrays = [f32(limit * inner), f32(count * inner), i32(count, limit)];
    return [...arrays, ...numbers(count, inner, limit)];
  },
  renormRows: (r) => {
    const [count, inner, limit] = [size(r), small(r), small(r)];
    const arrays = [f32(limit * inner), i32(count, limit)];
    return [...arrays, ...numbers(count, inner, limit, 0.5, r.pick([1, 2, 3, Infinity]))];
  },
  gather: (r) => {
    const [outer, axis, inner, count] = [small(r), small(r), small(r), small(r)];
    const [kind, n] = [r.pick(kinds), outer * count * inner];
    const arrays = [array(kind, n), array(kind, outer * axis * inner), i32(n, axis)];
    return [...arrays, ...numbers(outer, axis, inner, count)];
  },
  scatterAdd: (r) => {
    const [outer, axis, inner, count] = [small(r), small(r), small(r), small(r)];
    const n = outer * count * inner;
    const arrays = [f32(outer * axis * inner), f32(n), i32(n, axis)];
    return [...arrays, ...numbers(outer, axis, inner, count)];
  },
  oneHot: (r) => {
    const [n, classes] = [size(r), small(r)];
    return [array(r.pick(kinds), n * classes), i32(n, classes), ...numbers(n, classes)];
  },
};
