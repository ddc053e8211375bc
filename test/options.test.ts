import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../src/errors.js';
import { checkOptions } from '../src/options.js';

const KNOWN = {
  stride: true,
  padding: true,
  paddingMode: true,
  kernelSize: true,
  axis: true,
  bias: true,
  title: true,
} as const;
const refusal = (options: unknown, known: Readonly<Record<string, true>> = KNOWN) => {
  return () => checkOptions('conv2d', options as object, known);
};

describe('checkOptions', () => {
  it('takes known names, whatever their values', () => {
    expect(refusal({})).not.toThrow();
    expect(refusal({ stride: 2, padding: undefined })).not.toThrow();
    expect(refusal(Object.assign(Object.create(null), { stride: 2 }))).not.toThrow();
  });

  it.each([
    ['strides', 'stride'],
    ['kernel_size', 'kernelSize'],
    ['KernelSize', 'kernelSize'],
    ['padding_mode', 'paddingMode'],
    ['paddings', 'padding'],
    // Two letters swapped, and the beginning of a name.
    ['bais', 'bias'],
    ['titel', 'title'],
    ['kern', 'kernelSize'],
    // What PyTorch calls it.
    ['dim', 'axis'],
    ['kernel', 'kernelSize'],
  ])('refuses %s, and asks for %s', (name, meant) => {
    const message = `conv2d: ${name}: unknown option, did you mean ${meant}?`;
    expect(refusal({ [name]: 1 })).toThrow(ArgumentError);
    expect(refusal({ [name]: 1 })).toThrow(message);
  });

  it.each(['pad', 'x', 'device', 'constructor', '__proto__x'])(
    'lists what there is for %s',
    (name) => {
      expect(refusal({ [name]: 1 })).toThrow(
        `conv2d: ${name}: unknown option, expected stride, padding, paddingMode, kernelSize, axis, bias, title`,
      );
      expect(refusal({ [name]: 1 }, {})).toThrow(`${name}: unknown option, there are none`);
    },
  );

  it.each([
    [null, 'null'],
    [true, 'true'],
    [3, '3'],
    ['mean', '"mean"'],
    [[1], 'an array'],
    [
      new (class Layer {
        readonly stride = 1;
        readonly extra = 1;
      })(),
      'a Layer',
    ],
  ])('refuses options that are no object: %s', (options, what) => {
    expect(refusal(options)).toThrow(
      `conv2d: the options are ${what}, expected an object such as { stride: ... }`,
    );
  });
});
