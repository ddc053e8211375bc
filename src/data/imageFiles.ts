import { Buffer } from 'node:buffer';
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { DataError } from '../errors.js';
import { isError } from '../realm.js';
import { IMAGE_EXTENSIONS } from '../vision/decode.js';
import { readMaybeGzip } from './idx.js';
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

/** Largest archive that is read into memory. */
const MAX_ARCHIVE_BYTES = 2 ** 31;
const MAX_DEPTH = 16;
/** Entries of an archive between two turns of the event loop. */
const ENTRIES_PER_TURN = 1000;

/**
 * The images below a root, a folder or a tar archive, with the folders right below it as their classes, both
 * sorted by name.
 * @throws DataError if there are none, or a class has none
 */
export async function findImages(
  root: string,
): Promise<{ classes: readonly string[]; images: readonly FoundImage[] }> {
  const candidates = (await statOf(root)).isFile() ? await inArchive(root) : await inFolder(root);
  const classes = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const name = candidate.parts[0] ?? '';
    const list = classes.get(name) ?? [];
    classes.set(name, list);
    if (candidate.parts.length > 1) list.push(candidate);
  }
  if (classes.size === 0) throw new DataError(`${root}: no folders, which would be the classes`);
  const names = [...classes.keys()].sort(byName);
  const images: FoundImage[] = [];
  for (const [label, name] of names.entries()) {
    const list = classes.get(name) ?? [];
    if (list.length === 0) {
      throw new DataError(
        `${join(root, name)}: a class without images (${IMAGE_EXTENSIONS.join(' ')})`,
      );
    }
    list.sort((a, b) => byName(a.parts.join('/'), b.parts.join('/')));
    for (const { parts, source } of list) {
      images.push({ path: join(root, ...parts), label, source });
    }
  }
  return { classes: names, images };
}

/** What the file system says of a path; its faults name the path. */
async function asked<T>(path: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause);
    throw new DataError(`${path}: cannot be read: ${reason}`, { cause });
  }
}

function statOf(path: string): Promise<Stats> {
  return asked(path, () => stat(path));
}

/** Order of code points, as in Python; JavaScript's own is that of UTF-16 units. */
function byName(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isImage(name: string): boolean {
  return !name.startsWith('.') && IMAGE_EXTENSIONS.includes(extname(name).toLowerCase());
}

/** Each class, as a candidate of one part, and the images in it. */
async function inFolder(root: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const name of await asked(root, () => readdir(root))) {
    // A class may be a link to a folder elsewhere; below it, folders that are links could lead in circles.
    if (name.startsWith('.') || !(await statOf(join(root, name))).isDirectory()) continue;
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
  for (const entry of await asked(folder, () => readdir(folder, { withFileTypes: true }))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await collect(path, [...parts, entry.name], found);
    else if (isImage(entry.name)) found.push({ parts: [...parts, entry.name], source: path });
  }
}

async function inArchive(path: string): Promise<Candidate[]> {
  const found: Candidate[] = [];
  let read = 0;
  for (const { name, bytes } of tarEntries(await readMaybeGzip(path, MAX_ARCHIVE_BYTES), path)) {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (isImage(parts.at(-1) ?? '')) found.push({ parts, source: bytes });
    if (++read % ENTRIES_PER_TURN === 0) await turn();
  }
  // Most archives hold one folder, which holds the classes.
  const [top] = found[0]?.parts ?? [];
  const hasTop = found.every(({ parts }) => parts[0] === top && parts.length > 2);
  const below = hasTop
    ? found.map(({ parts, source }) => ({ parts: parts.slice(1), source }))
    : found.filter(({ parts }) => parts.length > 1);
  return below;
}
