import { Buffer } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { synchronize } from '../../backend/select.js';
import { CheckpointError, WriteError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomicFile.js';
import { type Json, parseExact, stringifyExact } from '../../io/json.js';
import { reasonOf } from '../../io/path.js';
import { RegularFile } from '../../io/regularFile.js';
import { layOut, readSafetensorsFrom, type SafetensorsEntry } from '../../io/safetensorsFile.js';
import { newArray } from '../../tensor/dtype.js';
import { rowMajor, type Tensor } from '../../tensor/tensor.js';

// A checkpoint is a safetensors file. Its metadata are the format's name, the SHA-256 of the whole file (taken with
// zeros in the checksum's own place), and the state that is no tensor, as JSON. The header begins with them, so the
// checksum has one place in all checkpoints.

const FORMAT = 'axonode.checkpoint.1';
const BEGIN = `{"__metadata__":{"format":"${FORMAT}","sha256":"`;
const NO_CHECKSUM = '0'.repeat(64);

/** Bytes hashed or copied before others get a turn. */
const SLICE_BYTES = 4 * 2 ** 20;

/** What a checkpoint holds. */
export interface Checkpoint {
  readonly state: Json;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

async function hashPiece(hash: Hash, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; at += SLICE_BYTES) {
    hash.update(piece.subarray(at, at + SLICE_BYTES));
    if (piece.length - at > SLICE_BYTES) await setImmediate();
  }
}

/** A tensor's elements, copied bit by bit, so that the event loop is not held up by large ones. */
async function entryOf(tensor: Tensor): Promise<SafetensorsEntry> {
  const handle = rowMajor(tensor).detach().keep();
  try {
    await synchronize();
    const source = handle.raw;
    const data = newArray(tensor.dtype, tensor.size, 'a tensor of the checkpoint');
    const slice = SLICE_BYTES / data.BYTES_PER_ELEMENT;
    for (let at = 0; at < tensor.size; at += slice) {
      data.set(source.subarray(at, Math.min(at + slice, tensor.size)), at);
      if (tensor.size - at > slice) await setImmediate();
    }
    return { dtype: tensor.dtype, shape: tensor.shape, data };
  } finally {
    handle.dispose();
  }
}

/** A checkpoint as the pieces of a file; the tensors may change once it is done. */
export async function encodeCheckpoint(
  state: object,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<Uint8Array[]> {
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, tensor] of tensors) entries.set(name, await entryOf(tensor));
  const metadata = { format: FORMAT, sha256: NO_CHECKSUM, state: stringifyExact(state) };
  const pieces = layOut(entries, metadata);
  const hash = createHash('sha256');
  for (const piece of pieces) await hashPiece(hash, piece);
  const [, header] = pieces;
  header?.set(Buffer.from(hash.digest('hex')), BEGIN.length);
  return pieces;
}

/**
 * Writes what {@link encodeCheckpoint} gave, in one piece or not at all; makes the folder.
 * @throws CheckpointError if it cannot be written; what was there before is as it was
 */
export async function writeCheckpoint(path: string, pieces: Uint8Array[]): Promise<void> {
  try {
    await writeFileAtomic(path, pieces, { makeFolder: true });
  } catch (error) {
    // The system's own error says most.
    const cause = error instanceof WriteError ? (error.cause ?? error) : error;
    throw new CheckpointError(
      `${path}: the checkpoint cannot be written: ${reasonOf(cause)}; what was there before is untouched`,
      { cause },
    );
  }
}

/** The checksum of a file, of its pieces in their order; the second is the header, which has the checksum in it. */
class Checksum {
  readonly #hash = createHash('sha256');
  #pieces = 0;

  async add(piece: Uint8Array): Promise<void> {
    let bytes = piece;
    if (this.#pieces++ === 1) {
      bytes = piece.slice();
      bytes.fill(NO_CHECKSUM.charCodeAt(0), BEGIN.length, BEGIN.length + NO_CHECKSUM.length);
    }
    await hashPiece(this.#hash, bytes);
  }

  get value(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * Reads a checkpoint, and makes sure that every bit of it is as it was written. The file is opened and gone through
 * once, so one that is replaced meanwhile does no harm.
 * @throws CheckpointError that says what is wrong with the file
 */
export function readCheckpoint(path: string): Promise<Checkpoint> {
  return RegularFile.use(path, { fault: CheckpointError }, readFrom);
}

async function readFrom(file: RegularFile): Promise<Checkpoint> {
  const { name: path } = file;
  const sum = new Checksum();
  const { entries, metadata } = await readSafetensorsFrom(file, { float64: 'float64' }, (piece) =>
    sum.add(piece),
  );
  const format = metadata.get('format');
  if (format !== FORMAT) {
    const found = format === undefined ? 'it names no format' : `its format is ${format}`;
    throw new CheckpointError(`${path}: no checkpoint of a training run: ${found}, not ${FORMAT}`);
  }
  const checksum = sum.value;
  if (metadata.get('sha256') !== checksum) {
    throw new CheckpointError(
      `${path}: damaged: its bytes have the checksum ${checksum}, not ${metadata.get('sha256')} as when it was written`,
    );
  }
  try {
    return { state: parseExact(metadata.get('state') ?? ''), tensors: entries };
  } catch (cause) {
    throw new CheckpointError(`${path}: its state is no JSON: ${reasonOf(cause)}`, { cause });
  }
}
