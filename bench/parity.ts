// Every architecture against PyTorch's, by hand: npx tsx bench/parity.ts --torch-python PATH --model resnet18,vgg19
//
// Gradients jump where a ReLU or a max-pooling goes another way, so two float32 computations of the same network
// differ wherever rounding tips one over: one ReLU in ten million moves a gradient by a thousandth. Where a limit is
// missed, both sides are compared with float64, and each once more with float64 that goes the ways that it went.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  backendInfo,
  crossEntropy,
  io,
  models,
  type nn,
  noGrad,
  optim,
  type Tensor,
} from 'axonode';
import { recordKinks } from './parityKinks.js';

type Classifier = nn.Module & { forward(x: Tensor): Tensor };
type Values = Float32Array;

/** Options and input of each model: images of their usual size, and no dropout, whose draws differ. */
const CIFAR_IMAGES = [32, 3, 32] as const;
const IMAGENET_IMAGES = [4, 3, 224] as const;
const NO_DROPOUT = { dropout: 0 };
const CASES: Record<
  string,
  readonly [options: object, batch: number, channels: number, size: number]
> = {
  lenet5: [{}, 32, 1, 28],
  ...Object.fromEntries(
    [20, 32, 44, 56, 110].map((depth) => [`resnet${depth}`, [{}, ...CIFAR_IMAGES]]),
  ),
  alexnet: [NO_DROPOUT, ...IMAGENET_IMAGES],
  ...Object.fromEntries(
    [11, 13, 16, 19].flatMap((depth) => [
      [`vgg${depth}`, [NO_DROPOUT, ...IMAGENET_IMAGES]],
      [`vgg${depth}Bn`, [NO_DROPOUT, ...IMAGENET_IMAGES]],
    ]),
  ),
  googlenet: [{ dropout: 0, dropoutAux: 0, transformInput: true }, ...IMAGENET_IMAGES],
  inceptionV3: [{ dropout: 0, transformInput: true }, 4, 3, 299],
  resnet18: [{}, ...IMAGENET_IMAGES],
  resnet34: [{}, ...IMAGENET_IMAGES],
  resnet50: [{}, ...IMAGENET_IMAGES],
  resnet101: [{}, ...IMAGENET_IMAGES],
  resnet152: [{}, ...IMAGENET_IMAGES],
  wideResnet50_2: [{}, ...IMAGENET_IMAGES],
  resnext50_32x4d: [{}, ...IMAGENET_IMAGES],
};

/** Largest relative differences that pass. */
const LIMITS = { logits: 1e-4, gradients: 1e-3, losses: 1e-3 };

interface Errors {
  readonly logits: number;
  /** Of the worst parameter, its name, and of the median one. */
  readonly gradients: number;
  readonly worst: string;
  readonly median: number;
  readonly losses: number;
}

const { values: flags } = parseArgs({
  options: {
    'torch-python': { type: 'string', default: 'python3' },
    model: { type: 'string', default: Object.keys(CASES).join(',') },
    batch: { type: 'string' },
    size: { type: 'string' },
    /** Whether to compare with float64 too: where a limit is missed, always or never. */
    float64: { type: 'string', default: 'missed' },
    steps: { type: 'string', default: '10' },
    dtype: { type: 'string', default: 'float32' },
    lr: { type: 'string', default: '1e-3' },
  },
});

/** float64 needs the TypeScript backend. */
function dtypeOf(name: string): 'float32' | 'float64' {
  if (name === 'float32' || name === 'float64') return name;
  throw new Error(`--dtype ${name}: expected float32, or, with AXONODE_BACKEND=ts, float64`);
}
const dtype = dtypeOf(flags.dtype);
if (!['missed', 'always', 'never'].includes(flags.float64)) {
  throw new Error(`--float64 ${flags.float64}: expected missed, always or never`);
}

function make(name: string, options: object): Classifier {
  const factory: unknown = Reflect.get(models, name);
  if (typeof factory !== 'function') throw new Error(`no model ${name}`);
  return factory(options);
}

/** Cross-entropy, with that of the auxiliary heads where there are any. */
function lossOf(model: Classifier, x: Tensor, targets: Tensor): Tensor {
  const entropy = (logits: Tensor): Tensor => crossEntropy(logits, targets);
  if (model instanceof models.GoogLeNet) {
    const { logits, aux1, aux2 } = model.forward(x, { auxiliary: true });
    return entropy(logits).add(entropy(aux1).add(entropy(aux2)).mul(0.3));
  }
  if (model instanceof models.InceptionV3) {
    const { logits, auxLogits } = model.forward(x, { auxiliary: true });
    return entropy(logits).add(entropy(auxLogits).mul(0.4));
  }
  return entropy(model.forward(x));
}

function norm(values: ArrayLike<number>, reference?: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += ((values[i] ?? Number.NaN) - (reference?.[i] ?? 0)) ** 2;
  }
  return Math.sqrt(sum);
}

function largest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function part<T>(entries: Iterable<readonly [string, T]>, prefix: string): Map<string, T> {
  const found = [...entries].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

function named<T>(entries: ReadonlyMap<string, T>, name: string): T {
  const found = entries.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/** What a model computes with given weights. */
interface Computed {
  readonly logits: Values;
  readonly gradients: ReadonlyMap<string, Values>;
  readonly losses: Values;
}

/**
 * Relative errors of the parameters' gradients, the worst first. Gradients below a thousandth of the usual size count as of that
 * size: those of biases that a batch-norm takes away again are rounding errors only.
 */
function gradientErrors(
  gradients: ReadonlyMap<string, Values>,
  expected: ReadonlyMap<string, Values>,
): [name: string, error: number][] {
  const norms = Array.from(expected.values(), (value) => norm(value));
  const least = (1e-3 * norm(norms)) / Math.sqrt(norms.length);
  const errors = Array.from(expected, ([name, reference]): [string, number] => {
    const error = norm(named(gradients, name), reference);
    return [name, error / Math.max(norm(reference), least)];
  });
  return errors.sort(([, a], [, b]) => b - a);
}

function errorsOf(found: Computed, expected: Computed): Errors {
  const difference = found.logits.map((value, i) => value - (expected.logits[i] ?? Number.NaN));
  const ratios = found.losses.map((loss, step) => loss / (expected.losses[step] ?? Number.NaN) - 1);
  const gradients = gradientErrors(found.gradients, expected.gradients);
  const [worst, most] = gradients[0] ?? ['', Number.NaN];
  return {
    logits: largest(difference) / largest(expected.logits),
    gradients: most,
    worst,
    median: gradients[gradients.length >> 1]?.[1] ?? Number.NaN,
    losses: largest(ratios),
  };
}

/** A copy, so that the tensor can be let go of. */
function valuesOf(tensor: Tensor): Values {
  return Float32Array.from(tensor.dataSync());
}

function gradientsOf(model: Classifier): Map<string, Values> {
  const found = model.namedParameters();
  return new Map(
    found.flatMap(([name, { grad }]) => (grad === null ? [] : [[name, valuesOf(grad)]])),
  );
}

function computeHere(model: Classifier, x: Tensor, targets: Tensor, steps: number): Computed {
  const logits = valuesOf(noGrad(() => model.eval().forward(x)));
  model.train();
  const optimizer = new optim.SGD(model.parameters(), { lr: Number(flags.lr) });
  let gradients = new Map<string, Values>();
  const losses = Float32Array.from({ length: steps }, (_, step) => {
    optimizer.zeroGrad();
    const loss = lossOf(model, x, targets);
    loss.backward();
    if (step === 0) gradients = gradientsOf(model);
    optimizer.step();
    return loss.itemSync();
  });
  return { logits, gradients, losses };
}

interface Case {
  readonly name: string;
  readonly options: object;
  readonly shape: readonly number[];
  readonly folder: string;
}

/** What PyTorch computes, with the tensors that it computes it from. */
async function computeInTorch(
  { name, options, shape, folder }: Case,
  ...how: ['float32' | 'float64', ...kinks: string[]]
): Promise<{ computed: Computed; tensors: Map<string, Tensor> }> {
  const script = fileURLToPath(new URL('parity_torch.py', import.meta.url));
  const file = join(folder, 'reference.safetensors');
  const args = [
    script,
    name,
    JSON.stringify(options),
    JSON.stringify(shape),
    file,
    flags.lr,
    flags.steps,
    ...how,
  ];
  const { status } = spawnSync(flags['torch-python'], args, {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name}: PyTorch's side failed`);
  const { tensors } = await io.loadSafetensors(file);
  const all = [...tensors].filter(([key]) => !key.startsWith('state.') && key !== 'targets');
  const values = new Map(all.map(([key, value]) => [key, valuesOf(value)]));
  const computed = {
    logits: named(values, 'logits'),
    losses: named(values, 'losses'),
    gradients: part(values, 'gradient.'),
  };
  return { computed, tensors: new Map(tensors) };
}

/**
 * Reports gradients from those of PyTorch's float64 that goes the same ways: those `found` here, whose ways are in a
 * file, or with 'own' those of PyTorch's float32.
 */
async function reportSameWays(
  chosenCase: Case,
  ways: { file: string; found: Computed } | 'own',
): Promise<void> {
  const own = ways === 'own';
  const { computed, tensors } = await computeInTorch(
    chosenCase,
    'float64',
    own ? 'own' : ways.file,
  );
  const valuesOfOwn = (): [string, Values][] =>
    Array.from(part(tensors, 'own.'), ([key, value]) => [key, valuesOf(value)]);
  const gradients = own ? new Map(valuesOfOwn()) : ways.found.gradients;
  const [flips, total] = named(tensors, 'flips').dataSync();
  report(
    `  ${own ? 'PyTorch ' : ''}from float64 the same ways, ${flips} of ${total}`,
    errorsOf({ ...computed, gradients }, computed),
  );
  dispose(tensors.values());
}

function dispose(tensors: Iterable<Tensor>): void {
  for (const tensor of tensors) tensor.dispose();
}

function isWithinLimits({ logits, gradients, losses }: Errors): boolean {
  return logits <= LIMITS.logits && gradients <= LIMITS.gradients && losses <= LIMITS.losses;
}

function report(head: string, { logits, gradients, losses, median, worst }: Errors): void {
  const text = (value: number, limit: number): string =>
    `${value.toExponential(1)}${value <= limit ? ' ' : '!'}`.padStart(11);
  console.log(
    `${head.padEnd(56)}${text(logits, LIMITS.logits)}${text(gradients, LIMITS.gradients)}` +
      `${text(losses, LIMITS.losses)} ${text(median, LIMITS.gradients)}  ${worst}`,
  );
}

function ends(losses: Values): string {
  return `${losses[0]?.toPrecision(6)} to ${losses.at(-1)?.toPrecision(6)}`;
}

async function compare(name: string, folder: string): Promise<void> {
  const chosen = CASES[name];
  if (chosen === undefined) throw new Error(`no model ${name}; ${Object.keys(CASES).join(' ')}`);
  const [extra, usualBatch, channels, usualSize] = chosen;
  const options = { numClasses: 10, ...extra };
  const [batch, size] = [Number(flags.batch ?? usualBatch), Number(flags.size ?? usualSize)];
  const shape = [batch, channels, size, size];
  const chosenCase = { name, options, shape, folder };

  const { computed: torch, tensors } = await computeInTorch(chosenCase, dtype);
  const model = make(name, options);
  const state = part(tensors, 'state.');
  const [x, targets] = [named(tensors, 'input').cast(dtype), named(tensors, 'targets')];
  model.loadStateDict(state);
  model.to(dtype);
  const here = computeHere(model, x, targets, torch.losses.length);
  const errors = errorsOf(here, torch);
  report(`${name} [${shape}] from PyTorch, ${dtype}`, errors);
  console.log(`  losses here ${ends(here.losses)}, PyTorch ${ends(torch.losses)}, lr ${flags.lr}`);
  const missed = flags.float64 === 'missed' && !isWithinLimits(errors);
  if (dtype === 'float32' && (missed || flags.float64 === 'always')) {
    const exact = await computeInTorch(chosenCase, 'float64');
    report('  from float64', errorsOf(here, exact.computed));
    report('  PyTorch from float64', errorsOf(torch, exact.computed));
    dispose(exact.tensors.values());

    model.loadStateDict(state);
    for (const parameter of model.parameters()) parameter.grad = null;
    const { result: loss, kinks } = recordKinks(() => lossOf(model.train(), x, targets));
    loss.backward();
    const file = join(folder, 'kinks.safetensors');
    await io.saveSafetensors(file, kinks);
    await reportSameWays(chosenCase, { file, found: { ...here, gradients: gradientsOf(model) } });
    await reportSameWays(chosenCase, 'own');
    dispose(kinks.values());
  }
  dispose([x, ...tensors.values(), ...model.stateDict().values()]);
}

const { name: backend, convolutionPrecision } = backendInfo();
console.log(`${backend} backend, ${convolutionPrecision} convolutions; relative differences`);
console.log(
  `${'limits'.padEnd(56)}${'logits 1e-4'.padStart(11)}  grads 1e-3 losses 1e-3  (gradients: median, worst)`,
);
const folder = mkdtempSync(join(tmpdir(), 'axonode-parity-'));
try {
  for (const name of flags.model.split(',')) await compare(name, folder);
} finally {
  rmSync(folder, { recursive: true });
}
