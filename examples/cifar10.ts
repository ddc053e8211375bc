// ResNet-20 learns photographs of ten kinds (CIFAR-10), and shows what its filters look for
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  backendInfo,
  crossEntropy,
  data,
  io,
  manualSeed,
  models,
  nn,
  optim,
  train,
  vision,
} from 'axonode';
import { featureMaps, firstFilters, strongestPatches } from './support/filterPictures.js';
import { batch, learningRate, oneOf, readFlags, seed, text, whole } from './support/flags.js';
import { drawShapes } from './support/shapes.js';

const flags = readFlags('npm run example -- cifar10', {
  data: text(
    'DIR',
    undefined,
    'CIFAR-10: its binary files, or images in train/<class>/ and test/<class>/, or archives of these,\n' +
      '*train*.tar.gz and *test*.tar.gz (shapes that the example draws)',
  ),
  epochs: whole(
    undefined,
    'passes over the data (1, of shapes 5); from 2 on, the rate falls to a tenth at 1/2 and 3/4 of the steps',
  ),
  batch: batch(128),
  lr: learningRate(0.1),
  init: oneOf(['he', 'pytorch'], 'he', 'weights as in the paper, or as PyTorch’s layers start'),
  seed: seed(),
  'train-size': whole(undefined, 'use N training images only (all)'),
  'test-size': whole(undefined, 'use N test images only (all)'),
  out: text('DIR', 'out/cifar10', 'where weights and pictures go'),
});

/** The images of a split, in whichever form the folder has them. */
async function loadSplit(dir: string, split: 'train' | 'test'): Promise<data.LabelledImages> {
  const places = [split, `cifar10-${split}-jpeg.tar.gz`].map((name) => path.join(dir, name));
  const place = places.find((candidate) => existsSync(candidate));
  if (place === undefined) return data.loadCifar10(split, { folder: dir });
  const folder = await data.ImageFolder.open(place, { size: 32 });
  const started = performance.now();
  let shown = started;
  const images = await folder.load({
    onProgress(done, total) {
      if (performance.now() - shown < 5000) return;
      shown = performance.now();
      console.log(`decoding ${split} images: ${done}/${total}`);
    },
  });
  const seconds = (performance.now() - started) / 1e3;
  console.log(`${folder.length} ${split} images decoded in ${seconds.toFixed(1)} s`);
  return images;
}

/** A random choice of so many, always the same. */
function limited(images: data.ImageDataset, flag: 'train-size' | 'test-size') {
  const count = Math.min(flags[flag] ?? images.length, images.length);
  if (count === images.length) return images;
  return data.randomSplit(images, [count, images.length - count], { seed: 0 })[0];
}

const epochs = flags.epochs ?? (flags.data === undefined ? 5 : 1);
manualSeed(flags.seed);

let source = 'CIFAR-10';
let training: data.LabelledImages;
let test: data.LabelledImages;
if (flags.data === undefined) {
  console.log('no --data DIR with CIFAR-10: using coloured shapes that this example draws');
  source = 'drawn shapes';
  training = await drawShapes({ count: 4000, seed: 1 });
  test = await drawShapes({ count: 1000, seed: 2 });
} else {
  training = await loadSplit(flags.data, 'train');
  test = await loadSplit(flags.data, 'test');
}
// ImageNet's, as the published weights of this network expect.
const scale = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const trainingSet = limited(new data.ImageDataset(training, scale), 'train-size');
const testSet = limited(new data.ImageDataset(test, scale), 'test-size');
const classes = test.classes ?? [];
const info = backendInfo();
console.log(
  `${source}: ${trainingSet.length} training and ${testSet.length} test images of ${classes.length} classes; ` +
    `${info.name} backend (${info.instructionSet}), ${info.threads} threads`,
);

const model = models.resnet20({ numClasses: classes.length });
if (flags.init === 'pytorch') {
  for (const layer of model.modules()) {
    const hasWeight = layer instanceof nn.Conv2d || layer instanceof nn.Linear;
    if (hasWeight) nn.init.kaimingUniform(layer.weight, { slope: Math.sqrt(5) });
  }
}
const augment = new vision.Compose([
  new vision.RandomCrop(32, { padding: 4 }),
  new vision.RandomHorizontalFlip(),
]);
const loader = new data.DataLoader(trainingSet, {
  batchSize: flags.batch,
  shuffle: true,
  seed: flags.seed,
  dropLast: true,
  transform: vision.onImages(augment),
});
const optimizer = new optim.SGD(model.parameters(), {
  lr: flags.lr,
  momentum: 0.9,
  weightDecay: 1e-4,
});
const steps = epochs * loader.length;
const milestones = epochs < 2 ? [] : [Math.round(steps / 2), Math.round((3 * steps) / 4)];
const schedule = new optim.MultiStepLR(optimizer, milestones, { interval: 'batch' });

const started = performance.now();
const history = await train.fit({
  model,
  data: loader,
  validation: new data.DataLoader(testSet, { batchSize: 500 }),
  loss: crossEntropy,
  optimizer,
  schedule,
  metrics: { accuracy: new train.Accuracy() },
  epochs,
});
const seconds = (performance.now() - started) / 1e3;

await mkdir(flags.out, { recursive: true });
const weights = path.join(flags.out, 'resnet20.safetensors');
await io.saveSafetensors(weights, model.stateDict(), {
  metadata: { model: 'resnet20', data: source },
});
console.log(`trained and tested in ${seconds.toFixed(1)} s; weights: ${weights}`);

model.eval();
const pictures = {
  'filters.png': ['the filters of the first layer', await firstFilters(model)],
  'feature-maps.png': [
    'an image, and what those filters make of it',
    await featureMaps(model, test, scale),
  ],
  'strongest.png': [
    'what excites a filter of the third block most, one filter a row',
    await strongestPatches(model, test, scale),
  ],
} as const;
for (const [name, [what, png]] of Object.entries(pictures)) {
  const file = path.join(flags.out, name);
  await io.writeFileAtomic(file, png);
  console.log(`${what}: ${file}`);
}
const accuracy = history.last?.values.valAccuracy ?? 0;
console.log(`test accuracy: ${(100 * accuracy).toFixed(2)} %`);
