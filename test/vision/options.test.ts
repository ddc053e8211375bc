import { expect, test } from 'vitest';
import { zeros } from '../../src/ops/creation.js';
import * as vision from '../../src/vision/index.js';
import { describeOptions, type OptionsCase, withoutCase } from '../support/options.js';

const stack = { shape: [1, 1, 1, 1], data: new Uint8Array(1) };
const images = () => zeros([1, 1, 4, 4]);

const cases: OptionsCase[] = [
  [
    'decodeImage',
    (options) => vision.decodeImage('no/such/file', options),
    'max_pixels',
    'maxPixels',
  ],
  ['imageGrid', (options) => vision.imageGrid(stack, options), 'column', 'columns'],
  ['renderGrid', (options) => vision.renderGrid(stack, options), 'paddings', 'padding'],
  ['RandomCrop', (options) => new vision.RandomCrop(2, options), 'pading', 'padding'],
  ['RandomHorizontalFlip', (options) => new vision.RandomHorizontalFlip(options), 'P', 'p'],
];
/** What each transform takes with the images. */
const forwards: OptionsCase[] = [
  [
    'Compose',
    (options) => new vision.Compose([]).forward(images(), options),
    'Generator',
    'generator',
  ],
  [
    'Normalize',
    (options) => new vision.Normalize(0, 1).forward(images(), options),
    'generators',
    'generator',
  ],
];
describeOptions([...cases, ...forwards]);

test('all that is exported and takes options is in the table', () => {
  expect(withoutCase(vision, [...cases, ...forwards]).sort()).toEqual([
    'ImageTransform',
    'encodePng',
    'imagesOf',
    'onImages',
  ]);
});
