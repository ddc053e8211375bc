import { crc32, deflateSync } from 'node:zlib';
import { checkNumber, checkNumbers, checkObject } from '../arguments.js';
import { ArgumentError } from '../errors.js';

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

/**
 * A picture as the bytes of a PNG file, 8 bits a channel (https://www.w3.org/TR/png/).
 *
 * @throws ArgumentError if the data does not have `height · width · channels` elements
 */
export function encodePng(image: Raster): Uint8Array {
  checkObject('encodePng', 'the image', image, '{ width, height, channels, data }');
  const { width, height, channels, data } = image;
  checkNumbers('encodePng', 'data', data);
  checkNumber('encodePng', 'width', width);
  checkNumber('encodePng', 'height', height);
  checkNumber('encodePng', 'channels', channels);
  const fits = Number.isInteger(width) && width > 0 && Number.isInteger(height) && height > 0;
  if (!fits || data.length !== width * height * channels) {
    throw new ArgumentError(
      `encodePng: ${width} x ${height} pixels of ${channels} channels need ${width * height * channels} ` +
        `values, and at least one; there are ${data.length}`,
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
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', new Uint8Array(0)),
    ]),
  );
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, 'latin1');
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, content.length + 8)), content.length + 8);
  return bytes;
}
