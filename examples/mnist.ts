// The main job: LeNet-5 learns handwritten digits (npm start)
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  backendInfo,
  crossEntropy,
  DataError,
  DataLoader,
  ImageDataset,
  type LabelledImages,
  loadMnist,
  MNIST_MEAN,
  MNIST_STD,
  manualSeed,
  models,
  noGrad,
  optim,
  saveSafetensors,
  setBackend,
  setNumThreads,
  subset,
  syntheticDigits,
  train,
  vision,
  writeFileAtomic,
} from 'axonode';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    epochs: { type: 'string', default: '3' },
    batch: { type: 'string', default: '64' },
    lr: { type: 'string', default: '0.02' },
    seed: { type: 'string', default: '0' },
    threads: { type: 'string' },
    backend: { type: 'string' },
    'train-size': { type: 'string' },
    out: { type: 'string', default: 'out/mnist' },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) {
  console.log(`usage: npm start -- [options]
  --data DIR         folder of the MNIST files, or "embedded" for digits drawn by the library
                     (default: a cached or downloaded MNIST; without either, embedded)
  --epochs N         passes over the data (3)
  --batch N          images a step (64)
  --lr X             learning rate of the first epoch; × 0.3 after each (0.02)
  --seed N           of weights and shuffles (0)
  --threads N        of the native backend (all cores)
  --backend NAME     native or ts (native where it is built)
  --train-size N     use the first N training images only
  --out DIR          where the weights and the picture go (out/mnist)`);
  process.exit(0);
}

function positive(name: string, text: string, integer: boolean): number {
  const value = Number(text);
  if (!(value > 0) || (integer && !Number.isInteger(value))) {
    console.error(`--${name} ${text}: expected ${integer ? 'a whole number' : 'a number'} > 0`);
    process.exit(2);
  }
  return value;
}

/** Real digits where there are any to be had, else drawn ones. */
async function loadDigits(): Promise<{
  training: LabelledImages;
  test: LabelledImages;
  source: string;
}> {
  if (flags.data !== 'embedded') {
    try {
      const options = flags.data === undefined ? {} : { dir: flags.data };
      const [training, test] = [
        await loadMnist({ ...options, split: 'train' }),
        await loadMnist({ ...options, split: 'test' }),
      ];
      return { training, test, source: 'MNIST' };
    } catch (error) {
      if (flags.data !== undefined || !(error instanceof DataError)) throw error;
      console.log(
        'no MNIST here and none to download: using digits drawn by the library (--data DIR for your own)',
      );
    }
  }
  return {
    training: syntheticDigits({ count: 12_000, seed: 1 }),
    test: syntheticDigits({ count: 2_000, seed: 2 }),
    source: 'drawn digits',
  };
}

const backend = flags.backend;
if (backend === 'native' || backend === 'ts') await setBackend(backend);
else if (backend !== undefined) {
  console.error(`--backend ${backend}: expected native or ts`);
  process.exit(2);
}
if (flags.threads !== undefined) setNumThreads(positive('threads', flags.threads, true));
const epochs = positive('epochs', flags.epochs, true);
const batchSize = positive('batch', flags.batch, true);
const seed = Number(flags.seed);
manualSeed(seed);

const { training, test, source } = await loadDigits();
const limit =
  flags['train-size'] === undefined
    ? training.count
    : positive('train-size', flags['train-size'], true);
const scale = { mean: MNIST_MEAN, std: MNIST_STD };
const everyImage = new ImageDataset(training, scale);
const trainingSet = subset(
  everyImage,
  Int32Array.from({ length: Math.min(limit, training.count) }, (_, i) => i),
);
const testSet = new ImageDataset(test, scale);
const info = backendInfo();
console.log(
  `${source}: ${trainingSet.length} training and ${testSet.length} test images; ` +
    `${info.name} backend (${info.instructionSet}), ${info.threads} threads`,
);

const model = models.lenet5();
console.log(await model.summary([batchSize, 1, 28, 28]));
const optimizer = new optim.SGD(model.parameters(), {
  lr: positive('lr', flags.lr, false),
  momentum: 0.9,
  nesterov: true,
});

/** A mistake, and how sure the network was of it. */
interface Mistake {
  readonly index: number;
  readonly truth: number;
  readonly guess: number;
  readonly confidence: number;
}

/** All mistakes on the test images, the surest first. */
async function findMistakes(): Promise<Mistake[]> {
  const mistakes: Mistake[] = [];
  let seen = 0;
  model.eval();
  for await (const [images, labels] of testLoader) {
    const probabilities = await noGrad(() => model.forward(images).softmax(1)).data();
    const truths = await labels.data();
    for (const [i, truth] of truths.entries()) {
      const row = probabilities.subarray(i * 10, (i + 1) * 10);
      const confidence = Math.max(...row);
      const guess = row.indexOf(confidence);
      if (guess !== truth) mistakes.push({ index: seen + i, truth, guess, confidence });
    }
    seen += truths.length;
  }
  return mistakes.sort((a, b) => b.confidence - a.confidence);
}

const started = performance.now();
const testLoader = new DataLoader(testSet, { batchSize: 500 });
const confusion = new train.ConfusionMatrix(10);
await train.fit({
  model,
  data: new DataLoader(trainingSet, { batchSize, shuffle: true, seed, dropLast: true }),
  validation: testLoader,
  loss: crossEntropy,
  optimizer,
  schedule: new optim.StepLR(optimizer, { stepSize: 1, gamma: 0.3 }),
  metrics: { accuracy: confusion },
  epochs,
});
const seconds = (performance.now() - started) / 1e3;

await mkdir(flags.out, { recursive: true });
const weights = path.join(flags.out, 'lenet5.safetensors');
await saveSafetensors(weights, model.stateDict(), { model: 'lenet5', data: source });
console.log(`\n${confusion}\n\ntrained in ${seconds.toFixed(1)} s; weights: ${weights}`);

const worst = (await findMistakes()).slice(0, 40);
if (worst.length > 0) {
  const picture = path.join(flags.out, 'worst-mistakes.png');
  const size = test.rows * test.cols;
  const pixels = new Uint8Array(worst.length * size);
  for (const [i, { index }] of worst.entries()) {
    pixels.set(test.images.subarray(index * size, (index + 1) * size), i * size);
  }
  const labels = worst.map(({ truth, guess }) => `${truth}→${guess}`);
  const shape = [worst.length, 1, test.rows, test.cols];
  await writeFileAtomic(
    picture,
    vision.imageGrid({ shape, data: pixels }, { columns: 10, scale: 3, labels }),
  );
  console.log(`the ${worst.length} worst mistakes (truth→guess): ${picture}`);
}
console.log(`test accuracy: ${(100 * confusion.value).toFixed(2)} %`);
