// Numbers of operations.

const opCounts = { unary: 29, unaryGrad: 11, binary: 13, compare: 6, reduce: 7, arg: 2 };

/** An operation; of an array of integers one that it has. */
export function code(random, family, kind = Float32Array) {
  const integerOps = { unary: [0, 1, 2, 3, 16, 23], reduce: [0, 2, 3, 4] };
  if (kind === Int32Array && family in integerOps)
    return { number: random.pick(integerOps[family]) };
  const number = random.integer(0, opCounts[family] - 1);
  return { number: kind === Int32Array && family === 'binary' && number === 11 ? 12 : number };
}
