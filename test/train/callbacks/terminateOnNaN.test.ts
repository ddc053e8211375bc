import { describe, expect, it } from 'vitest';
import {
  data as AxonodeData,
  backendInfo,
  crossEntropy,
  manualSeed,
  NonFiniteError,
  nn,
  optim,
  randint,
  randn,
  type Tensor,
  tensor,
  train,
} from '../../../src/index.js';
import { bitsOf, clouds } from '../support.js';

function setUp() {
  manualSeed(2);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  return { model, data: clouds(), loss: crossEntropy, optimizer, progress: false } as const;
}

describe('TerminateOnNaN', () => {
  it('names the layer whose output went bad first, and keeps the weights', async () => {
    class Root extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.sub(100).sqrt();
      }
    }
    const run = setUp();
    const model = new nn.Sequential({
      first: new nn.Linear(4, 8),
      root: new Root(),
      last: new nn.Linear(8, 2),
    });
    const before = await bitsOf(model);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const callbacks = [new train.TerminateOnNaN()];
    const failure: unknown = await train
      .fit({ ...run, model, optimizer, callbacks })
      .catch((error) => error);
    expect(failure).toBeInstanceOf(NonFiniteError);
    expect(failure).toMatchObject({ where: 'root', step: 1 });
    expect(String(failure)).toMatch(/loss of step 1 is NaN: the output of root \(Root\) went bad/);
    expect(await bitsOf(model)).toEqual(before);
  });

  it('names the parameter whose gradient went bad', async () => {
    const run = setUp();
    const spoil: train.Callback = {
      onBeforeUpdate({ model }, { step }) {
        const [first, , third] = model.parameters();
        if (step !== 3) return;
        first?.grad?.copyFrom(new Float32Array(32).fill(Number.NaN));
        third?.grad?.copyFrom(new Float32Array(16).fill(Number.POSITIVE_INFINITY));
      },
    };
    const training = train.fit({ ...run, callbacks: [spoil, new train.TerminateOnNaN()] });
    await expect(training).rejects.toMatchObject({ where: '2.weight', step: 4 });
  });

  it('tells bad data and a bad loss from a bad layer', async () => {
    const run = setUp();
    const callbacks = [new train.TerminateOnNaN()];
    const data = clouds({ noise: Number.NaN });
    const badData = train.fit({ ...run, data, callbacks });
    await expect(badData).rejects.toThrow(/input 0 of 0 \(Linear\) was bad already/);
    const loss = (x: Tensor, y: Tensor) => crossEntropy(x, y).mul(Number.POSITIVE_INFINITY);
    const badLoss = train.fit({ ...run, loss, callbacks });
    await expect(badLoss).rejects.toThrow(/no layer of the model is to blame/);
  });

  it('leaves a healthy run as it is', async () => {
    const [plain, watched] = [setUp(), setUp()];
    await train.fit(plain);
    await train.fit({ ...watched, callbacks: [new train.TerminateOnNaN()] });
    expect(await bitsOf(watched.model)).toEqual(await bitsOf(plain.model));
  });

  it.runIf(backendInfo().name === 'native')(
    'knows of losses that only fast convolutions make infinite',
    async () => {
      // One pixel so bright that the sums of its tile overflow, though no filter's does.
      const images = randn([4, 16, 16, 16]);
      const pixels = Float32Array.from(images.dataSync());
      pixels[4 * 16 + 4] = 3e38;
      const data = new AxonodeData.TensorDataset(
        tensor(pixels, { shape: [4, 16, 16, 16] }),
        randint(0, 2, [4]),
      );
      class Bounded extends nn.Module {
        readonly conv = new nn.Conv2d(16, 16, 3, { padding: 1 });
        readonly head = new nn.Linear(16, 2);
        override forward(x: Tensor): Tensor {
          return this.head.forward(this.conv.forward(x).sigmoid().mean([2, 3]));
        }
      }
      manualSeed(2);
      const model = new Bounded();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const callbacks = [new train.TerminateOnNaN()];
      const run = train.fit({
        model,
        data: new AxonodeData.DataLoader(data, { batchSize: 4 }),
        loss: crossEntropy,
        optimizer,
        callbacks,
        progress: false,
      });
      await expect(run).rejects.toThrow(
        /with exact convolutions it is \d.*setConvolutionPrecision/,
      );
      expect(backendInfo().convolutionPrecision).toBe('fast');
    },
  );
});
