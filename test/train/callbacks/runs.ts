import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { DataLoader, TensorDataset } from '../../../src/data/index.js';
import { Linear, Sequential } from '../../../src/nn/index.js';
import { crossEntropy, randn, tensor } from '../../../src/ops/index.js';
import '../../../src/ops/methods.js';
import { SGD, StepLR } from '../../../src/optim/index.js';
import { manualSeed } from '../../../src/tensor/random.js';
import type { EpochRecord, TrainingRun } from '../../../src/train/index.js';
import * as train from '../../../src/train/index.js';
import { Accuracy, type Callback, History } from '../../../src/train/index.js';
import type { Logger } from '../../../src/train/loop/logger.js';

/** A new folder for each test. */
export function temporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'axonode-run-'));
  });
  afterEach(() => rm(folder.path, { recursive: true, force: true }));
  return folder;
}

/** Trains a line on 40 points for three epochs of five steps; the rate falls after each. */
export async function trainLine(
  callbacks: readonly Callback[],
  options: {
    epochs?: number;
    clipGradNorm?: number;
    logger?: Logger;
    checkpoint?: string;
    resume?: boolean;
  } = {},
): Promise<History> {
  manualSeed(1);
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
  const shift = tensor(Float32Array.from(labels, (label) => 2 * label - 1)).reshape([40, 1]);
  const set = new TensorDataset(randn([40, 3]).add(shift).keep(), tensor(labels).keep());
  const model = new Sequential(new Linear(3, 2));
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  return train.fit({
    model,
    data: new DataLoader(set, { batchSize: 8 }),
    validation: new DataLoader(set, { batchSize: 20 }),
    loss: crossEntropy,
    optimizer,
    schedule: new StepLR(optimizer, 1, { gamma: 0.5 }),
    metrics: { accuracy: new Accuracy() },
    epochs: 3,
    progress: false,
    callbacks,
    ...options,
  });
}

export function epochOf(epoch: number, values: Record<string, number>): EpochRecord {
  return { epoch, step: epoch * 10, values, lr: 0.1, seconds: 2, samplesPerSecond: 50 };
}

/** As much of a run as a callback looks at after each epoch. */
export function runOf(records: readonly EpochRecord[], log: Logger = console): TrainingRun {
  const model = new Linear(1, 1);
  return {
    model,
    optimizers: new Map(),
    lr: 0.1,
    epochs: 10,
    epoch: records.length + 1,
    step: records.at(-1)?.step ?? 0,
    batch: 0,
    batchesPerEpoch: 10,
    hasValidation: false,
    history: new History(records),
    log,
    values: () => ({}),
    goalOf: () => 'min',
    save() {},
    stop() {},
  };
}

/** A logger that keeps what it is told. */
export function collectingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    info: (_, message) => void lines.push(message),
    warn: (_, message) => void lines.push(`warning: ${message}`),
  };
}
