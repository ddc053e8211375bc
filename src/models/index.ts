/** The classic architectures, with the names of PyTorch's weights. */
export * from './alexnet.js';
export type {
  AuxiliaryOptions,
  ClassifierOptions,
  ConvNormActivation,
  KernelOptions,
} from './blocks.js';
export { CharRnn, type CharRnnOptions, charRnn, type GenerateOptions } from './charRnn.js';
export * from './cifarResnet.js';
export type {
  ClassifierLayers,
  FeatureClassifier,
  FeatureClassifierOptions,
  FeatureClassifierParts,
} from './featureClassifier.js';
export {
  type AuxiliaryHead,
  GoogLeNet,
  type GoogLeNetOptions,
  type GoogLeNetOutputs,
  googlenet,
  type InceptionChannels,
  type InceptionModule,
} from './googlenet.js';
export * from './inception.js';
export type {
  InceptionA,
  InceptionAux,
  InceptionB,
  InceptionC,
  InceptionD,
  InceptionE,
} from './inceptionBlocks.js';
export * from './lenet.js';
export { BasicBlock, type BlockOptions, type BlockType, Bottleneck } from './residual.js';
export * from './resnet.js';
export { Sampler, type SamplingOptions } from './sampling.js';
export * from './vgg.js';
