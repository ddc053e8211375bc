import { ArgumentError } from '../errors.js';
import { tensor } from '../ops/creation.js';
import { checkOptions } from '../options.js';
import { Tensor } from '../tensor/tensor.js';
import {
  type Named,
  pairs,
  READ_NAMES,
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsInfo,
  type SafetensorsReadOptions,
  type SafetensorsWriteOptions,
  WRITE_NAMES,
  writeSafetensors,
} from './safetensorsFile.js';
import { Turns } from './turns.js';

export {
  type Named,
  parseSafetensors,
  type SafetensorsContent,
  type SafetensorsEntry,
  type SafetensorsInfo,
  type SafetensorsReadOptions,
  type SafetensorsWriteOptions,
  serializeSafetensors,
} from './safetensorsFile.js';

/** Tensors by name, and the notes that came with them. */
export interface LoadedSafetensors {
  /** In the order of the file's header. */
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
  /** Tensors that `unreadable: 'skip'` has left out. */
  readonly skipped: Map<string, SafetensorsInfo>;
}

/**
 * Loads the tensors of a safetensors file: all of them, or those that `only` names; if anything is wrong with the
 * file, none. What it reads is told at {@link parseSafetensors}.
 *
 * @throws CheckpointError that names the file and the fault
 *
 * @example
 * const { tensors } = await loadSafetensors('lenet.safetensors');
 * model.loadStateDict(tensors);
 *
 * // A file that has tensors of a dtype that cannot be read, such as F8_E4M3:
 * const { tensors, skipped } = await loadSafetensors('large.safetensors', { unreadable: 'skip' });
 * const head = await loadSafetensors('large.safetensors', { only: (name) => name.startsWith('head.') });
 */
export async function loadSafetensors(
  path: string,
  options: SafetensorsReadOptions = {},
): Promise<LoadedSafetensors> {
  checkOptions('loadSafetensors', options, READ_NAMES);
  const { entries, metadata, skipped } = await readSafetensors(path, options);
  const tensors = new Map<string, Tensor>();
  const turns = new Turns();
  for (const [name, { data, shape, dtype }] of entries) {
    tensors.set(name, tensor(data, { shape, dtype }));
    if (turns.isDue) await turns.next();
  }
  return { tensors, metadata, skipped };
}

/**
 * Saves tensors, such as a model's `stateDict()`, as a safetensors file, in one piece or not at all. Any library
 * that knows the format reads it.
 *
 * @throws CheckpointError for names that a file cannot hold
 * @throws WriteError if the file cannot be written; what was there before is as it was
 *
 * @example
 * await saveSafetensors('lenet.safetensors', model.stateDict(), { metadata: { epoch: '3' } });
 */
export async function saveSafetensors(
  path: string,
  tensors: Named<Tensor>,
  options: SafetensorsWriteOptions = {},
): Promise<void> {
  checkOptions('saveSafetensors', options, WRITE_NAMES);
  const entries = await Promise.all(
    pairs(tensors).map(async ([name, t]): Promise<[string, SafetensorsEntry]> => {
      if (!(t instanceof Tensor)) {
        throw new ArgumentError(`saveSafetensors: ${JSON.stringify(name)} is no tensor`);
      }
      return [name, { dtype: t.dtype, shape: t.shape, data: await t.data() }];
    }),
  );
  await writeSafetensors(path, new Map(entries), options);
}
