import { describe, expect, it } from 'vitest';
import { ArgumentError, CheckpointError, nn, type Tensor, tensor } from '../../src/index.js';

const makeModel = () => new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));

describe('loadStateDict', () => {
  it('takes weights from before PyTorch 0.4.1, which lack num_batches_tracked', () => {
    const state = makeModel().stateDict();
    state.delete('1.num_batches_tracked');
    const model = makeModel();
    model.forward(tensor([1, 2, 3, 4], { shape: [2, 2] }));
    expect(model.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    // As in PyTorch, it stays as it is.
    expect(model.stateDict().get('1.num_batches_tracked')?.dataSync()).toEqual(Int32Array.of(1));
    const weight = state.get('0.weight')?.dataSync();
    expect(model.stateDict().get('0.weight')?.dataSync()).toEqual(weight);
  });

  it('still wants the running statistics themselves', () => {
    const state = makeModel().stateDict();
    state.delete('1.running_mean');
    expect(() => makeModel().loadStateDict(state)).toThrow(/missing: 1\.running_mean/);
  });

  it('takes a scalar that PyTorch before 0.4 saved with one axis', () => {
    class Scaled extends nn.Module {
      readonly scale = new nn.Parameter(tensor(1));
      override forward(x: Tensor): Tensor {
        return x.mul(this.scale);
      }
    }
    const model = new Scaled();
    model.loadStateDict({ scale: tensor([3]) });
    expect(model.scale.dataSync()).toEqual(Float32Array.of(3));
    expect(() => model.loadStateDict({ scale: tensor([3, 4]) })).toThrow(/scale is \[2\]/);
  });

  it('passes over what PyTorch notes beside the tensors', () => {
    const state = { ...Object.fromEntries(makeModel().stateDict()), _metadata: { version: 1 } };
    const given = state as unknown as Record<string, Tensor>;
    expect(makeModel().loadStateDict(given)).toEqual({ missing: [], unexpected: [] });
  });

  it('names the prefix that a wrapper has put before all names', () => {
    for (const prefix of ['module.', '_orig_mod.', 'net.']) {
      const state = Array.from(makeModel().stateDict(), ([name, t]) => [prefix + name, t] as const);
      const load = () => makeModel().loadStateDict(new Map(state));
      expect(load).toThrow(CheckpointError);
      expect(load).toThrow(`the names in the state begin with ${prefix}`);
      expect(load).toThrow(`name.slice(${prefix.length})`);
    }
    const inner = new nn.Linear(2, 3).stateDict();
    const outer = new nn.Sequential(new nn.Linear(2, 3));
    expect(() => outer.loadStateDict(inner)).toThrow(/the names of the model begin with 0\./);
  });

  it('refuses what is no state, and stays as it is', () => {
    const model = makeModel();
    const good = model.stateDict();
    const before = Array.from(good, ([name, value]) => [name, Array.from(value.dataSync())]);
    const throwing = Object.defineProperty({ ...Object.fromEntries(good) }, '1.weight', {
      enumerable: true,
      get() {
        throw new TypeError('no');
      },
    });
    const proxied = new Map(good).set('0.bias', new Proxy(tensor([1, 2, 3]), {}));
    const wrong: unknown[] = [
      null,
      undefined,
      7,
      'weights',
      [],
      throwing,
      new Map<unknown, unknown>([[3, 4]]),
      new Map<string, unknown>(good).set('0.bias', null),
      new Map<string, unknown>(good).set('0.bias', { shape: [3], dtype: 'float32' }),
      proxied,
      new Proxy(new Map(good), {}),
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error('no keys');
          },
        },
      ),
    ];
    for (const state of wrong) {
      let error: unknown = null;
      try {
        model.loadStateDict(state as Map<string, Tensor>);
      } catch (cause) {
        error = cause;
      }
      const isOurs = error instanceof CheckpointError || error instanceof ArgumentError;
      expect(isOurs, String(error)).toBe(true);
      const after = Array.from(good, ([name, value]) => [name, Array.from(value.dataSync())]);
      expect(after).toEqual(before);
    }
  });
});
