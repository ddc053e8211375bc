import { expect, test } from 'vitest';
import { AppendFile } from '../../src/io/appendFile.js';
import * as io from '../../src/io/index.js';
import { describeOptions, type OptionsCase, withoutCase } from '../support/options.js';

// Each is refused before a file is touched.
const missing = '/no/such/folder/file';
const cases: OptionsCase[] = [
  ['AppendFile', (options) => AppendFile.open(missing, options), 'isnew', 'isNew'],
  ['loadSafetensors', (options) => io.loadSafetensors(missing, options), 'float_64', 'float64'],
  [
    'parseSafetensors',
    (options) => io.parseSafetensors(new Uint8Array(0), options),
    'files',
    'file',
  ],
  [
    'saveSafetensors',
    (options) => io.saveSafetensors(missing, {}, options),
    'metadate',
    'metadata',
  ],
  [
    'serializeSafetensors',
    (options) => io.serializeSafetensors({}, options),
    'meta_data',
    'metadata',
  ],
  [
    'writeFileAtomic',
    (options) => io.writeFileAtomic(missing, 'text', options),
    'makeFoldr',
    'makeFolder',
  ],
];

describeOptions(cases);

test('every function that is exported is in the table', () => {
  expect(withoutCase(io, cases)).toEqual([]);
});
