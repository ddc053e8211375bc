/** Datasets and how to go through them. */
export {
  CIFAR10_CLASSES,
  CIFAR10_MEAN,
  CIFAR10_STD,
  type Cifar100Options,
  type CifarOptions,
  loadCifar10,
  loadCifar100,
} from './cifar.js';
export { type Collated, collate } from './collate.js';
export {
  type BatchDataset,
  type Dataset,
  type RandomSplitOptions,
  randomSplit,
  subset,
  TensorDataset,
} from './dataset.js';
export { type SyntheticDigitsOptions, syntheticDigits } from './digits.js';
export { type IdxArray, type IdxKind, type IdxOptions, parseIdx } from './idx.js';
export { ImageDataset, type ImageDatasetOptions } from './imageDataset.js';
export {
  ImageFolder,
  type ImageFolderOptions,
  type ImageSample,
  type LoadImagesOptions,
} from './imageFolder.js';
export type { LabelledImages, Split } from './labelledImages.js';
export { DataLoader, type DataLoaderOptions, type DataLoaderState } from './loader.js';
export { loadMnist, MNIST_MEAN, MNIST_STD, type MnistOptions } from './mnist.js';
export {
  type NumberSequence,
  type PaddedBatch,
  type PadSequenceOptions,
  padSequence,
  type SequenceBatch,
  SequenceDataset,
  type SequenceDatasetOptions,
} from './sequences.js';
export { type LoadTextOptions, loadText } from './text.js';
export { CharVocabulary } from './vocabulary.js';
export {
  type NextStepBatch,
  type Sequence,
  StreamBatches,
  type StreamChunk,
  type StreamOptions,
  WindowDataset,
  type WindowOptions,
} from './windows.js';
