/** Layers as functions, without state. */
export * from '../ops/activation.js';
export { conv1d, conv2d, convTranspose1d, convTranspose2d } from '../ops/conv/conv.js';
export { crossEntropy, nllLoss } from '../ops/crossEntropy.js';
export { embedding } from '../ops/embedding.js';
export { oneHot } from '../ops/indexing.js';
export { linear } from '../ops/linear.js';
export {
  bceLoss,
  bceWithLogitsLoss,
  huberLoss,
  klDivLoss,
  l1Loss,
  mseLoss,
  smoothL1Loss,
} from '../ops/loss.js';
export { batchNorm } from '../ops/norm/batchNorm.js';
export { groupNorm, layerNorm } from '../ops/norm/groupNorm.js';
export { localResponseNorm } from '../ops/norm/localResponseNorm.js';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
} from '../ops/pool/adaptivePool.js';
export { interpolate } from '../ops/pool/interpolate.js';
export { maxUnpool1d, maxUnpool2d } from '../ops/pool/maxUnpool.js';
export { avgPool1d, avgPool2d, maxPool1d, maxPool2d } from '../ops/pool/pool.js';
export { dropout, dropout1d, dropout2d, dropout3d } from '../ops/random.js';
export { reflectionPad2d } from '../ops/reflectionPad.js';
export { pad } from '../ops/slice.js';
export { logSoftmax, softmax } from '../ops/softmax.js';
export { flatten } from '../ops/view.js';
