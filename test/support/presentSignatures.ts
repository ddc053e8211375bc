// To be deleted when the ops and layers take their arguments as the fixtures write them: with options in one object.
// Then `calls.ts` passes the arguments as they are.

type Args = readonly unknown[];
type Options = Readonly<Record<string, unknown>>;

/** The last argument if it is an options object, and those before it. */
function split(args: Args): [before: Args, options: Options] {
  const last = args[args.length - 1];
  const isPlain =
    typeof last === 'object' && last !== null && Object.getPrototypeOf(last) === Object.prototype;
  return isPlain ? [args.slice(0, -1), last as Options] : [args, {}];
}

/** Options that are positional today, after `at` arguments; what remains stays an object. */
function positional(at: number, ...names: string[]): (args: Args) => Args {
  return (args) => {
    const [before, options] = split(args);
    const rest = Object.fromEntries(
      Object.entries(options).filter(([key]) => !names.includes(key)),
    );
    const padded = Array.from({ length: Math.max(at, before.length) }, (_, i) => before[i]);
    const moved = [...padded, ...names.map((name) => options[name])];
    return Object.keys(rest).length > 0 ? [...moved, rest] : moved;
  };
}

/** One flat list, from the last axis on. */
function flatWidths(widths: unknown): unknown {
  if (!Array.isArray(widths)) return widths;
  return [...widths].reverse().flatMap((pair) => (Array.isArray(pair) ? pair : [pair, pair]));
}

const keepDims = positional(2, 'keepDims');
const convolution = (args: Args): Args => {
  const [inputs, outputs, kernelSize, options = {}] = args;
  return [inputs, outputs, { kernelSize, ...(options as Options) }];
};

const TABLE: Readonly<Record<string, (args: Args) => Args>> = {
  leakyRelu: positional(1, 'slope'),
  elu: positional(1, 'alpha'),
  gelu: positional(1, 'approximate'),
  softplus: positional(1, 'beta', 'threshold'),
  hardtanh: positional(1, 'low', 'high'),
  clamp: positional(1, 'low', 'high'),
  sum: keepDims,
  mean: keepDims,
  prod: keepDims,
  sumSquares: keepDims,
  max: keepDims,
  min: keepDims,
  argmax: keepDims,
  argmin: keepDims,
  logSumExp: keepDims,
  norm: (args) => {
    const [[x, axes], { p, keepDims: keep }] = split(args);
    return [x, p, axes, keep];
  },
  flatten: positional(1, 'start', 'end'),
  pad: positional(2, 'value'),
  indexAdd: positional(4, 'alpha'),
  arange: positional(2, 'step'),
  uniform: positional(1, 'low', 'high'),
  normal: positional(1, 'mean', 'std'),
  eye: positional(1, 'columns'),
  reflectionPad2d: ([x, widths]) => [x, flatWidths(widths)],
  ZeroPad2d: ([widths]) => [flatWidths(widths)],
  ReflectionPad2d: ([widths]) => [flatWidths(widths)],
  Conv1d: convolution,
  Conv2d: convolution,
  ConvTranspose1d: convolution,
  ConvTranspose2d: convolution,
};

/** The arguments as an op or layer takes them today. */
export function toPresentArguments(name: string, args: Args): Args {
  return TABLE[name]?.(args) ?? args;
}
