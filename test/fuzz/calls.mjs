// A valid random call of every kernel, as descriptions of its arguments that a mutation can spoil:
//   { array: kind, length, fill }          an array of exactly this length
//   { list: [lengths] }                    Float32Arrays
//   { copied: typed array }                a plan, a geometry, sizes
//   { number } and { value: null }

const kinds = [Float32Array, Int32Array, Uint8Array];
const opCounts = { unary: 29, unaryGrad: 11, binary: 13, compare: 6, reduce: 7, arg: 2 };
/** States and numbers for each tensor, and scalars, of each rule. */
const updateRules = [
  ...[
    [0, 0, 1],
    [1, 2, 1],
    [1, 2, 2],
    [1, 1, 1],
    [2, 0, 3],
    [1, 0, 3],
    [2, 0, 4],
    [2, 0, 3],
  ],
  ...[
    [3, 0, 4],
    [2, 3, 2],
    [3, 3, 2],
    [2, 3, 3],
    [2, 1, 3],
    [1, 0, 3],
    [0, 0, 1],
  ],
];

/** Reproducible random numbers (mulberry32). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** On [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from low to high, both included. */
  integer(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick(list) {
    return list[this.integer(0, list.length - 1)];
  }

  chance(p) {
    return this.next() < p;
  }
}

const array = (kind, length, fill = 'any') => ({ array: kind, length, fill });
const f32 = (length) => array(Float32Array, length);
const i32 = (length, fill) => array(Int32Array, length, fill);
const u8 = (length) => array(Uint8Array, length, 'mask');
const orNull = (random, argument) => (random.chance(0.5) ? argument : { value: null });
const numbers = (...values) => values.map((number) => ({ number }));
const copied = (values) => ({ copied: values });

function rowMajor(dims) {
  const strides = new Array(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * dims[axis + 1];
  }
  return strides;
}

const product = (dims) => dims.reduce((a, b) => a * b, 1);
const someDims = (random) =>
  Array.from({ length: random.integer(0, 4) }, () => random.integer(random.chance(0.1) ? 0 : 1, 5));

/** A strided plan from a permuted, partly reversed x into a contiguous out. */
function stridedCall(random, kind) {
  const dims = someDims(random);
  const size = product(dims);
  const xStrides = rowMajor(dims);
  let xStart = 0;
  for (let axis = 0; axis < dims.length; axis++) {
    if (random.chance(0.3) && dims[axis] > 0) {
      xStart += (dims[axis] - 1) * xStrides[axis];
      xStrides[axis] *= -1;
    }
  }
  const order = dims.map((_, axis) => axis).sort(() => random.next() - 0.5);
  const permuted = (list) => order.map((axis) => list[axis]);
  const [outStart, extra] = [random.integer(0, 3), random.integer(0, 3)];
  const outDims = permuted(dims);
  const plan = [dims.length, outStart, size > 0 ? xStart + extra : 0];
  plan.push(...outDims, ...rowMajor(outDims), ...permuted(xStrides));
  return [array(kind, outStart + size), array(kind, size + extra), copied(Int32Array.from(plan))];
}

function broadcastArguments(random, outKind, kind) {
  const dims = someDims(random);
  const operand = () => {
    const own = dims.map((dim) => (random.chance(0.3) ? 1 : dim));
    const strides = rowMajor(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride));
    return { length: product(own), strides };
  };
  const [a, b] = [operand(), operand()];
  const plan = [dims.length, ...dims, ...a.strides, ...b.strides];
  return [
    array(outKind, product(dims)),
    array(kind, a.length),
    array(kind, b.length),
    copied(Int32Array.from(plan)),
  ];
}

function geometryOf(random, pooling) {
  const axis = () => {
    const input = random.integer(1, 9);
    const [stride, dilation] = [random.integer(1, 3), random.integer(1, 2)];
    const pad = random.integer(0, 2);
    const kernel = random.integer(1, Math.max(1, Math.floor((input + 2 * pad - 1) / dilation)));
    const output = Math.floor((input + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
    return { input, stride, dilation, pad, kernel, output: Math.max(1, output) };
  };
  const [h, w] = [axis(), axis()];
  const groups = random.pick([1, 1, 2, 3]);
  const inChannels = groups * random.pick([1, 2, 5, 16, 64]);
  const outChannels = pooling ? inChannels : groups * random.pick([1, 3, 8, 16, 64]);
  const batch = random.chance(0.05) ? 20 : random.integer(0, 3);
  const plane = (height, width) => batch * height * width;
  return {
    geometry: copied(
      Int32Array.of(
        ...[batch, h.input, w.input, inChannels, h.output, w.output, outChannels],
        ...[h.kernel, w.kernel, h.stride, w.stride, h.pad, w.pad, h.dilation, w.dilation],
        pooling ? inChannels : groups,
      ),
    ),
    inputs: plane(h.input, w.input) * inChannels,
    outputs: plane(h.output, w.output) * outChannels,
    weights: (outChannels * inChannels * h.kernel * w.kernel) / groups,
    inChannels,
    outChannels,
    formats: weightFormats({ h, w, batch, inChannels, outChannels, groups }),
  };
}

/** Elements of prepared weights, for each format that suits a geometry. */
function weightFormats({ h, w, batch, inChannels, outChannels, groups }) {
  const whole = (n) => Math.ceil(n / 32) * 32;
  const taps = h.kernel * w.kernel;
  const formats = [[1, inChannels * taps * whole(outChannels / groups)]];
  if (groups === inChannels && groups === outChannels) formats.push([0, inChannels * taps]);
  const isPlain = ({ kernel, stride, dilation }) => kernel === 3 && stride === 1 && dilation === 1;
  const isLarge = groups === 1 && inChannels >= 16 && outChannels >= 16 && batch > 0;
  if (isPlain(h) && isPlain(w) && isLarge) {
    formats.push([2, 36 * inChannels * whole(outChannels)]);
    formats.push([3, 16 * inChannels * whole(outChannels)]);
  }
  return formats;
}

/** Samples, positions, channels and groups of a normalisation. */
function groupSizes(random) {
  const groups = random.pick([1, 1, 2, 5]);
  const channels = groups * random.integer(1, 40);
  const [batch, spatial] = [random.integer(0, 5), random.pick([1, 3, 70])];
  const sizes = numbers(batch, spatial, channels, groups);
  return { n: batch * spatial * channels, units: batch * groups, channels, sizes };
}

/** Two image sizes, and scales of which some fit them. */
function upsampleSizes(random) {
  const [batch, channels] = [random.integer(0, 3), random.integer(1, 40)];
  const [height, width, outHeight, outWidth] = Array.from({ length: 4 }, () =>
    random.integer(1, 9),
  );
  const scales = [random.pick([height / outHeight, 0.5]), random.pick([width / outWidth, 3, 0])];
  const sizes = [batch, height, width, channels, outHeight, outWidth];
  return {
    inputs: batch * height * width * channels,
    outputs: batch * outHeight * outWidth * channels,
    tail: numbers(...sizes, ...scales, random.integer(0, 2)),
  };
}

/** Packed sequences: sizes of steps that never rise. */
function packed(random) {
  const sizes = [random.chance(0.03) ? 70 : random.integer(1, 7)];
  while (random.chance(0.7)) sizes.push(random.integer(1, sizes.at(-1)));
  const [hidden, outputs] = [random.pick([1, 5, 16, 33, 80]), random.pick([1, 4, 17])];
  const rows = sizes.reduce((a, b) => a + b, 0);
  return { sizes: copied(Int32Array.from(sizes)), batch: sizes[0], rows, hidden, outputs };
}

function philox(random) {
  return numbers(
    random.integer(0, 2 ** 32 - 1),
    random.integer(0, 2 ** 32 - 1),
    random.pick([0, 1, 2 ** 32 - 1, 2 ** 53 - 1]),
  );
}

function optimizerLists(random) {
  const sizes = Array.from({ length: random.integer(0, 4) }, () => random.integer(0, 40));
  return {
    sizes: copied(Int32Array.from(sizes)),
    list: () => ({ list: sizes }),
    count: sizes.length,
  };
}

// Now and then large enough for several threads.
const size = (random) =>
  random.chance(0.01) ? 70_000 : random.pick([0, 1, 2, 7, 16, 33, 100, 1000]);
const small = (random) =>
  random.chance(0.02) ? random.integer(40, 70) : random.integer(random.chance(0.1) ? 0 : 1, 9);
const real = (random) => random.pick([0, 1, -1, 0.5, 1e30, Number.NaN, Number.POSITIVE_INFINITY]);
/** An operation; of an array of integers one that it has. */
function code(random, family, kind = Float32Array) {
  const integerOps = { unary: [0, 1, 2, 3, 16, 23], reduce: [0, 2, 3, 4] };
  if (kind === Int32Array && family in integerOps)
    return { number: random.pick(integerOps[family]) };
  const number = random.integer(0, opCounts[family] - 1);
  return { number: kind === Int32Array && family === 'binary' && number === 11 ? 12 : number };
}
const flag = (random) => ({ number: random.integer(0, 1) });

/** By the kernel's name, a function from a source of random numbers to the arguments of a valid call. */
export const validCalls = {
  fill: (r) => {
    const n = size(r);
    return [array(r.pick(kinds), n), ...numbers(n, r.pick([0, -1, 1e10, Number.NaN]))];
  },
  cast: (r) => {
    const n = size(r);
    return [array(r.pick(kinds), n), array(r.pick(kinds), n), ...numbers(n)];
  },
  assign: (r) => {
    const [kind, n] = [r.pick(kinds), size(r)];
    return [array(kind, n), array(kind, n), ...numbers(n)];
  },
  copyStrided: (r) => stridedCall(r, r.pick(kinds)),
  transpose: (r) => {
    const [kind, batch, rows, cols] = [r.pick(kinds), small(r), r.integer(0, 40), r.integer(0, 40)];
    const n = batch * rows * cols;
    return [array(kind, n), array(kind, n), ...numbers(batch, rows, cols)];
  },
  addScaled: (r) => {
    const n = size(r);
    return [f32(n), f32(n), ...numbers(n, real(r))];
  },
  unary: (r) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [
      array(kind, n),
      array(kind, n),
      ...numbers(n),
      code(r, 'unary', kind),
      ...numbers(real(r), 1),
    ];
  },
  unaryGrad: (r) => {
    const n = size(r);
    return [f32(n), f32(n), f32(n), ...numbers(n), code(r, 'unaryGrad'), ...numbers(real(r), 1)];
  },
  binary: (r) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [array(kind, n), array(kind, n), array(kind, n), ...numbers(n), code(r, 'binary', kind)];
  },
  binaryScalar: (r) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [array(kind, n), array(kind, n), ...numbers(real(r), n), code(r, 'binary', kind)];
  },
  binaryBroadcast: (r) => {
    const kind = r.pick([Float32Array, Int32Array]);
    return [...broadcastArguments(r, kind, kind), code(r, 'binary', kind)];
  },
  compare: (r) => [...broadcastArguments(r, Uint8Array, r.pick(kinds)), code(r, 'compare')],
  compareScalar: (r) => {
    const n = size(r);
    return [u8(n), array(r.pick(kinds), n), ...numbers(real(r), n), code(r, 'compare')];
  },
  where: (r) => {
    const [n, kind] = [size(r), r.pick(kinds)];
    return [array(kind, n), u8(n), array(kind, n), array(kind, n), ...numbers(n)];
  },

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

  conv2d: (r) => {
    const g = geometryOf(r, false);
    const bias = orNull(r, f32(g.outChannels));
    return [f32(g.outputs), f32(g.inputs), f32(g.weights), bias, g.geometry];
  },
  packConv2d: (r) => {
    const g = geometryOf(r, false);
    const [format, packed] = r.pick(g.formats);
    return [f32(packed), f32(g.weights), g.geometry, ...numbers(format)];
  },
  conv2dPacked: (r) => {
    const g = geometryOf(r, false);
    const [format, packed] = r.pick(g.formats);
    const [bias, add] = [orNull(r, f32(g.outChannels)), orNull(r, f32(g.outputs))];
    const arrays = [f32(g.outputs), f32(g.inputs), f32(packed), bias, add];
    return [...arrays, g.geometry, ...numbers(format, r.integer(0, 1))];
  },
  conv2dInputGrad: (r) => {
    const g = geometryOf(r, false);
    const bias = orNull(r, f32(g.inChannels));
    return [f32(g.inputs), f32(g.outputs), f32(g.weights), bias, g.geometry];
  },
  conv2dWeightGrad: (r) => {
    const g = geometryOf(r, false);
    return [f32(g.weights), f32(g.outputs), f32(g.inputs), g.geometry];
  },
  maxPool2d: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.outputs), i32(g.outputs), f32(g.inputs), g.geometry];
  },
  maxPool2dGrad: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.inputs), f32(g.outputs), i32(g.outputs, 9), g.geometry];
  },
  maxPool2dGather: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.outputs), f32(g.inputs), i32(g.outputs, 9), g.geometry];
  },
  maxUnpool2d: (r) => {
    const [batch, pixels, channels, count] = [small(r), small(r), r.integer(1, 40), small(r)];
    const n = batch * count * channels;
    const arrays = [f32(batch * pixels * channels), f32(n), i32(n, pixels)];
    return [...arrays, ...numbers(batch, pixels, channels, count)];
  },
  avgPool2d: (r) => {
    const g = geometryOf(r, true);
    const tail = [
      ...numbers(r.integer(0, 2), r.integer(0, 2)),
      flag(r),
      ...numbers(r.integer(0, 3)),
    ];
    return [f32(g.outputs), f32(g.inputs), g.geometry, ...tail];
  },
  avgPool2dGrad: (r) => {
    const g = geometryOf(r, true);
    const tail = [
      ...numbers(r.integer(0, 2), r.integer(0, 2)),
      flag(r),
      ...numbers(r.integer(0, 3)),
    ];
    return [f32(g.inputs), f32(g.outputs), g.geometry, ...tail];
  },

  upsample2d: (r) => {
    const s = upsampleSizes(r);
    return [f32(s.outputs), f32(s.inputs), ...s.tail];
  },
  upsample2dGrad: (r) => {
    const s = upsampleSizes(r);
    return [f32(s.inputs), f32(s.outputs), ...s.tail];
  },
  batchNorm: (r) => {
    const [rows, channels] = [r.integer(1, 70), r.integer(1, 90)];
    const n = rows * channels;
    const perChannel = () => f32(channels);
    const arrays = [f32(n), ...Array.from({ length: 4 }, perChannel), f32(n)];
    arrays.push(orNull(r, perChannel()), orNull(r, perChannel()), orNull(r, f32(n)));
    return [...arrays, ...numbers(rows, channels, r.pick([0.1, 1]), 1e-5), flag(r)];
  },
  batchNormInference: (r) => {
    const [rows, channels] = [r.integer(0, 70), r.integer(1, 90)];
    const n = rows * channels;
    const arrays = [f32(n), f32(n), f32(channels), f32(channels)];
    arrays.push(orNull(r, f32(channels)), orNull(r, f32(channels)), orNull(r, f32(n)));
    return [...arrays, ...numbers(rows, channels, 1e-5), flag(r)];
  },
  batchNormGrad: (r) => {
    const [rows, channels] = [r.integer(0, 70), r.integer(1, 90)];
    const n = rows * channels;
    const arrays = [f32(n), f32(channels), f32(channels), orNull(r, f32(n)), f32(n), f32(n)];
    arrays.push(orNull(r, f32(n)), f32(channels), f32(channels), orNull(r, f32(channels)));
    return [...arrays, ...numbers(rows, channels), flag(r)];
  },
  groupNorm: (r) => {
    const s = groupSizes(r);
    const arrays = [f32(s.n), f32(s.units), f32(s.units), f32(s.n)];
    arrays.push(orNull(r, f32(s.channels)), orNull(r, f32(s.channels)));
    return [...arrays, ...s.sizes, ...numbers(1e-5)];
  },
  groupNormGrad: (r) => {
    const s = groupSizes(r);
    const arrays = [f32(s.n), f32(s.channels), f32(s.channels), f32(s.n), f32(s.n)];
    arrays.push(f32(s.units), f32(s.units), orNull(r, f32(s.channels)));
    return [...arrays, ...s.sizes];
  },

  rnn: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state] = [f32(rows * hidden), f32(batch * hidden)];
    const arrays = [out, state, orNull(r, state), f32(hidden ** 2), orNull(r, f32(hidden))];
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r), flag(r)];
  },
  rnnGrad: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state] = [f32(rows * hidden), f32(batch * hidden)];
    const arrays = [out, state, orNull(r, out), orNull(r, state), out, f32(hidden ** 2)];
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r), flag(r)];
  },
  lstm: (r) => {
    const { sizes, batch, rows, hidden, outputs: projected } = packed(r);
    const outputs = r.chance(0.5) ? hidden : projected;
    const [h, c, cells] = [f32(batch * outputs), f32(batch * hidden), f32(rows * hidden)];
    const arrays = [f32(rows * outputs), h, c, cells, f32(4 * rows * hidden)];
    arrays.push(orNull(r, h), orNull(r, c), f32(4 * hidden * outputs), orNull(r, f32(4 * hidden)));
    arrays.push(outputs === hidden ? { value: null } : f32(outputs * hidden));
    return [...arrays, sizes, ...numbers(batch, hidden, outputs), flag(r)];
  },
  lstmGrad: (r) => {
    const { sizes, batch, rows, hidden, outputs: projected } = packed(r);
    const outputs = r.chance(0.5) ? hidden : projected;
    const [h, c] = [f32(batch * outputs), f32(batch * hidden)];
    const [out, cells, gates] = [rows * outputs, rows * hidden, 4 * rows * hidden].map((n) =>
      f32(n),
    );
    const arrays = [gates, h, c, out, cells, orNull(r, out), orNull(r, h), orNull(r, c), gates];
    arrays.push(cells, orNull(r, c), f32(4 * hidden * outputs));
    arrays.push(outputs === hidden ? { value: null } : f32(outputs * hidden));
    return [...arrays, sizes, ...numbers(batch, hidden, outputs), flag(r)];
  },
  gru: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state, gates] = [f32(rows * hidden), f32(batch * hidden), f32(3 * rows * hidden)];
    const arrays = [out, state, out, gates, orNull(r, state), f32(3 * hidden ** 2)];
    arrays.push(orNull(r, f32(3 * hidden)));
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r)];
  },
  gruGrad: (r) => {
    const { sizes, batch, rows, hidden } = packed(r);
    const [out, state, gates] = [f32(rows * hidden), f32(batch * hidden), f32(3 * rows * hidden)];
    const arrays = [gates, gates, state, orNull(r, out), orNull(r, state), out, gates, out];
    arrays.push(orNull(r, state), f32(3 * hidden ** 2));
    return [...arrays, sizes, ...numbers(batch, hidden), flag(r)];
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

  gradNorms: (r) => {
    const { sizes, list, count } = optimizerLists(r);
    return [f32(1), f32(count), list(), sizes, ...numbers(r.pick([1, 2, 3, Infinity]))];
  },
  clipGradNorm: (r) => {
    const { sizes, list } = optimizerLists(r);
    return [list(), f32(1), sizes, ...numbers(0.5)];
  },
  clipGradValue: (r) => {
    const { sizes, list } = optimizerLists(r);
    return [list(), sizes, ...numbers(0.5)];
  },
  optimizerStep: (r) => {
    const { sizes, list, count } = optimizerLists(r);
    const rule = r.integer(0, updateRules.length - 1);
    const [states, factors, scalars] = updateRules[rule];
    const stateLists = { list: Array.from({ length: states }, () => list().list).flat() };
    const half = (length) => copied(new Float64Array(length).fill(0.5));
    const tail = [half(count * factors), half(4 + scalars), sizes, ...numbers(rule)];
    return [list(), stateLists, list(), ...tail];
  },
  optimizerStepRows: (r) => {
    const [count, inner, limit] = [small(r), small(r), small(r)];
    const rule = r.integer(0, updateRules.length - 1);
    const [states, factors, scalars] = updateRules[rule];
    const half = (length) => copied(new Float64Array(length).fill(0.5));
    const lists = { list: new Array(states).fill(limit * inner) };
    const arrays = [f32(limit * inner), lists, f32(count * inner), i32(count, limit)];
    const tail = [half(factors), half(4 + scalars), ...numbers(count, inner, limit, rule)];
    return [...arrays, ...tail];
  },
  momentumStepRows: (r) => {
    const [count, inner, limit] = [small(r), small(r), small(r)];
    const seen = i32(1 + 2 * limit, r.pick([limit, undefined]));
    const arrays = [f32(limit * inner), f32(limit * inner), seen, f32(count * inner)];
    const tail = numbers(count, inner, limit, 0.1, 0.9, 1, r.integer(0, 1), 0.9, r.integer(0, 1));
    return [...arrays, i32(count, limit), ...tail];
  },
};
