// Reductions.
import { array, i32, numbers, small } from '../arguments.mjs';
import { code } from '../codes.mjs';

export const reduceCalls = {
  reduce: (r, addon) => {
    const [outer, axis, inner] = [small(r), small(r), small(r)];
    const kind = r.pick([Float32Array, Int32Array]);
    const arrays = [array(kind, outer * inner), array(kind, outer * axis * inner)];
    return [...arrays, ...numbers(outer, axis, inner), code(r, addon, 'ReduceOp', kind)];
  },
  argReduce: (r, addon) => {
    const [outer, axis, inner] = [small(r), r.integer(1, 40), small(r)];
    const kind = r.pick([Float32Array, Int32Array]);
    const arrays = [i32(outer * inner), array(kind, outer * axis * inner)];
    return [...arrays, ...numbers(outer, axis, inner), code(r, addon, 'ArgOp')];
  },
};
