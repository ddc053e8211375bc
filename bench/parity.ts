// Every architecture against PyTorch's, by hand: npx tsx bench/parity.ts --torch-python PATH --model resnet18,vgg19
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  backendInfo,
  crossEntropy,
  loadSafetensors,
  models,
  type nn,
  noGrad,
  optim,
  scope,
  type Tensor,
} from 'axonode';

type Classifier = nn.Module & { forward(x: Tensor): Tensor };

/** Options and input of each model: no dropout, whose draws differ, and batches that batch-norm can work with. */
const SMALL_IMAGES = [32, 32] as const;
const IMAGES = [8, 64] as const;
const NO_DROPOUT = { dropout: 0 };
const CASES: Record<string, readonly [options: object, batch: number, size: number]> = {
  ...Object.fromEntries(
    [20, 32, 44, 56, 110].map((depth) => [`resnet${depth}`, [{}, ...SMALL_IMAGES]]),
  ),
  resnet18: [{}, ...IMAGES],
  resnet34: [{}, ...IMAGES],
  resnet50: [{}, ...IMAGES],
  resnet101: [{}, ...IMAGES],
  resnet152: [{}, ...IMAGES],
  wideResnet50_2: [{}, ...IMAGES],
  resnext50_32x4d: [{}, ...IMAGES],
  googlenet: [{ dropout: 0, dropoutAux: 0, transformInput: true }, ...IMAGES],
  inceptionV3: [{ dropout: 0, transformInput: true }, 2, 299],
  alexnet: [NO_DROPOUT, ...IMAGES],
  ...Object.fromEntries(
    [11, 13, 16, 19].flatMap((depth) => [
      [`vgg${depth}`, [NO_DROPOUT, ...IMAGES]],
      [`vgg${depth}Bn`, [NO_DROPOUT, ...IMAGES]],
    ]),
  ),
};

const { values: flags } = parseArgs({
  options: {
    'torch-python': { type: 'string', default: 'python3' },
    model: { type: 'string', default: Object.keys(CASES).join(',') },
  },
});

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

function part(tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, Tensor> {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

function named(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/**
 * Worst relative error of a parameter's gradient. Gradients below a thousandth of the usual size count as of that
 * size: those of biases that a batch-norm takes away again are rounding errors only.
 */
function gradientError(
  gradients: ReadonlyMap<string, Tensor>,
  exact: ReadonlyMap<string, Tensor>,
): number {
  const norms = Array.from(exact.values(), (value) => norm(value.dataSync()));
  const least = (1e-3 * norm(norms)) / Math.sqrt(norms.length);
  const errors = Array.from(exact, ([name, value]) => {
    const reference = value.dataSync();
    const error = norm(named(gradients, name).dataSync(), reference);
    return error / Math.max(norm(reference), least);
  });
  return largest(errors);
}

interface Errors {
  readonly logits: number;
  readonly gradients: number;
  readonly losses: number;
  /** PyTorch's own in float32, against float64: batch-norm over few numbers blows rounding errors up. */
  readonly torch: { readonly gradients: number; readonly losses: number };
}

function compare(model: Classifier, tensors: ReadonlyMap<string, Tensor>): Errors {
  model.loadStateDict(part(tensors, 'state.'));
  const [x, targets] = [named(tensors, 'input'), named(tensors, 'targets')];
  const expected = named(tensors, 'logits').dataSync();
  const logits = noGrad(() => model.eval().forward(x)).dataSync();
  const logitError = largest(logits.map((value, i) => value - (expected[i] ?? Number.NaN)));

  model.train();
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3 });
  const exact = part(tensors, 'gradient.');
  let gradients = Number.NaN;
  const exactLosses = named(tensors, 'losses').dataSync();
  const losses = Array.from(exactLosses, (_, step) => {
    optimizer.zeroGrad();
    const loss = lossOf(model, x, targets);
    loss.backward();
    if (step === 0) {
      const found = model.namedParameters().map(([name, { grad }]) => [name, grad] as const);
      gradients = gradientError(
        new Map(found.flatMap(([name, grad]) => (grad === null ? [] : [[name, grad]]))),
        exact,
      );
    }
    optimizer.step();
    return loss.itemSync();
  });
  const lossError = (found: ArrayLike<number>): number =>
    largest(exactLosses.map((loss, step) => (found[step] ?? Number.NaN) / loss - 1));
  return {
    logits: logitError / largest(expected),
    gradients,
    losses: lossError(losses),
    torch: {
      gradients: gradientError(part(tensors, 'float32.'), exact),
      losses: lossError(named(tensors, 'float32Losses').dataSync()),
    },
  };
}

function reference(name: string, options: object, shape: readonly number[], file: string): void {
  const script = fileURLToPath(new URL('parity_torch.py', import.meta.url));
  const args = [script, name, JSON.stringify(options), JSON.stringify(shape), file];
  const { status } = spawnSync(flags['torch-python'], args, {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name}: PyTorch's side failed`);
}

console.log(`backend: ${backendInfo().name}; relative errors against float64, limits in the head`);
console.log(
  'model            input            logits 1e-4  gradients 1e-3 (torch f32)  10 losses 1e-3 (torch f32)',
);
const folder = mkdtempSync(join(tmpdir(), 'axonode-parity-'));
try {
  for (const name of flags.model.split(',')) {
    const chosen = CASES[name];
    if (chosen === undefined) throw new Error(`no model ${name}; ${Object.keys(CASES).join(' ')}`);
    const [extra, batch, size] = chosen;
    const options = { numClasses: 10, ...extra };
    const shape = [batch, 3, size, size];
    const file = join(folder, 'reference.safetensors');
    reference(name, options, shape, file);
    const errors = await scope(async () => {
      const { tensors } = await loadSafetensors(file);
      const model = make(name, options);
      try {
        return compare(model, tensors);
      } finally {
        for (const value of model.stateDict().values()) value.dispose();
      }
    });
    const text = (value: number): string => value.toExponential(1);
    console.log(
      `${name.padEnd(16)} ${`[${shape}]`.padEnd(15)}  ${text(errors.logits).padStart(11)}  ` +
        `${text(errors.gradients).padStart(14)} (${text(errors.torch.gradients).padStart(9)})  ` +
        `${text(errors.losses).padStart(14)} (${text(errors.torch.losses).padStart(9)})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
