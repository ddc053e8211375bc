/** Datasets and how to go through them. */
export { type Collated, collate } from './collate.js';
export {
  type BatchDataset,
  type Dataset,
  randomSplit,
  subset,
  TensorDataset,
} from './dataset.js';
export { type SyntheticDigitsOptions, syntheticDigits } from './digits.js';
export { type IdxArray, type IdxKind, parseIdx } from './idx.js';
export { ImageDataset, type ImageDatasetOptions } from './imageDataset.js';
export type { LabelledImages } from './labelledImages.js';
export { DataLoader, type DataLoaderOptions } from './loader.js';
export { loadMnist, MNIST_MEAN, MNIST_STD, type MnistOptions } from './mnist.js';
