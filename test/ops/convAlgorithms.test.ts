import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConvAlgorithm } from '../../src/backend/kernels/backend.js';
import { backendInfo, setBackend, setConvolutionPrecision } from '../../src/backend/select.js';
import type { Conv2dOptions } from '../../src/ops/conv/conv.js';
import { type ConvAlgorithms, convAlgorithms } from '../../src/ops/conv/convAlgorithms.js';
import { conv2d, randn } from '../../src/ops/index.js';
import { manualSeed } from '../../src/tensor/random.js';
import { forAll } from '../support/mirror.js';

// Rules, not thresholds: what must never be chosen, and what the classic networks must get.

const own = backendInfo().name;
const isNative = own === 'native';
const WINOGRAD: readonly ConvAlgorithm[] = ['winograd4', 'winograd2'];

afterEach(() => {
  setBackend(own);
  setConvolutionPrecision('fast');
});

interface Layer {
  readonly input: readonly [number, number, number, number];
  readonly filters: number;
  readonly kernel: readonly [number, number];
  readonly options: Conv2dOptions & { groups: number };
}

function algorithmsOf({ input, filters, kernel, options }: Layer): ConvAlgorithms {
  return convAlgorithms(input, [filters, input[1] / options.groups, ...kernel], options);
}

const int = (min: number, max: number) => fc.integer({ min, max });
const layers: fc.Arbitrary<Layer> = fc
  .record({
    groups: fc.constantFrom(1, 1, 1, 2, 4, 32),
    from: int(1, 80),
    to: int(1, 80),
    batch: fc.constantFrom(0, 1, 2, 8, 64),
    size: fc.tuple(int(7, 40), int(7, 40)),
    kernel: fc.constantFrom([1, 1], [3, 3], [3, 3], [3, 3], [1, 3], [5, 5], [7, 7]),
    stride: fc.constantFrom(1, 1, 1, 2),
    dilation: fc.constantFrom(1, 1, 1, 2),
    padding: int(0, 3),
  })
  .map(({ groups, from, to, batch, size, kernel, stride, dilation, padding }) => ({
    input: [batch, from * groups, size[0] + 6, size[1] + 6] as const,
    filters: to * groups,
    kernel: [kernel[0] ?? 1, kernel[1] ?? 1] as const,
    options: { groups, stride, dilation, padding },
  }));

/** Layers of the classic networks that are 3x3, of stride 1, neither grouped nor tiny. */
const THREE_BY_THREE: readonly (readonly [string, Layer['input'], number])[] = [
  ['VGG-16, second layer', [8, 64, 224, 224], 64],
  ['VGG-16, conv3', [8, 256, 56, 56], 256],
  ['ResNet-18, layer1', [8, 64, 56, 56], 64],
  ['ResNet-50, layer2', [8, 128, 28, 28], 128],
  ['ResNet-20, layer1', [128, 16, 32, 32], 16],
  ['ResNet-20, layer3', [128, 64, 8, 8], 64],
  ['GoogLeNet, inception3a', [8, 96, 28, 28], 128],
  ['AlexNet, conv3', [8, 192, 13, 13], 384],
];

/** Layers that no fast algorithm is for. */
const OTHERS: readonly (readonly [string, Layer])[] = [
  ['the stem of a ResNet', layer([8, 3, 224, 224], 64, 7, { stride: 2, padding: 3 })],
  ['the stem of AlexNet', layer([8, 3, 224, 224], 64, 11, { stride: 4, padding: 2 })],
  ['the first layer of VGG', layer([8, 3, 224, 224], 64, 3, { padding: 1 })],
  ['a bottleneck of ResNet-50', layer([8, 256, 56, 56], 64, 1, {})],
  ['a strided shortcut', layer([8, 256, 56, 56], 512, 1, { stride: 2 })],
  ['a strided 3x3', layer([8, 128, 56, 56], 128, 3, { stride: 2, padding: 1 })],
  ['a 5x5 of AlexNet', layer([8, 64, 27, 27], 192, 5, { padding: 2 })],
  ['a grouped 3x3 of ResNeXt-50', layer([8, 128, 56, 56], 128, 3, { padding: 1, groups: 32 })],
  ['a dilated 3x3', layer([8, 64, 28, 28], 64, 3, { padding: 2, dilation: 2 })],
  ['a pixel', layer([8, 64, 1, 1], 64, 3, { padding: 1 })],
];

function layer(
  input: Layer['input'],
  filters: number,
  size: number,
  options: Conv2dOptions,
): Layer {
  return { input, filters, kernel: [size, size], options: { groups: 1, ...options } };
}

function isWinograd({ forward, inputGrad, weightGrad }: ConvAlgorithms): boolean {
  return [forward, inputGrad, weightGrad].some((algorithm) => WINOGRAD.includes(algorithm));
}

describe('the algorithms of convolutions', () => {
  it('are depthwise for all passes where each channel is alone, and nowhere else', () => {
    forAll([layers, fc.boolean()], (drawn, apart) => {
      const channels = drawn.input[1];
      const chosen = apart
        ? { ...drawn, filters: channels, options: { ...drawn.options, groups: channels } }
        : drawn;
      const { groups } = chosen.options;
      const isDepthwise = groups === channels && groups === chosen.filters;
      for (const algorithm of Object.values(algorithmsOf(chosen))) {
        expect(algorithm === 'depthwise').toBe(isDepthwise);
      }
    });
  });

  it('are never Winograd’s with groups, strides, dilation, an empty batch or another kernel', () => {
    forAll([layers], (drawn) => {
      const { groups, stride, dilation } = drawn.options;
      const is3x3 = drawn.kernel.every((size) => size === 3);
      if (is3x3 && groups === 1 && stride === 1 && dilation === 1 && drawn.input[0] > 0) return;
      expect(isWinograd(algorithmsOf(drawn))).toBe(false);
    });
  });

  it('are never Winograd’s when exact', () => {
    setConvolutionPrecision('exact');
    forAll([layers], (drawn) => {
      expect(isWinograd(algorithmsOf(drawn))).toBe(false);
    });
    for (const [, input, filters] of THREE_BY_THREE) {
      expect(isWinograd(algorithmsOf(layer(input, filters, 3, { padding: 1 })))).toBe(false);
    }
  });

  it('scatter in input gradients without groups only', () => {
    forAll([layers], (drawn) => {
      const { forward, inputGrad, weightGrad } = algorithmsOf(drawn);
      expect([forward, weightGrad]).not.toContain('scatter');
      if (drawn.options.groups > 1) expect(inputGrad).not.toBe('scatter');
    });
  });

  it.runIf(isNative).each(THREE_BY_THREE)('are Winograd’s F(4x4) for %s', (_, input, filters) => {
    const chosen = algorithmsOf(layer(input, filters, 3, { padding: 1 }));
    expect(chosen).toEqual({
      forward: 'winograd4',
      inputGrad: 'winograd4',
      weightGrad: 'winograd4',
    });
  });

  it.runIf(isNative)('are F(2x2) or direct for outputs of up to 2x2', () => {
    for (const size of [1, 2]) {
      const chosen = algorithmsOf(layer([8, 512, size, size], 512, 3, { padding: 1 }));
      expect(Object.values(chosen)).not.toContain('winograd4');
    }
  });

  it.each(OTHERS)('are not Winograd’s for %s', (_, chosen) => {
    expect(isWinograd(algorithmsOf(chosen))).toBe(false);
  });

  it.runIf(!isNative)('are patches and matrix products on the TypeScript backend', () => {
    forAll([layers], (drawn) => {
      for (const algorithm of Object.values(algorithmsOf(drawn))) {
        expect(['im2col', 'depthwise']).toContain(algorithm);
      }
    });
  });

  it('are refused for what conv2d refuses', () => {
    expect(() => convAlgorithms([1, 3, 8, 8], [4, 2, 3, 3])).toThrow(
      'convAlgorithms: input [1, 3, 8, 8] has 3 channels, weight [4, 2, 3, 3] with groups=1 expects 2',
    );
    expect(() => convAlgorithms([1, 3, 2, 2], [4, 3, 3, 3])).toThrow('does not fit');
    expect(() => convAlgorithms([3, 8, 8], [4, 3, 3, 3])).toThrow('expected [N, C, H, W]');
    expect(() => convAlgorithms([1, 3, 8, 8], [4, 3, 0, 3])).toThrow('without empty axes');
  });
});

describe('setConvolutionPrecision', () => {
  it('shows in backendInfo(), where the TypeScript backend is always exact', () => {
    expect(backendInfo().convolutionPrecision).toBe(isNative ? 'fast' : 'exact');
    setConvolutionPrecision('exact');
    expect(backendInfo().convolutionPrecision).toBe('exact');
  });

  it.runIf(isNative)('holds across changes of the backend', () => {
    setBackend('ts');
    setConvolutionPrecision('exact');
    setBackend('native');
    expect(backendInfo().convolutionPrecision).toBe('exact');
  });

  it('refuses anything else', () => {
    expect(() => Reflect.apply(setConvolutionPrecision, undefined, ['strict'])).toThrow(
      "setConvolutionPrecision: precision is strict, expected 'fast' or 'exact'",
    );
  });

  it('applies to what is called from then on, in order with the work around it', () => {
    manualSeed(1);
    const [x, w] = [randn([2, 32, 12, 12]), randn([32, 32, 3, 3])];
    const convolved = (): ArrayLike<number> => conv2d(x, w, null, { padding: 1 }).dataSync();
    const fast = convolved();
    const queued = conv2d(x, w, null, { padding: 1 });
    setConvolutionPrecision('exact');
    const exact = conv2d(x, w, null, { padding: 1 });
    setConvolutionPrecision('fast');
    expect(queued.dataSync()).toEqual(fast);
    expect(convolved()).toEqual(fast);
    if (isNative) expect(exact.dataSync()).not.toEqual(fast);
    else expect(exact.dataSync()).toEqual(fast);
    setConvolutionPrecision('exact');
    expect(convolved()).toEqual(exact.dataSync());
  });
});
