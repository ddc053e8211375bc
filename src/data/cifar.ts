import { join } from 'node:path';
import process from 'node:process';
import { TextDecoder } from 'node:util';
import { DataError } from '../errors.js';
import { isThere } from '../io/folder.js';
import { unpackedPieces } from '../io/gzip.js';
import { checkPath } from '../io/path.js';
import { RegularFile } from '../io/regularFile.js';
import { Turns } from '../io/turns.js';
import { checkChoice } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import { Budget } from './budget.js';
import { readMaybeGzip } from './idx.js';
import { type LabelledImages, SPLITS, type Split } from './labelledImages.js';
import { tarEntries } from './tar.js';

/** Mean and standard deviation of the training pixels' red, green and blue, scaled to 0 to 1. */
export const CIFAR10_MEAN = [0.4914, 0.4822, 0.4465] as const;
export const CIFAR10_STD = [0.247, 0.2435, 0.2616] as const;

/** Names of the classes of CIFAR-10, in the order of their labels. */
export const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;
/** The archives unpack to 184 MB, the pixels of a set have 154 MB; others of this form may have more. */
const MAX_BYTES = 2 ** 29;

/** Files of one of the two sets. */
interface Source {
  readonly name: string;
  /** The folder that the archive unpacks to. */
  readonly folder: string;
  readonly archive: string;
  /** Below AXONODE_DATA. */
  readonly subfolder: string;
}

const CIFAR10: Source = {
  name: 'CIFAR-10',
  folder: 'cifar-10-batches-bin',
  archive: 'cifar-10-binary.tar.gz',
  subfolder: 'cifar10',
};
const CIFAR100: Source = {
  name: 'CIFAR-100',
  folder: 'cifar-100-binary',
  archive: 'cifar-100-binary.tar.gz',
  subfolder: 'cifar100',
};

export interface CifarOptions {
  /**
   * A folder with the binary files, or with the folder that their archive unpacks to, or with the archive; or the
   * archive itself. Default: `cifar10` or `cifar100` in the folder that the environment variable AXONODE_DATA names.
   */
  folder?: string;
  /** Bytes to hold at most, files and pixels together; no archive may unpack to more. Default: 512 MiB. */
  maxBytes?: number;
}

const CIFAR: OptionNames<CifarOptions> = { folder: true, maxBytes: true };

export interface Cifar100Options extends CifarOptions {
  /** 100 classes, or the 20 groups that they form. Default: fine. */
  labels?: 'fine' | 'coarse';
}

const WITH_LABELS: OptionNames<Cifar100Options> = {
  folder: true,
  labels: true,
  maxBytes: true,
};

/**
 * CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009) in its binary version:
 * 50,000 photographs to train with and 10,000 to test with, 32x32, of 10 classes
 * (https://www.cs.toronto.edu/~kriz/cifar.html, cifar-10-binary.tar.gz).
 *
 * @throws DataError that names the file and what is wrong with it
 */
export async function loadCifar10(
  split: Split,
  options: CifarOptions = {},
): Promise<LabelledImages> {
  checkOptions('loadCifar10', options, CIFAR);
  checkChoice(split, SPLITS, 'split', 'loadCifar10');
  const names =
    split === 'train' ? [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`) : ['test_batch.bin'];
  const budget = new Budget('loadCifar10', options.maxBytes ?? MAX_BYTES);
  const files = await readFiles(CIFAR10, options.folder, budget, names);
  return { ...(await combine(files, 1, 0, 10, budget)), classes: CIFAR10_CLASSES };
}

/**
 * CIFAR-100 in its binary version: as {@link loadCifar10}, with 100 classes in 20 groups
 * (cifar-100-binary.tar.gz). The classes have names if `fine_label_names.txt` or `coarse_label_names.txt` is there.
 *
 * @throws DataError that names the file and what is wrong with it
 */
export async function loadCifar100(
  split: Split,
  options: Cifar100Options = {},
): Promise<LabelledImages> {
  checkOptions('loadCifar100', options, WITH_LABELS);
  const { folder, labels = 'fine' } = options;
  checkChoice(split, SPLITS, 'split', 'loadCifar100');
  checkChoice(labels, ['fine', 'coarse'], 'labels', 'loadCifar100');
  const names = `${labels}_label_names.txt`;
  const budget = new Budget('loadCifar100', options.maxBytes ?? MAX_BYTES);
  const files = await readFiles(CIFAR100, folder, budget, [`${split}.bin`], [names]);
  const list = files.find(({ path }) => path.endsWith(names));
  const images = files.filter((file) => file !== list);
  const count = labels === 'fine' ? 100 : 20;
  const set = await combine(images, 2, labels === 'fine' ? 1 : 0, count, budget);
  const classes = list && new TextDecoder().decode(list.bytes).split(/\s+/).filter(Boolean);
  if (list && classes?.length !== count) {
    throw new DataError(`${list.path}: ${classes?.length} names, expected ${count}`);
  }
  return classes ? { ...set, classes } : set;
}

interface Content {
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The wanted files, in order, and those of the others that are there. */
async function readFiles(
  source: Source,
  given: string | undefined,
  budget: Budget,
  wanted: readonly string[],
  others: readonly string[] = [],
): Promise<Content[]> {
  if (given !== undefined) checkPath(source.name, given);
  const root =
    given ?? (process.env.AXONODE_DATA && join(process.env.AXONODE_DATA, source.subfolder));
  if (!root) {
    throw new DataError(
      `${source.name}: give folder, or set AXONODE_DATA to a folder with ${source.subfolder}/`,
    );
  }
  const first = wanted[0] ?? '';
  for (const folder of [root, join(root, source.folder)]) {
    if (!(await isThere(join(folder, first)))) continue;
    const here = await Promise.all(others.map((name) => isThere(join(folder, name))));
    const names = [...wanted, ...others.filter((_, i) => here[i])];
    const files: Content[] = [];
    for (const name of names) {
      const path = join(folder, name);
      const bytes = await readMaybeGzip(path, budget.left);
      budget.take(bytes.length, path);
      files.push({ path, bytes });
    }
    return files;
  }
  for (const archive of [join(root, source.archive), root]) {
    if ((archive === root && !/\.(tar|tgz|tar\.gz)$/.test(root)) || !(await isThere(archive)))
      continue;
    return readArchive(archive, budget, wanted, others);
  }
  throw new DataError(
    `${join(root, first)}: missing; neither there, nor in ${source.folder}/, nor is there ${source.archive}`,
  );
}

async function readArchive(
  archive: string,
  budget: Budget,
  wanted: readonly string[],
  others: readonly string[],
): Promise<Content[]> {
  const found = new Map<string, Uint8Array>();
  const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  const isWanted = (name: string, size: number): boolean => {
    if (![...wanted, ...others].includes(baseOf(name))) return false;
    budget.take(size, archive);
    return true;
  };
  await RegularFile.use(archive, { fault: DataError }, async (file) => {
    const pieces = unpackedPieces(file, budget.maxBytes);
    for await (const { name, bytes } of tarEntries(pieces, archive, isWanted)) {
      found.set(baseOf(name), bytes);
    }
  });
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length > 0) throw new DataError(`${archive}: holds no ${missing.join(', ')}`);
  return [...wanted, ...others].flatMap((name) => {
    const bytes = found.get(name);
    return bytes ? [{ path: `${archive}: ${name}`, bytes }] : [];
  });
}

/** Records of some labels, of which the one at `labelAt` counts, and the pixels of one image. */
async function combine(
  files: readonly Content[],
  labelBytes: number,
  labelAt: number,
  classes: number,
  budget: Budget,
): Promise<LabelledImages> {
  const record = labelBytes + PIXELS;
  for (const { path, bytes } of files) {
    if (bytes.length === 0 || bytes.length % record !== 0) {
      throw new DataError(
        `${path}: ${bytes.length} bytes are no whole number of images of ${record} bytes: truncated, or not CIFAR`,
      );
    }
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  budget.take(count * PIXELS, files[0]?.path ?? '');
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  let next = 0;
  const turns = new Turns();
  for (const { path, bytes } of files) {
    for (let at = 0; at < bytes.length; at += record) {
      const label = bytes[at + labelAt] ?? 0;
      if (label >= classes) {
        throw new DataError(
          `${path}: label ${label} of image ${at / record}, expected 0 to ${classes - 1}`,
        );
      }
      labels[next] = label;
      images.set(bytes.subarray(at + labelBytes, at + record), next * PIXELS);
      next++;
      if (next % 256 === 0 && turns.isDue) await turns.next();
    }
  }
  return { images, labels, count, channels: 3, rows: SIDE, cols: SIDE };
}
