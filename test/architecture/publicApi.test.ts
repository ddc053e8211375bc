import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig, type ExtractorMessage } from '@microsoft/api-extractor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileConsumer } from '../support/consumer.js';

// What is published: dist/, as users' compilers see it. `npm test` has compiled it before.

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'axonode-api-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COMPILER = {
  target: 'ES2023',
  // API Extractor does not follow AbortSignal to the types of Node.
  lib: ['ES2023', 'ESNext.Disposable', 'DOM'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
};

/** What API Extractor says of dist/index.d.ts. */
function extract(): ExtractorMessage[] {
  const messages: ExtractorMessage[] = [];
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, 'dist/index.d.ts'),
      compiler: { overrideTsconfig: { compilerOptions: COMPILER, files: ['dist/index.d.ts'] } },
      apiReport: {
        enabled: true,
        reportFileName: 'axonode',
        reportFolder: folder,
        reportTempFolder: folder,
      },
      docModel: { enabled: false },
      newlineKind: 'lf',
    },
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
      messages.push(message);
    },
  });
  return messages;
}

/** True if a class extends what the message is about. Users derive from the class, they do not name its base. */
function isBaseClass({ sourceFilePath, sourceFileLine }: ExtractorMessage, name: string): boolean {
  const lines = readFileSync(sourceFilePath ?? '', 'utf8').split('\n');
  return new RegExp(`class .* extends ${name}\\b`).test(lines[(sourceFileLine ?? 1) - 1] ?? '');
}

/** `Option: train/fit.ts`, for each type that a public signature names and nobody can import. */
function forgotten(messages: readonly ExtractorMessage[]): string[] {
  return messages.flatMap((message) => {
    if (message.messageId !== 'ae-forgotten-export') return [];
    const name = /The symbol "([^"]+)"/.exec(message.text)?.[1] ?? message.text;
    const file = relative(join(root, 'dist'), message.sourceFilePath ?? '').replace('.d.ts', '.ts');
    return isBaseClass(message, name) ? [] : [`${name}: ${file}:${message.sourceFileLine}`];
  });
}

/** A user's library: a compiler must be able to describe it with the published types alone. */
const CONSUMER = `
import { conv2d, crossEntropy, data, io, models, nn, noGrad, optim, plot, scope, type Tensor, tensor, train, tune, vision } from 'axonode';

export class Net extends nn.Module {
  readonly conv = new nn.Conv2d(3, 8, 3, { padding: 1 });
  readonly norm = new nn.BatchNorm2d(8);
  readonly pool = new nn.MaxPool2d(2);
  readonly head = new nn.Sequential(new nn.Flatten(), new nn.Linear(8, 4));
  override forward(x: Tensor) {
    return this.head.forward(this.pool.forward(this.norm.forward(this.conv.forward(x))));
  }
}
export const net = new Net();
export const pretrained = models.resnet18();
export const recurrent = new nn.LSTM(8, 4);
export const outputs = recurrent.forward(tensor([[[1]]]));
export const optimizer = new optim.AdamW(net.parameters(), { lr: 1e-3 });
export const schedule = new optim.OneCycleLR(optimizer, 0.1, { totalSteps: 10 });
export const parameters = net.namedParameters();
export const state = { net: net.stateDict(), optimizer: optimizer.stateDict() };
export const product = () => scope(() => noGrad(() => conv2d(tensor([[[[1]]]]), tensor([[[[2]]]]))));
export const loader = new data.DataLoader(new data.TensorDataset(tensor([[1]]), tensor([0])), { batchSize: 1 });
export const options = { model: net, data: loader, epochs: 1, loss: crossEntropy, optimizer };
export const history = () => train.fit(options);
export const figures = () => train.evaluate({ model: net, data: loader, loss: crossEntropy });
export const chart = plot.lineChart;
export const grid = vision.imageGrid;
export const save = io.saveSafetensors;
export const search = tune.randomSearch;
`;

describe('the public API', () => {
  let messages: readonly ExtractorMessage[] = [];
  beforeAll(() => {
    messages = extract();
  });

  it('exports every type that its signatures name', () => {
    expect(forgotten(messages)).toEqual([]);
  });

  it('describes a library that is built on it', () => {
    expect(compileConsumer({ 'consumer.ts': CONSUMER })).toEqual([]);
  });

  it('keeps what is internal out of the published types', () => {
    const published = readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
    const internal = published.filter(
      (path) =>
        path.endsWith('.d.ts') &&
        readFileSync(join(root, 'dist', path), 'utf8').includes('@internal'),
    );
    expect(internal).toEqual([]);
  });
});
