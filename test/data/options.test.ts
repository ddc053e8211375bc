import { expect, test } from 'vitest';
import * as data from '../../src/data/index.js';
import { ArgumentError } from '../../src/errors.js';
import { ones } from '../../src/ops/creation.js';
import { describeOptions, type OptionsCase, withoutCase } from '../support/options.js';

// Each is refused before a file is touched.
const missing = '/no/such/folder/file';
const samples = () => new data.TensorDataset(ones([4, 2]));
const steps = Int32Array.of(1, 2, 3);

const cases: OptionsCase[] = [
  ['DataLoader', (options) => new data.DataLoader(samples(), options), 'batch_size', 'batchSize'],
  [
    'ImageDataset',
    (options) => new data.ImageDataset(data.syntheticDigits(0), options),
    'means',
    'mean',
  ],
  ['ImageFolder', (options) => data.ImageFolder.open(missing, options), 'channel', 'channels'],
  ['loadCifar10', (options) => data.loadCifar10('test', options), 'folders', 'folder'],
  ['loadCifar100', (options) => data.loadCifar100('test', options), 'label', 'labels'],
  ['loadMnist', (options) => data.loadMnist('test', options), 'cacheFolders', 'cacheFolder'],
  ['loadText', (options) => data.loadText(missing, options), 'max_bytes', 'maxBytes'],
  ['padSequence', (options) => data.padSequence([steps], options), 'batch_first', 'batchFirst'],
  ['parseIdx', (options) => data.parseIdx(new Uint8Array(0), options), 'files', 'file'],
  ['randomSplit', (options) => data.randomSplit(samples(), [1], options), 'sed', 'seed'],
  [
    'SequenceDataset',
    (options) => new data.SequenceDataset([steps], options),
    'target_padding',
    'targetPadding',
  ],
  ['StreamBatches', (options) => new data.StreamBatches(steps, 1, options), 'epoch', 'epochs'],
  ['syntheticDigits', (options) => data.syntheticDigits(1, options), 'seeds', 'seed'],
  ['WindowDataset', (options) => new data.WindowDataset(steps, 1, options), 'strides', 'stride'],
];

describeOptions(cases);

test('ImageFolder.load names the option that was meant', async () => {
  const load = data.ImageFolder.prototype.load;
  await expect(load({ onProgres: () => {} } as object)).rejects.toThrow(
    'ImageFolder.load: onProgres: unknown option, did you mean onProgress?',
  );
});

test.each([
  ['loadMnist', data.loadMnist],
  ['loadCifar10', data.loadCifar10],
  ['loadCifar100', data.loadCifar100],
])('%s says which splits there are', async (name, load) => {
  const loading = load('valid' as 'test');
  await expect(loading).rejects.toThrow(ArgumentError);
  await expect(loading).rejects.toThrow(`${name}: split is valid, expected one of 'train', 'test'`);
});

test('all that is exported and takes options is in the table', () => {
  expect(withoutCase(data, cases).sort()).toEqual([
    'CIFAR10_CLASSES',
    'CIFAR10_MEAN',
    'CIFAR10_STD',
    'CharVocabulary',
    'MNIST_MEAN',
    'MNIST_STD',
    'TensorDataset',
    'collate',
    'subset',
  ]);
});
