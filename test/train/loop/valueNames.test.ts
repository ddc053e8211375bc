import { describe, expect, it } from 'vitest';
import { splitValues } from '../../../src/train/loop/valueNames.js';

describe('splitValues', () => {
  it('tells values of the validation data by their names', () => {
    expect(splitValues({ loss: 1, valLoss: 2, valTop5: 3, valence: 4 })).toEqual({
      training: { loss: 1, valence: 4 },
      validation: { loss: 2, top5: 3 },
    });
  });
});
