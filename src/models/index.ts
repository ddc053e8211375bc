/** The classic architectures, with the names of PyTorch's weights. */
export * from './alexnet.js';
export type { ClassifierOptions } from './blocks.js';
export { CharRnn, type CharRnnOptions, charRnn, type GenerateOptions } from './charRnn.js';
export * from './cifarResnet.js';
export type { FeatureClassifierOptions } from './featureClassifier.js';
export * from './googlenet.js';
export * from './inception.js';
export * from './lenet.js';
export { BasicBlock, type BlockOptions, type BlockType, Bottleneck } from './residual.js';
export * from './resnet.js';
export { Sampler, type SamplingOptions } from './sampling.js';
export * from './vgg.js';
