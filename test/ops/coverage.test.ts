import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.js';
import * as codes from '../../src/backend/kernels/index.js';
import { backend, setBackend } from '../../src/backend/select.js';
import { tsBackend } from '../../src/backend/ts/index.js';
import * as ops from '../../src/ops/index.js';
import * as recurrent from '../../src/ops/recurrent/recurrent.js';
import * as optim from '../../src/optim/index.js';
import { scope } from '../../src/tensor/scope.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import { inputsOf, loadFamilies, type OpCase } from '../support/fixtures.js';

// An op, a kernel or a code that no case exercises fails the suite.

/** Where a kernel takes its code, and which codes there are. */
const CODED = {
  unary: { at: 3, codes: codes.UnaryOp },
  unaryGrad: { at: 4, codes: codes.UnaryGradOp },
  binary: { at: 4, codes: codes.BinaryOp },
  binaryScalar: { at: 4, codes: codes.BinaryOp },
  binaryBroadcast: { at: 4, codes: codes.BinaryOp },
  compare: { at: 4, codes: codes.CompareOp },
  compareScalar: { at: 4, codes: codes.CompareOp },
  reduce: { at: 5, codes: codes.ReduceOp },
  argReduce: { at: 5, codes: codes.ArgOp },
  upsample2d: { at: 3, codes: codes.UpsampleMode },
  optimizerStep: { at: 6, codes: codes.UpdateRule },
} as const;

type KernelName = keyof codes.Kernels;
const KERNELS = Object.keys(tsBackend.kernels) as KernelName[];

const called = new Set<KernelName>();
/** Codes used, by the table that they are from. */
const used = new Map<object, Set<unknown>>();

function noteCall(name: KernelName, args: readonly unknown[]): void {
  called.add(name);
  if (!(name in CODED)) return;
  const { at, codes: table } = CODED[name as keyof typeof CODED];
  const seen = used.get(table) ?? new Set();
  used.set(table, seen.add(args[at]));
}

/** Replaces each kernel by one that is noted, and returns what puts them back. */
function watchKernels(): () => void {
  const kernels = tsBackend.kernels as unknown as Record<KernelName, (...args: unknown[]) => void>;
  const originals = { ...kernels };
  for (const name of KERNELS) {
    kernels[name] = (...args) => {
      noteCall(name, args);
      originals[name](...args);
    };
  }
  return () => Object.assign(kernels, originals);
}

function onesLikeAll(tensors: readonly Tensor[]): Tensor[] {
  return tensors.map((x) => ops.onesLike(x));
}

/** Outputs, gradients and gradients of gradients. */
function exercise(item: OpCase, float: 'float32' | 'float64') {
  scope(() => {
    const inputs = inputsOf(item, float, (i) => i === 0);
    const wanted = inputs.filter((x) => x.requiresGrad);
    const outputs = item.fn(inputs).filter((y) => y.requiresGrad);
    if (outputs.length === 0) return;
    const gradients = onesLikeAll(outputs);
    for (const g of gradients) g.requiresGrad = true;
    const unused = { allowUnused: true, retainGraph: true };
    grad(outputs, wanted, { ...unused, gradients });
    if (item.noSecondOrder) return;
    const slopes = grad(outputs, wanted, { ...unused, gradients, createGraph: true });
    const again = slopes.filter((g) => g !== null).filter((g) => g.requiresGrad);
    grad(again, [...wanted, ...gradients], { ...unused, gradients: onesLikeAll(again) });
  });
}

function exerciseOptimizers(): void {
  const parameter = ops.ones([3], { requiresGrad: true });
  const params = [parameter];
  const centered = { centered: true };
  const optimizers = [
    new optim.SGD(params),
    new optim.SGD(params, { momentum: 0.9 }),
    new optim.SGD(params, { momentum: 0.9, nesterov: true }),
    new optim.Adagrad(params),
    new optim.Adadelta(params),
    new optim.RMSprop(params),
    new optim.RMSprop(params, { momentum: 0.9 }),
    new optim.RMSprop(params, centered),
    new optim.RMSprop(params, { ...centered, momentum: 0.9 }),
    new optim.Adam(params),
    new optim.Adam(params, { amsgrad: true }),
    new optim.NAdam(params),
    new optim.Adamax(params),
    new optim.Lion(params),
  ];
  for (const optimizer of optimizers) {
    parameter.grad = ops.ones([3]).keep();
    optim.clipGradNorm([parameter], 1);
    optim.clipGradValue([parameter], 0.1);
    optimizer.step();
  }
  new optim.Ema({ stateDict: () => new Map([['parameter', parameter]]) }).update();
}

/** Gradients of rows, and what takes them. */
function exerciseRows(): void {
  const table = ops.ones([3, 2], { requiresGrad: true });
  const options = { sparse: true, maxNorm: 1 };
  for (const optimizer of [
    new optim.SparseAdam([table]),
    new optim.SGD([table], { momentum: 0.9 }),
  ]) {
    table.grad = null;
    backward(ops.sum(ops.embedding(ops.tensor([0, 1], { dtype: 'int32' }), table, options)));
    optimizer.step();
  }
  table.grad?.dataSync();
  optim.maxNorm([table], 1);
}

/** Parameters that are not trained are prepared for the kernels once. */
function exerciseInference(): void {
  const filters = ops.ones([1, 1, 2, 2]).keep();
  ops.conv2d(ops.ones([1, 1, 3, 3]), filters);
}

const cases = [...loadFamilies().values()].flat();

describe('coverage', () => {
  const present = backend().name;
  let unwatch = (): void => {};

  beforeAll(() => {
    setBackend('ts');
    unwatch = watchKernels();
    for (const item of cases) exercise(item, 'float32');
    exerciseOptimizers();
    exerciseRows();
    exerciseInference();
    inLayout(inLayout(ops.ones([1, 2, 3, 4]), 'channelsLast'), 'rowMajor');
  });
  afterAll(() => {
    unwatch();
    setBackend(present);
  });

  it('has a case for every op', () => {
    const covered = new Set(cases.flatMap((item) => item.ops));
    const exported = Object.entries({ ...ops, ...recurrent }).flatMap(([name, op]) =>
      typeof op === 'function' ? [name] : [],
    );
    expect(exported.filter((name) => !covered.has(name))).toEqual([]);
  });

  it('calls every kernel', () => {
    expect(KERNELS.filter((name) => !called.has(name))).toEqual([]);
  });

  it.each(Object.entries(codes.OP_CODES))('uses every %s', (_, table) => {
    const seen = used.get(table);
    expect(
      Object.entries(table).flatMap(([name, code]) => (seen?.has(code) ? [] : [name])),
    ).toEqual([]);
  });
});
