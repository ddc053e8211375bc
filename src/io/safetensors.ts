import { tensor } from '../ops/creation.js';
import { checkOptions } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type Named,
  pairs,
  READ_NAMES,
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsReadOptions,
  type SafetensorsWriteOptions,
  WRITE_NAMES,
  writeSafetensors,
} from './safetensorsFile.js';

export {
  type Named,
  parseSafetensors,
  type SafetensorsContent,
  type SafetensorsEntry,
  type SafetensorsReadOptions,
  type SafetensorsWriteOptions,
  serializeSafetensors,
} from './safetensorsFile.js';

/** Tensors by name, and the notes that came with them. */
export interface LoadedSafetensors {
  /** In the order of the file's header. */
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}

/**
 * Loads the tensors of a safetensors file: all of them or, if anything is wrong with the file, none.
 *
 * @throws CheckpointError that names the file and the fault
 *
 * @example
 * const { tensors } = await loadSafetensors('lenet.safetensors');
 * model.loadStateDict(tensors);
 */
export async function loadSafetensors(
  path: string,
  options: SafetensorsReadOptions = {},
): Promise<LoadedSafetensors> {
  checkOptions('loadSafetensors', options, READ_NAMES);
  const { entries, metadata } = await readSafetensors(path, options);
  const tensors = new Map<string, Tensor>();
  for (const [name, { data, shape, dtype }] of entries) {
    tensors.set(name, tensor(data, { shape, dtype }));
  }
  return { tensors, metadata };
}

/**
 * Saves tensors, such as a model's `stateDict()`, as a safetensors file, in one piece or not at all. Any library
 * that knows the format reads it.
 *
 * @throws CheckpointError for names that a file cannot hold
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
      return [name, { dtype: t.dtype, shape: t.shape, data: await t.data() }];
    }),
  );
  await writeSafetensors(path, new Map(entries), options);
}
