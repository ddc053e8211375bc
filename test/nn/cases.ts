import * as nn from '../../src/nn/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/** A second input: no options of a layer that takes some there. */
export type Target = Tensor & { readonly outputSize?: never };

/** A layer, or a loss with its target. */
export interface Checked extends nn.Module {
  forward(x: Tensor, ...target: Target[]): Tensor;
}

/** The layers and losses of `make_nn.py`, under the same names and with the same options. */
export const CASES: Readonly<Record<string, () => Checked>> = {
  Linear: () => new nn.Linear(5, 3),
  'Linear of many axes': () => new nn.Linear(5, 3),
  'Linear without bias': () => new nn.Linear(5, 3, { bias: false }),
  Conv1d: () => new nn.Conv1d(4, 6, 3),
  'Conv1d with options': () =>
    new nn.Conv1d(4, 6, 3, { stride: 2, padding: 2, dilation: 2, groups: 2, bias: false }),
  Conv2d: () => new nn.Conv2d(4, 3, 3),
  'Conv2d with options': () =>
    new nn.Conv2d(4, 6, [3, 2], {
      stride: [2, 1],
      padding: [1, 2],
      dilation: [1, 2],
      groups: 2,
      bias: false,
    }),
  'Conv2d with padding same': () =>
    new nn.Conv2d(4, 2, [4, 3], { padding: 'same', dilation: [1, 2] }),
  ConvTranspose2d: () => new nn.ConvTranspose2d(4, 3, 3),
  'ConvTranspose2d with options': () =>
    new nn.ConvTranspose2d(4, 6, [3, 2], {
      stride: 2,
      padding: 1,
      outputPadding: [1, 0],
      dilation: [1, 2],
      groups: 2,
    }),
  MaxPool1d: () => new nn.MaxPool1d(3, { stride: 2, padding: 1 }),
  MaxPool2d: () => new nn.MaxPool2d(2),
  'MaxPool2d with options': () =>
    new nn.MaxPool2d([3, 2], { stride: 2, padding: [1, 0], ceilMode: true }),
  AvgPool1d: () => new nn.AvgPool1d(3, { stride: 2, padding: 1 }),
  AvgPool2d: () => new nn.AvgPool2d(2),
  'AvgPool2d with options': () =>
    new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
  AdaptiveAvgPool2d: () => new nn.AdaptiveAvgPool2d([4, null]),
  AdaptiveMaxPool2d: () => new nn.AdaptiveMaxPool2d([4, 2]),
  Flatten: () => new nn.Flatten(),
  'Flatten with options': () => new nn.Flatten({ start: 2, end: 3 }),
  Identity: () => new nn.Identity(),
  ReLU: () => new nn.ReLU(),
  LeakyReLU: () => new nn.LeakyReLU({ slope: 0.2 }),
  ELU: () => new nn.ELU({ alpha: 0.7 }),
  GELU: () => new nn.GELU(),
  'GELU by tanh': () => new nn.GELU({ approximate: 'tanh' }),
  SiLU: () => new nn.SiLU(),
  Sigmoid: () => new nn.Sigmoid(),
  Tanh: () => new nn.Tanh(),
  Softplus: () => new nn.Softplus({ beta: 2, threshold: 1.5 }),
  Hardtanh: () => new nn.Hardtanh({ low: -0.5, high: 1.2 }),
  Softmax: () => new nn.Softmax({ axis: 0 }),
  LogSoftmax: () => new nn.LogSoftmax(),
  Embedding: () => new nn.Embedding(6, 3),
  'Embedding with padding': () => new nn.Embedding(6, 3, { paddingIndex: 2 }),
  'Dropout, evaluated': () => new nn.Dropout(0.4).eval(),
  'Dropout2d, evaluated': () => new nn.Dropout2d(0.4).eval(),
  BatchNorm1d: () => new nn.BatchNorm1d(5),
  'BatchNorm1d of sequences': () =>
    new nn.BatchNorm1d(4, { eps: 0.01, momentum: null, affine: false }),
  BatchNorm2d: () => new nn.BatchNorm2d(4),
  'BatchNorm2d, evaluated': () => new nn.BatchNorm2d(4).eval(),
  'BatchNorm2d, evaluated without statistics': () =>
    new nn.BatchNorm2d(4, { trackRunningStats: false }).eval(),
  LayerNorm: () => new nn.LayerNorm(5),
  'LayerNorm with options': () => new nn.LayerNorm([6, 5], { eps: 0.01, bias: false }),
  GroupNorm: () => new nn.GroupNorm(2, 4),
  'GroupNorm with options': () => new nn.GroupNorm(4, 4, { eps: 0.01, affine: false }),
  Upsample: () => new nn.Upsample({ scaleFactor: 2 }),
  'Upsample with options': () =>
    new nn.Upsample({ size: [4, 9], mode: 'bilinear', alignCorners: true }),
  ZeroPad2d: () => new nn.ZeroPad2d(1),
  'ZeroPad2d that crops': () =>
    new nn.ZeroPad2d([
      [0, -3],
      [2, -1],
    ]),
  ReflectionPad2d: () =>
    new nn.ReflectionPad2d([
      [3, 0],
      [2, 1],
    ]),
  LocalResponseNorm: () => new nn.LocalResponseNorm(3, { alpha: 0.5, k: 2 }),
  Sequential: () =>
    new nn.Sequential(
      new nn.Conv2d(4, 2, 3),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(4, 3),
    ),
  MSELoss: () => new nn.MSELoss(),
  L1Loss: () => new nn.L1Loss({ reduction: 'sum' }),
  HuberLoss: () => new nn.HuberLoss({ delta: 0.6 }),
  SmoothL1Loss: () => new nn.SmoothL1Loss({ reduction: 'none', beta: 0.6 }),
  CrossEntropyLoss: () => new nn.CrossEntropyLoss(),
  'CrossEntropyLoss with options': () =>
    new nn.CrossEntropyLoss({ ignoreIndex: 1, labelSmoothing: 0.2 }),
  NLLLoss: () => new nn.NLLLoss(),
  BCELoss: () => new nn.BCELoss(),
  BCEWithLogitsLoss: () => new nn.BCEWithLogitsLoss(),
  KLDivLoss: () => new nn.KLDivLoss({ reduction: 'batchmean' }),
  ConvTranspose1d: () =>
    new nn.ConvTranspose1d(4, 6, 4, { stride: 3, padding: 1, outputPadding: 2, groups: 2 }),
  AdaptiveAvgPool1d: () => new nn.AdaptiveAvgPool1d(3),
  AdaptiveMaxPool1d: () => new nn.AdaptiveMaxPool1d(4),
  'Conv2d that reflects': () => new nn.Conv2d(4, 3, 3, { padding: [2, 1], paddingMode: 'reflect' }),
  'Conv2d that replicates': () =>
    new nn.Conv2d(4, 4, [4, 2], {
      stride: 2,
      padding: [3, 7],
      paddingMode: 'replicate',
      groups: 2,
    }),
  'Conv1d that goes around': () =>
    new nn.Conv1d(4, 2, 4, { padding: 'same', dilation: 2, paddingMode: 'circular' }),
  'BatchNorm2d without statistics': () => new nn.BatchNorm2d(4, { trackRunningStats: false }),
  'BatchNorm1d of sequences, evaluated': () => new nn.BatchNorm1d(4).eval(),
  'MaxPool2d, dilated': () =>
    new nn.MaxPool2d(2, { stride: [3, 1], padding: 1, dilation: [3, 2], ceilMode: true }),
  'AvgPool2d with a divisor': () =>
    new nn.AvgPool2d([3, 2], { stride: [4, 3], padding: 1, ceilMode: true, divisorOverride: 4 }),
  MaxUnpool1d: () => new nn.MaxUnpool1d(3, { stride: 2, padding: 1 }),
  MaxUnpool2d: () => new nn.MaxUnpool2d(2),
  'MaxUnpool2d with options': () => new nn.MaxUnpool2d([3, 2], { stride: [2, 3], padding: [1, 0] }),
  'BatchNorm2d without bias': () => new nn.BatchNorm2d(4, { bias: false }),
  'BatchNorm1d without bias, evaluated': () => new nn.BatchNorm1d(4, { bias: false }).eval(),
  'GroupNorm without bias': () => new nn.GroupNorm(2, 4, { bias: false }),
  'Upsample by recomputed factors': () =>
    new nn.Upsample({ scaleFactor: [1.3, 2.3], mode: 'bilinear', recomputeScaleFactor: true }),
  'Conv2d without a batch axis': () => new nn.Conv2d(4, 6, 3, { stride: 2, padding: 1, groups: 2 }),
  'Conv2d that reflects, without a batch axis': () =>
    new nn.Conv2d(4, 3, 3, { padding: [2, 1], paddingMode: 'reflect' }),
  'Conv1d that goes around, without a batch axis': () =>
    new nn.Conv1d(4, 2, 4, { padding: 'same', dilation: 2, paddingMode: 'circular' }),
  'ZeroPad2d without a batch axis': () =>
    new nn.ZeroPad2d([
      [0, -3],
      [2, -1],
    ]),
  'Sequential without a batch axis': () =>
    new nn.Sequential(
      new nn.Conv2d(4, 2, 3),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten({ start: 0 }),
      new nn.Linear(4, 3),
    ),
  'Upsample by cubics': () => new nn.Upsample({ scaleFactor: [1.5, 2], mode: 'bicubic' }),
  'Upsample of sequences': () => new nn.Upsample({ size: 12, mode: 'linear', alignCorners: true }),
};
