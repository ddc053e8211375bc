import { extname, join } from 'node:path';
import { DataError } from '../errors.js';
import { listFolder, statOf } from '../io/folder.js';
import { unpackedPieces } from '../io/gzip.js';
import { compareNames } from '../io/names.js';
import { kindOf } from '../io/path.js';
import { RegularFile } from '../io/regularFile.js';
import { runInTurns, sortSteps } from '../io/turns.js';
import { IMAGE_EXTENSIONS } from '../vision/decode.js';
import { Budget } from './budget.js';
import { tarEntries } from './tar.js';

/** An image of a class, not decoded. */
export interface FoundImage {
  /** For messages. */
  readonly path: string;
  readonly label: number;
  /** A file's path, or the bytes of an image in an archive. */
  readonly source: string | Uint8Array;
}

/** A file and the path to it below the root, in parts. */
interface Candidate {
  readonly parts: readonly string[];
  readonly source: string | Uint8Array;
}

const MAX_DEPTH = 16;
/** Memory that an image of an archive takes besides its bytes. */
const BYTES_PER_ENTRY = 1024;

/**
 * The images below a root, a folder or a tar archive, with the folders right below it as their classes, both
 * sorted by name.
 * @param maxArchiveBytes that an archive may unpack to, and its images may take
 * @throws DataError if there are none, or a class has none
 */
export async function findImages(
  root: string,
  maxArchiveBytes: number,
): Promise<{ classes: readonly string[]; images: readonly FoundImage[] }> {
  const stats = await statOf(root, DataError);
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new DataError(`${root}: neither a folder nor an archive, but ${kindOf(stats)}`);
  }
  const budget = new Budget('ImageFolder', maxArchiveBytes, 'maxArchiveBytes');
  const candidates = stats.isFile() ? await inArchive(root, budget) : await inFolder(root);
  const classes = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const name = candidate.parts[0] ?? '';
    const list = classes.get(name) ?? [];
    classes.set(name, list);
    if (candidate.parts.length > 1) list.push(candidate);
  }
  if (classes.size === 0) throw new DataError(`${root}: no folders, which would be the classes`);
  const names = await runInTurns(sortSteps([...classes.keys()], compareNames));
  const images: FoundImage[] = [];
  for (const [label, name] of names.entries()) {
    const list = classes.get(name) ?? [];
    if (list.length === 0) {
      throw new DataError(
        `${join(root, name)}: a class without images (${IMAGE_EXTENSIONS.join(' ')})`,
      );
    }
    const named = list.map(({ parts, source }) => ({ name: parts.join('/'), source }));
    for (const { name: path, source } of await runInTurns(
      sortSteps(named, (a, b) => compareNames(a.name, b.name)),
    )) {
      images.push({ path: join(root, path), label, source });
    }
  }
  return { classes: names, images };
}

function isImage(name: string): boolean {
  return !name.startsWith('.') && IMAGE_EXTENSIONS.includes(extname(name).toLowerCase());
}

/** Each class, as a candidate of one part, and the images in it. */
async function inFolder(root: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const { name } of await listFolder(root, DataError)) {
    // A class may be a link to a folder elsewhere; below it, folders that are links could lead in circles.
    if (name.startsWith('.')) continue;
    if (!(await statOf(join(root, name), DataError)).isDirectory()) continue;
    found.push({ parts: [name], source: '' });
    await collect(join(root, name), [name], found);
  }
  return found;
}

async function collect(
  folder: string,
  parts: readonly string[],
  found: Candidate[],
): Promise<void> {
  if (parts.length > MAX_DEPTH) {
    throw new DataError(`${folder}: folders within folders, more than ${MAX_DEPTH} deep`);
  }
  for (const { name, isFolder } of await listFolder(folder, DataError)) {
    const path = join(folder, name);
    if (isFolder) await collect(path, [...parts, name], found);
    else if (isImage(name)) found.push({ parts: [...parts, name], source: path });
  }
}

async function inArchive(path: string, budget: Budget): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const partsOf = (name: string) => name.split('/').filter((part) => part !== '' && part !== '.');
  const isWanted = (name: string, size: number): boolean => {
    if (!isImage(name.slice(name.lastIndexOf('/') + 1))) return false;
    budget.take(size + BYTES_PER_ENTRY, path);
    return true;
  };
  await RegularFile.use(path, { fault: DataError }, async (file) => {
    const pieces = unpackedPieces(file, budget.maxBytes);
    for await (const { name, bytes } of tarEntries(pieces, path, isWanted)) {
      found.push({ parts: partsOf(name), source: bytes });
    }
  });
  // Most archives hold one folder, which holds the classes.
  const [top] = found[0]?.parts ?? [];
  const hasTop = found.every(({ parts }) => parts[0] === top && parts.length > 2);
  const below = hasTop
    ? found.map(({ parts, source }) => ({ parts: parts.slice(1), source }))
    : found.filter(({ parts }) => parts.length > 1);
  return below;
}
