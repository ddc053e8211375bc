// The main job: LeNet-5 learns handwritten digits (npm start)
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  backendInfo,
  crossEntropy,
  DataError,
  data,
  io,
  manualSeed,
  models,
  noGrad,
  optim,
  train,
  vision,
} from 'axonode';
import { batch, epochs, positive, readFlags, seed, text, whole } from './support/flags.js';

const flags = readFlags('npm start --', {
  data: text(
    'DIR',
    undefined,
    'folder of the MNIST files, or "embedded" for digits drawn by the library\n' +
      '(a cached or downloaded MNIST; without either, embedded)',
  ),
  epochs: epochs(3),
  batch: batch(64),
  lr: positive(0.02, 'learning rate of the first epoch; × 0.3 after each'),
  seed: seed(),
  'train-size': whole(undefined, 'use the first N training images only (all)'),
  out: text('DIR', 'out/mnist', 'where the weights and the picture go'),
});

/** Real digits where there are any to be had, else drawn ones. */
async function loadDigits(): Promise<{
  training: data.LabelledImages;
  test: data.LabelledImages;
  source: string;
}> {
  if (flags.data !== 'embedded') {
    try {
      const options = flags.data === undefined ? {} : { folder: flags.data };
      const training = await data.loadMnist('train', options);
      const test = await data.loadMnist('test', options);
      return { training, test, source: 'MNIST' };
    } catch (error) {
      if (flags.data !== undefined || !(error instanceof DataError)) throw error;
      console.log(
        'no MNIST here and none to download: using digits drawn by the library (--data DIR for your own)',
      );
    }
  }
  return {
    training: data.syntheticDigits(12_000, { seed: 1 }),
    test: data.syntheticDigits(2_000, { seed: 2 }),
    source: 'drawn digits',
  };
}

manualSeed(flags.seed);

const { training, test, source } = await loadDigits();
const limit = flags['train-size'] ?? training.count;
const scale = { mean: data.MNIST_MEAN, std: data.MNIST_STD };
const everyImage = new data.ImageDataset(training, scale);
const trainingSet = data.subset(
  everyImage,
  Int32Array.from({ length: Math.min(limit, training.count) }, (_, i) => i),
);
const testSet = new data.ImageDataset(test, scale);
const info = backendInfo();
console.log(
  `${source}: ${trainingSet.length} training and ${testSet.length} test images; ` +
    `${info.name} backend (${info.instructionSet}), ${info.threads} threads`,
);

const model = models.lenet5();
console.log(await model.summary([flags.batch, 1, 28, 28]));
const optimizer = new optim.SGD(model.parameters(), {
  lr: flags.lr,
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
const testLoader = new data.DataLoader(testSet, { batchSize: 500 });
const confusion = new train.ConfusionMatrix(10);
await train.fit({
  model,
  data: new data.DataLoader(trainingSet, {
    batchSize: flags.batch,
    shuffle: true,
    seed: flags.seed,
    dropLast: true,
  }),
  validation: testLoader,
  loss: crossEntropy,
  optimizer,
  schedule: new optim.StepLR(optimizer, 1, { gamma: 0.3 }),
  metrics: { accuracy: confusion },
  epochs: flags.epochs,
});
const seconds = (performance.now() - started) / 1e3;

await mkdir(flags.out, { recursive: true });
const weights = path.join(flags.out, 'lenet5.safetensors');
await io.saveSafetensors(weights, model.stateDict(), {
  metadata: { model: 'lenet5', data: source },
});
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
  await io.writeFileAtomic(
    picture,
    vision.imageGrid({ shape, data: pixels }, { columns: 10, scale: 3, labels }),
  );
  console.log(`the ${worst.length} worst mistakes (truth→guess): ${picture}`);
}
console.log(`test accuracy: ${(100 * confusion.value).toFixed(2)} %`);
