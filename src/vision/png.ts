import { Buffer } from 'node:buffer';
import { isUint8Array, isUint8ClampedArray } from 'node:util/types';
// Not by name: Node.js before 20.15 has no crc32, and would say so instead of what src/node.ts says.
import zlib from 'node:zlib';
import { ArgumentError } from '../errors.js';
import { inWords } from '../options.js';

/** Pixels of one picture on the host: rows from the top, channels of a pixel side by side. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** height · width · channels values from 0 to 255. */
  readonly data: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOR_TYPE = { 1: 0, 3: 2 } as const;

function isUint8Like(data: unknown): data is Uint8Array | Uint8ClampedArray {
  return isUint8Array(data) || isUint8ClampedArray(data);
}

/**
 * A picture as the bytes of a PNG file, 8 bits a channel (https://www.w3.org/TR/png/).
 *
 * @throws ArgumentError if the data does not have `height · width · channels` elements
 */
export function encodePng(image: Raster): Uint8Array {
  if (typeof image !== 'object' || image === null) {
    throw new ArgumentError(`encodePng: the image is ${inWords(image)}, expected a raster`);
  }
  const { width, height, channels, data } = image;
  const isSize = (size: number) => Number.isInteger(size) && size > 0 && size < 2 ** 31;
  const fits = isSize(width) && isSize(height) && (channels === 1 || channels === 3);
  if (!fits || !isUint8Like(data) || data.length !== width * height * channels) {
    const found = isUint8Like(data) ? data.length : inWords(data);
    throw new ArgumentError(
      `encodePng: ${inWords(width)} x ${inWords(height)} pixels of ${inWords(channels)} channels (1 or 3) need ` +
        `width · height · channels values from 0 to 255, and at least one; there are ${found}`,
    );
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = COLOR_TYPE[channels];

  // Every row starts with the number of its filter; 0 is none.
  const stride = width * channels;
  const rows = new Uint8Array(height * (stride + 1));
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  return new Uint8Array(
    Buffer.concat([
      SIGNATURE,
      chunk('IHDR', header),
      chunk('IDAT', zlib.deflateSync(rows)),
      chunk('IEND', new Uint8Array(0)),
    ]),
  );
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(zlib.crc32(bytes.subarray(4, content.length + 8)), content.length + 8);
  return bytes;
}
