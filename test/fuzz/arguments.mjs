// The arguments of kernel calls, as descriptions that a mutation can spoil:
//   { array: kind, length, fill }          an array of exactly this length
//   { list: [lengths] }                    Float32Arrays
//   { copied: typed array }                a plan, a geometry, sizes
//   { number } and { value: null }

export const kinds = [Float32Array, Int32Array, Uint8Array];

export const array = (kind, length, fill = 'any') => ({ array: kind, length, fill });
export const f32 = (length) => array(Float32Array, length);
export const i32 = (length, fill) => array(Int32Array, length, fill);
export const u8 = (length) => array(Uint8Array, length, 'mask');
export const orNull = (random, argument) => (random.chance(0.5) ? argument : { value: null });
export const numbers = (...values) => values.map((number) => ({ number }));
export const copied = (values) => ({ copied: values });
export const flag = (random) => ({ number: random.integer(0, 1) });

// Now and then large enough for several threads.
export const size = (random) =>
  random.chance(0.01) ? 70_000 : random.pick([0, 1, 2, 7, 16, 33, 100, 1000]);
export const small = (random) =>
  random.chance(0.02) ? random.integer(40, 70) : random.integer(random.chance(0.1) ? 0 : 1, 9);
export const real = (random) =>
  random.pick([0, 1, -1, 0.5, 1e30, Number.NaN, Number.POSITIVE_INFINITY]);

export const product = (dims) => dims.reduce((a, b) => a * b, 1);
