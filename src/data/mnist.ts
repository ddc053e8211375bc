import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';
import { DataError } from '../errors.js';
import { writeFileAtomic } from '../io/atomicFile.js';
import { isThere } from '../io/folder.js';
import { unpack } from '../io/gzip.js';
import { checkMaxBytes, checkPath } from '../io/path.js';
import { checkChoice } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import { isError } from '../realm.js';
import { download } from './download.js';
import { parseIdxHeader, readMaybeGzip } from './idx.js';
import { type LabelledImages, SPLITS, type Split } from './labelledImages.js';

/** Mean and standard deviation of the training pixels, scaled to 0 to 1. */
export const MNIST_MEAN = 0.1307;
export const MNIST_STD = 0.3081;

const MIRRORS = [
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
];

interface SourceFile {
  readonly name: string;
  /** Of the unpacked file: packed copies differ. */
  readonly sha256: string;
}

const FILES: Readonly<Record<Split, { images: SourceFile; labels: SourceFile }>> = {
  train: {
    images: {
      name: 'train-images-idx3-ubyte',
      sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    },
    labels: {
      name: 'train-labels-idx1-ubyte',
      sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    },
  },
  test: {
    images: {
      name: 't10k-images-idx3-ubyte',
      sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    },
    labels: {
      name: 't10k-labels-idx1-ubyte',
      sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
  },
};

/** The largest packed file has 9.9 MB, the largest unpacked one 47 MB; other data of this form may have more. */
const MAX_PACKED_BYTES = 16 * 2 ** 20;
const MAX_BYTES = 256 * 2 ** 20;
const PIXELS = 28 * 28;
/** Room for what is in a file besides elements. */
const HEAD_BYTES = 4096;

export interface MnistOptions {
  /** A folder with the four files, as they are or as .gz. When given, no other place is tried. */
  folder?: string;
  /** Where downloads are kept; default `$XDG_CACHE_HOME/axonode/mnist`, or below `~/.cache`. */
  cacheFolder?: string;
  /** Whether files that are nowhere else may be downloaded; default true. */
  download?: boolean;
  /** Addresses of folders to download from, in this order. */
  mirrors?: readonly string[];
  /** Called with the address before each download. */
  onDownload?: (url: string) => void;
  /** Refuses larger files, also once unpacked: MNIST's have 47 MB at most. Default: 256 MiB. */
  maxBytes?: number;
}

const NAMES: OptionNames<MnistOptions> = {
  folder: true,
  cacheFolder: true,
  download: true,
  mirrors: true,
  onDownload: true,
  maxBytes: true,
};

/**
 * The MNIST database of handwritten digits (LeCun, Cortes and Burges): 60,000 images to train with and 10,000 to
 * test with, 28x28, white on black. Taken from `folder`; else from `mnist/` in the folder that the environment
 * variable AXONODE_DATA names; else from the cache; else downloaded into it. What comes from the cache or the
 * network is checked against the SHA-256 of the original.
 *
 * @throws DataError that names the file and what is wrong with it
 */
export async function loadMnist(split: Split, options: MnistOptions = {}): Promise<LabelledImages> {
  checkOptions('loadMnist', options, NAMES);
  const files = FILES[checkChoice(split, SPLITS, 'split', 'loadMnist')];
  const { maxBytes = MAX_BYTES } = options;
  checkMaxBytes('loadMnist', maxBytes);
  const given = options.folder === undefined ? undefined : checkPath('loadMnist', options.folder);
  const folder = given ?? (await folderFromEnvironment(files.images.name));
  const read = (file: SourceFile, limit: number) =>
    folder === null ? readCached(file, options, limit) : readFrom(folder, file.name, limit);
  // Both come to their end before a fault is thrown: nothing goes on in the background.
  const [images, labels] = await Promise.allSettled([
    read(files.images, maxBytes),
    // A byte for each image: two files may not take the limit twice.
    read(files.labels, Math.ceil(maxBytes / PIXELS) + HEAD_BYTES),
  ]);
  if (images.status === 'rejected') throw images.reason;
  if (labels.status === 'rejected') throw labels.reason;
  return combine(images.value, labels.value);
}

interface Content {
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

async function folderFromEnvironment(name: string): Promise<string | null> {
  const root = process.env.AXONODE_DATA;
  if (!root) return null;
  const folder = join(root, 'mnist');
  return (await find(folder, name)) === null ? null : folder;
}

/** The path of a file under one of the names it goes by, or null. */
async function find(folder: string, name: string): Promise<string | null> {
  const dotted = name.replace('-idx', '.idx');
  for (const candidate of [name, `${name}.gz`, dotted, `${dotted}.gz`]) {
    const path = join(folder, candidate);
    if (await isThere(path)) return path;
  }
  return null;
}

async function readFrom(folder: string, name: string, maxBytes: number): Promise<Content> {
  const path = await find(folder, name);
  if (path === null) throw new DataError(`${join(folder, name)}: missing, also as ${name}.gz`);
  return { path, bytes: await readMaybeGzip(path, maxBytes) };
}

async function readCached(
  file: SourceFile,
  options: MnistOptions,
  maxBytes: number,
): Promise<Content> {
  const folder = options.cacheFolder ?? defaultCacheFolder();
  const path = join(folder, `${file.name}.gz`);
  try {
    const bytes = await readMaybeGzip(path, maxBytes);
    checkHash(bytes, file, path);
    return { path, bytes };
  } catch (error) {
    if (options.download === false) throw error;
  }
  let unpacked: Uint8Array = new Uint8Array(0);
  const packed = await download({
    file: file.name,
    urls: (options.mirrors ?? MIRRORS).map((mirror) => `${mirror}${file.name}.gz`),
    maxBytes: MAX_PACKED_BYTES,
    verify: async (bytes) => {
      unpacked = await unpack(bytes, file.name, maxBytes);
      checkHash(unpacked, file, file.name);
    },
    ...(options.onDownload && { onAttempt: options.onDownload }),
  });
  await keep(path, packed);
  return { path, bytes: unpacked };
}

async function keep(path: string, packed: Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(path, packed, { makeFolder: true });
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause);
    throw new DataError(`${path}: the download cannot be kept: ${reason}`, { cause });
  }
}

function defaultCacheFolder(): string {
  const cache = process.env.XDG_CACHE_HOME ?? '';
  return join(isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'axonode', 'mnist');
}

function checkHash(bytes: Uint8Array, file: SourceFile, path: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== file.sha256) {
    throw new DataError(`${path}: not the original: SHA-256 is ${found}, expected ${file.sha256}`);
  }
}

function combine(imageFile: Content, labelFile: Content): LabelledImages {
  // The pixels stay where the file was read to: a copy would take as much memory again.
  const images = parseIdxHeader(imageFile.bytes, imageFile.path);
  const labels = parseIdxHeader(labelFile.bytes, labelFile.path);
  const [count = 0, rows = 0, cols = 0] = images.shape;
  if (images.kind !== 'uint8' || images.shape.length !== 3 || rows !== 28 || cols !== 28) {
    throw new DataError(
      `${imageFile.path}: holds ${images.kind} of shape [${images.shape.join(', ')}], ` +
        'expected images: uint8 of shape [count, 28, 28]',
    );
  }
  if (labels.kind !== 'uint8' || labels.shape.length !== 1) {
    throw new DataError(
      `${labelFile.path}: holds ${labels.kind} of shape [${labels.shape.join(', ')}], ` +
        'expected labels: uint8 of shape [count]',
    );
  }
  const classes = labelFile.bytes.subarray(labels.start);
  if (classes.length !== count) {
    throw new DataError(
      `${labelFile.path}: ${classes.length} labels for the ${count} images of ${imageFile.path}`,
    );
  }
  const wrong = classes.findIndex((label) => label > 9);
  if (wrong >= 0) {
    throw new DataError(`${labelFile.path}: label ${wrong} is ${classes[wrong]}, expected 0 to 9`);
  }
  const pixels = imageFile.bytes.subarray(images.start);
  return { images: pixels, labels: classes, count, channels: 1, rows, cols };
}
