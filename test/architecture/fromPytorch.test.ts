import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as axonode from '../../src/index.js';
import { compileConsumer } from '../support/consumer.js';

// docs/from-pytorch.md stays true: what it says of axonode compiles, and it leaves nothing out.

const page = readFileSync(new URL('../../docs/from-pytorch.md', import.meta.url), 'utf8');
const [tables = '', onlyHere = ''] = page.split('\n## Only here\n');

/** Code between backticks. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');
}

/** What stands in the right-hand columns. */
const cells = tables
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => codeIn(line.split(' | ').slice(1).join(' | ')));

const claims = [...cells, ...codeIn(onlyHere)];

/** Names of one type, as words. */
const typed = (type: string, names: string): Record<string, string> =>
  Object.fromEntries(names.split(' ').map((name) => [name, type]));

/** What the names in a cell stand for; other names are numbers. */
const TYPES: Readonly<Record<string, string>> = {
  model: 'axonode.nn.Module',
  layer: 'axonode.nn.ReLU',
  lstm: 'axonode.nn.LSTM',
  optimizer: 'axonode.optim.SGD',
  scheduler: 'axonode.optim.LRScheduler',
  dataset: 'axonode.data.TensorDataset<[axonode.Tensor, axonode.Tensor]>',
  loader: 'axonode.data.DataLoader<[axonode.Tensor, axonode.Tensor]>',
  generator: 'axonode.Generator',
  images: 'axonode.vision.ImageStack',
  f: '(x: axonode.Tensor) => axonode.Tensor',
  fn: '(...args: unknown[]) => unknown',
  tensors: 'Record<string, axonode.Tensor>',
  sequences: 'Int32Array[]',
  schedulers: 'axonode.optim.LRScheduler[]',
  transforms: 'axonode.vision.ImageTransform[]',
  dtype: "'float32'",
  goal: "'min' | 'max'",
  ...typed('axonode.Tensor', 'x y a b mask index source weight target logits indices'),
  ...typed('axonode.Tensor', 'gradient runningMean runningVar posWeight'),
  ...typed('axonode.Tensor[]', 'gradients params parameters'),
  ...typed('number[]', 'shape axes counts lengths milestones parts'),
  ...typed('[number, number]', 'betas'),
  ...typed('string', 'path folder monitor'),
  ...typed('boolean', 'retainGraph createGraph allowUnused requiresGrad keepDims strict training'),
  ...typed('boolean', 'ceilMode returnIndices countIncludePad alignCorners recomputeScaleFactor'),
  ...typed(
    'boolean',
    'scaleGradByFreq sparse logTarget affine elementwiseAffine trackRunningStats',
  ),
  ...typed('boolean', 'batchFirst bidirectional nesterov maximize amsgrad centered'),
  ...typed('boolean', 'decoupledWeightDecay errorIfNonfinite cycleMomentum threePhase'),
  ...typed('boolean', 'shuffle dropLast prefetch warmUp best restoreBest'),
  // Of another type for each that takes them.
  ...typed(
    'any',
    'bias approximate mode nonlinearity paddingMode reduction interval annealStrategy',
  ),
  ...typed('any', 'thresholdMode collate transform samples lrLambda state precision'),
};
const WORDS = new Set([
  'new',
  'await',
  'true',
  'false',
  'null',
  'class',
  'extends',
  'forward',
  'Net',
]);

/** Names in code that are neither properties nor keys, and whether they are called or taken apart. */
function namesIn(code: string): { name: string; isUsed: boolean }[] {
  const bare = code.replaceAll(/'[^']*'/g, "''");
  return [...bare.matchAll(/(?<![.\w])([a-zA-Z]\w*)\b(?!\s*:)(?=(\s*[.(])?)/g)].flatMap(
    ([, name = '', use]) =>
      WORDS.has(name) ? [] : [{ name, isUsed: use !== undefined || /^[A-Z]/.test(name) }],
  );
}

/** What the cell is about, as parameters; what it calls or takes apart has to be the package's. */
function parametersOf(names: readonly { name: string; isUsed: boolean }[]): string {
  const given = names.filter(({ name, isUsed }) => name in TYPES || !isUsed);
  const unique = new Set(given.map(({ name }) => name));
  return [...unique].map((name) => `${name}: ${TYPES[name] ?? 'number'}`).join(', ');
}

/** One file in which each claim of the page is a line. */
function claimsAsProgram(): { text: string; at: Map<number, string> } {
  const imported = new Set<string>();
  const lines = claims.map((code) => {
    if (code.startsWith('class')) return code;
    const names = namesIn(code);
    // A name that stands alone is the package's, too.
    for (const { name, isUsed } of names) {
      if (!(name in TYPES) && (isUsed || name === code)) imported.add(name);
    }
    const parameters = parametersOf(names.filter(({ name }) => name !== code));
    return `(async (${parameters}) => { void (${code}); });`;
  });
  const imports = [...imported].sort();
  const head = [
    "import type * as axonode from 'axonode';",
    ...imports.map((name) => `import { ${name} } from 'axonode';`),
  ];
  const told = [...head.slice(0, 1), ...imports, ...claims];
  return {
    text: [...head, ...lines].join('\n'),
    at: new Map(told.map((code, i) => [i + 1, code])),
  };
}

/** Values that a namespace exports: functions and classes. */
function callables(namespace: object, prefix: string): string[] {
  return Object.entries(namespace).flatMap(([name, value]) =>
    typeof value === 'function' ? [prefix + name] : [],
  );
}

describe('docs/from-pytorch.md', () => {
  it('says what compiles', () => {
    const { text, at } = claimsAsProgram();
    const faults = compileConsumer({ 'claims.ts': text }).map((fault) => {
      const line = /^claims\.ts\((\d+),/.exec(fault)?.[1];
      return `${at.get(Number(line)) ?? ''}: ${fault.replace(/^claims\.ts\([\d,]+\): /, '')}`;
    });
    expect(faults).toEqual([]);
  });

  it('names every function, layer, optimiser and schedule', () => {
    const errors = callables(axonode, '').filter((name) => name.endsWith('Error'));
    const exported = [
      ...callables(axonode, '').filter((name) => !errors.includes(name)),
      ...callables(axonode.nn, 'nn.'),
      ...callables(axonode.nn.init, 'nn.init.'),
      ...callables(axonode.optim, 'optim.'),
    ];
    const said = new Set(page.match(/\b[a-zA-Z]\w*(\.\w+)*\b/g));
    const methods = new Set(claims.flatMap((code) => code.match(/[a-zA-Z]\w*/g) ?? []));
    const isSaid = (name: string): boolean =>
      name.includes('.') ? said.has(name) : methods.has(name);
    expect(exported.filter((name) => !isSaid(name))).toEqual([]);
  });
});
