import { describe, expect, test } from 'vitest';
import * as models from '../../src/models/index.js';
import '../../src/ops/methods.js';
import { ArgumentError, CheckpointError, ShapeError } from '../../src/errors.js';
import { zeros } from '../../src/ops/index.js';
import { manualSeed } from '../../src/tensor/random.js';
import { noGrad } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';

const SMALL = { numClasses: 3, hiddenFeatures: 4 };

function std(x: Tensor | undefined): number {
  return x?.std().itemSync() ?? Number.NaN;
}

describe('inputs that do not fit are named', () => {
  test('images too small for the pools', () => {
    const alexnet = models.alexnet(SMALL);
    expect(() => alexnet.forward(zeros([1, 3, 62, 63]))).toThrow(
      new ShapeError(
        'AlexNet: input [1, 3, 62, 63], expected [N, 3, H, W] with H and W of at least 63',
      ),
    );
    expect(alexnet.eval().forward(zeros([1, 3, 63, 63])).shape).toEqual([1, 3]);
    expect(() => models.vgg11(SMALL).forward(zeros([1, 3, 31, 32]))).toThrow(/VGG.*at least 32/);
  });

  test('GoogLeNet takes 15×15, and its heads only where it has them', () => {
    const model = models.googlenet({ numClasses: 3, auxLogits: false }).eval();
    expect(model.forward(zeros([1, 3, 15, 15])).shape).toEqual([1, 3]);
    expect(() => model.forward(zeros([1, 3, 14, 15]))).toThrow(ShapeError);
    expect(() => model.forward(zeros([1, 3, 15, 15]), { auxiliary: true })).toThrow(ArgumentError);
  });

  test('Inception v3 takes 75×75, 299×299 with its head', () => {
    const model = models.inceptionV3({ numClasses: 3, auxLogits: false }).eval();
    expect(() => model.forward(zeros([1, 3, 74, 75]))).toThrow(/at least 75/);
    expect(() => model.forward(zeros([1, 3, 75, 75]), { auxiliary: true })).toThrow(/299/);
    expect(() => model.forward(zeros([1, 3, 299, 299]), { auxiliary: true })).toThrow(
      ArgumentError,
    );
  });

  test('images of another number of channels', () => {
    expect(() => models.vgg11(SMALL).forward(zeros([1, 1, 32, 32]))).toThrow(ShapeError);
    expect(() => models.resnet20().forward(zeros([1, 1, 32, 32]))).toThrow(ShapeError);
  });

  test('groups and widths of a network without bottlenecks', () => {
    const make = () => new models.ResNet(models.BasicBlock, [1, 1, 1, 1], { groups: 2 });
    expect(make).toThrow(ArgumentError);
  });
});

test('weights of another architecture are refused', () => {
  expect(() => models.resnet20().loadStateDict(models.resnet32().stateDict())).toThrow(
    CheckpointError,
  );
});

test('ResNets take images of any size, and empty batches in evaluation', () => {
  const model = models.resnet20().eval();
  expect(noGrad(() => model.forward(zeros([2, 3, 1, 5]))).shape).toEqual([2, 10]);
  expect(noGrad(() => model.forward(zeros([0, 3, 32, 32]))).shape).toEqual([0, 10]);
});

describe('weights start as in torchvision', () => {
  manualSeed(3);

  test('ResNet: normal with the fan out of each convolution', () => {
    const state = models.resnet18({ numClasses: 3 }).stateDict();
    expect(std(state.get('layer4.1.conv2.weight'))).toBeCloseTo(Math.sqrt(2 / (512 * 9)), 3);
    expect(std(state.get('conv1.weight'))).toBeCloseTo(Math.sqrt(2 / (64 * 49)), 2);
  });

  test('ResNet for CIFAR: normal with the fan in', () => {
    const state = models.resnet20().stateDict();
    expect(std(state.get('layer3.1.conv1.weight'))).toBeCloseTo(Math.sqrt(2 / (64 * 9)), 2);
    expect(std(state.get('linear.weight'))).toBeCloseTo(Math.sqrt(2 / 64), 1);
  });

  test('VGG: linear layers with 0.01, no biases', () => {
    const state = models.vgg11(SMALL).stateDict();
    expect(std(state.get('features.3.weight'))).toBeCloseTo(Math.sqrt(2 / (128 * 9)), 2);
    expect(std(state.get('classifier.0.weight'))).toBeCloseTo(0.01, 3);
    expect(state.get('classifier.0.bias')?.norm().itemSync()).toBe(0);
  });

  test('GoogLeNet with 0.01, Inception v3 with 0.1 and 0.001', () => {
    const googlenet = models.googlenet({ numClasses: 3, auxLogits: false }).stateDict();
    expect(std(googlenet.get('inception5b.branch1.conv.weight'))).toBeCloseTo(0.01, 3);
    const inception = models.inceptionV3({ numClasses: 3 }).stateDict();
    expect(std(inception.get('Mixed_7c.branch1x1.conv.weight'))).toBeCloseTo(0.1, 2);
    expect(std(inception.get('AuxLogits.conv1.conv.weight'))).toBeCloseTo(0.1, 2);
    expect(std(inception.get('AuxLogits.fc.weight'))).toBeCloseTo(0.001, 4);
  });
});
