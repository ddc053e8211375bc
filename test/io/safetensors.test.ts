import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../src/errors.js';
import { loadSafetensors, saveSafetensors } from '../../src/io/safetensors.js';
import { tensor } from '../../src/ops/creation.js';
import { eachInFolder } from '../support/folder.js';

describe('saveSafetensors and loadSafetensors', () => {
  let folder = '';
  eachInFolder((path) => {
    folder = path;
  });

  it('carry tensors of every dtype, with metadata', async () => {
    const path = join(folder, 'model.safetensors');
    const weight = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const steps = tensor(12, { dtype: 'int32' });
    const mask = tensor(Uint8Array.of(1, 0, 1));
    await saveSafetensors(path, { weight, steps, mask }, { metadata: { epoch: '3' } });
    const { tensors, metadata } = await loadSafetensors(path);
    expect(metadata.get('epoch')).toBe('3');
    expect(tensors.size).toBe(3);
    expect(tensors.get('weight')?.shape).toEqual([2, 3]);
    expect(tensors.get('weight')?.dataSync()).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(tensors.get('steps')?.shape).toEqual([]);
    expect(tensors.get('steps')?.itemSync()).toBe(12);
    expect(tensors.get('mask')?.dtype).toBe('uint8');
    await saveSafetensors(path, tensors);
    expect((await loadSafetensors(path)).metadata.size).toBe(0);
  });

  it('name the file that cannot be loaded', async () => {
    const missing = loadSafetensors(join(folder, 'none.safetensors'));
    await expect(missing).rejects.toThrow(CheckpointError);
    await expect(missing).rejects.toThrow(/none\.safetensors/);
  });
});
