import { kindOf } from '../arguments.js';
import { ArgumentError, DataError, DependencyError } from '../errors.js';
import { readBoundedFile } from '../io/boundedFile.js';
import { importOptional } from '../io/optionalPackage.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Raster } from './png.js';

export interface DecodeOptions {
  /** What messages call the image; default: its path. */
  file?: string;
  /** 3: red, green, blue; 1: grey (ITU-R 601 luma). Default: 3. */
  channels?: 1 | 3;
  /**
   * Rows and columns of the result, or one number for both: scaled until it just covers them, then cut around its
   * centre. Default: as the image is.
   */
  size?: number | readonly [rows: number, cols: number];
  /** Larger images are refused before they take memory: a small file can claim gigabytes. Default: 2²⁶. */
  maxPixels?: number;
}

const NAMES: OptionNames<DecodeOptions> = {
  file: true,
  channels: true,
  size: true,
  maxPixels: true,
};

/** What a package for images has to do for us; sharp does. */
interface Pipeline {
  resize(columns: number, rows: number, options: { fit: 'cover' }): Pipeline;
  raw(): Pipeline;
  toBuffer(options: { resolveWithObject: true }): Promise<Decoded>;
}

interface Decoded {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly channels: number };
}

type OpenImage = (bytes: Uint8Array, options: object) => Pipeline;

const MAX_PIXELS = 2 ** 26;
const MAX_FILE_BYTES = 2 ** 28;

/** The first bytes of the formats that are read. Others that sharp can read, such as SVG, are no photographs. */
const SIGNATURES: readonly (readonly [offset: number, text: string])[] = [
  [0, '\xff\xd8\xff'],
  [0, '\x89PNG\r\n\x1a\n'],
  [0, 'GIF8'],
  [8, 'WEBP'],
  [4, 'ftypavif'],
  [0, 'II*\0'],
  [0, 'MM\0*'],
];

/** Endings of the files that are read, lower case. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.gif',
  '.avif',
  '.tif',
  '.tiff',
];

/** A module that has, by its shape, sharp's function as its default export. */
function isOpener(module: unknown): module is { default: OpenImage } {
  return (
    typeof module === 'object' &&
    module !== null &&
    'default' in module &&
    typeof module.default === 'function'
  );
}

let opener: Promise<OpenImage> | undefined;

async function loadOpener(): Promise<OpenImage> {
  const module = await importOptional('sharp', 'decodeImage');
  if (isOpener(module)) return module.default;
  throw new DependencyError(
    'decodeImage: the package sharp is not what it should be; npm install sharp',
  );
}

/**
 * The pixels of a JPEG, PNG, WebP, GIF (its first picture), AVIF or TIFF image, eight bits a channel. Transparency
 * and colour profiles are left out, and so is the orientation that cameras note, as in torchvision. Decoding runs
 * on other threads. Needs the package `sharp` (`npm install sharp`).
 *
 * @param source the path of a file, or its bytes
 * @throws DataError that names the file if it is no such image, damaged, truncated or too large
 * @throws DependencyError if sharp is missing
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<Raster> {
  checkOptions('decodeImage', options, NAMES);
  const { channels = 3, maxPixels = MAX_PIXELS } = options;
  const size =
    typeof options.size === 'number' ? ([options.size, options.size] as const) : options.size;
  const file = options.file ?? (typeof source === 'string' ? source : 'image');
  checkRanges(channels, size, maxPixels);
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) {
    throw new ArgumentError(
      `decodeImage: the source is ${kindOf(source)}, expected a path or the bytes of a file`,
    );
  }
  opener ??= loadOpener();
  opener.catch(() => {
    opener = undefined;
  });
  const open = await opener;
  const bytes = typeof source === 'string' ? await readBoundedFile(source, MAX_FILE_BYTES) : source;
  if (!SIGNATURES.some(([at, text]) => startsWith(bytes, at, text))) {
    throw new DataError(`${file}: neither JPEG, PNG, WebP, GIF, AVIF nor TIFF`);
  }
  try {
    const input = open(bytes, { ignoreIcc: true, limitInputPixels: maxPixels });
    const image = size === undefined ? input : input.resize(size[1], size[0], { fit: 'cover' });
    return rasterOf(await image.raw().toBuffer({ resolveWithObject: true }), channels);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new DataError(`${file}: cannot be decoded: ${reason}`, { cause });
  }
}

function checkRanges(
  channels: number,
  size: readonly [number, number] | undefined,
  maxPixels: number,
): void {
  if (channels !== 1 && channels !== 3) {
    throw new ArgumentError(`decodeImage: channels is ${channels}, expected 1 or 3`);
  }
  if (!Number.isSafeInteger(maxPixels) || maxPixels < 1) {
    throw new ArgumentError(`decodeImage: maxPixels is ${maxPixels}, expected an integer ≥ 1`);
  }
  if (size === undefined) return;
  if (size.length !== 2 || size.some((n) => !Number.isInteger(n) || n < 1 || n > 2 ** 14)) {
    throw new ArgumentError(
      `decodeImage: size is [${size.join(', ')}], expected [rows, columns], integers from 1 to ${2 ** 14}`,
    );
  }
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Pixels of 1 (grey), 2 (and alpha), 3 (colour) or 4 channels, as those that are wanted. */
function rasterOf({ data, info }: Decoded, channels: 1 | 3): Raster {
  const { width, height } = info;
  const given = info.channels;
  const count = width * height;
  if (given === channels) return { width, height, channels, data };
  const pixels = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    const at = i * given;
    const red = data[at] ?? 0;
    const green = given < 3 ? red : (data[at + 1] ?? 0);
    const blue = given < 3 ? red : (data[at + 2] ?? 0);
    if (channels === 1) {
      // Rounded as Pillow does.
      pixels[i] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    } else {
      pixels[3 * i] = red;
      pixels[3 * i + 1] = green;
      pixels[3 * i + 2] = blue;
    }
  }
  return { width, height, channels, data: pixels };
}
