// Dims and strides of arrays.

export function rowMajor(dims) {
  const strides = new Array(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * dims[axis + 1];
  }
  return strides;
}

export const someDims = (random) =>
  Array.from({ length: random.integer(0, 4) }, () => random.integer(random.chance(0.1) ? 0 : 1, 5));
