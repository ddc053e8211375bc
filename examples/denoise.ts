// Digits behind noise, restored by an encoder and a decoder that pools and unpools in the same places
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  bceWithLogitsLoss,
  concat,
  data,
  io,
  manualSeed,
  mseLoss,
  nn,
  noGrad,
  optim,
  randn,
  type Tensor,
  vision,
} from 'axonode';
import { batch, epochs, learningRate, positive, readFlags, seed, text } from './support/flags.js';

const flags = readFlags('npm run example -- denoise', {
  epochs: epochs(2),
  batch: batch(64),
  lr: learningRate(3e-3),
  noise: positive(0.5, 'deviation of the noise; white is 1'),
  seed: seed(),
  out: text('DIR', 'out/denoise', 'where the picture goes'),
});
manualSeed(flags.seed);

const { functional } = nn;
const layer = (from: number, to: number) => new nn.Conv2d(from, to, 3, { padding: 1 });

/**
 * The decoder puts each value back where the encoder found it, so outlines stay sharp (Badrinarayanan et al.,
 * "SegNet: a deep convolutional encoder-decoder architecture for image segmentation", 2017).
 */
class Denoiser extends nn.Module {
  readonly down1 = layer(1, 16);
  readonly down2 = layer(16, 32);
  readonly up2 = layer(32, 16);
  readonly up1 = layer(16, 1);
  readonly pool = new nn.MaxPool2d(2, { returnIndices: true });
  readonly unpool = new nn.MaxUnpool2d(2);

  /** Logits of the pixels without noise. */
  override forward(x: Tensor): Tensor {
    const wide = functional.relu(this.down1.forward(x));
    const outer = this.pool.forward(wide);
    const middle = functional.relu(this.down2.forward(outer.output));
    const inner = this.pool.forward(middle);
    // Odd sizes would lose a row on the way: outputSize says which size it was.
    const { shape } = middle;
    const back = this.unpool.forward(inner.output, inner.indices, { outputSize: shape });
    const half = functional.relu(this.up2.forward(back));
    const whole = this.unpool.forward(half, outer.indices, { outputSize: wide.shape });
    return this.up1.forward(whole);
  }
}

const noisy = (images: Tensor): Tensor => images.add(randn(images.shape).mul(flags.noise));
const loader = new data.DataLoader(new data.ImageDataset(data.syntheticDigits(6000, { seed: 1 })), {
  batchSize: flags.batch,
  shuffle: true,
  seed: flags.seed,
});
const test = new data.DataLoader(new data.ImageDataset(data.syntheticDigits(500, { seed: 2 })), {
  batchSize: 500,
});
const model = new Denoiser();
const optimizer = new optim.Adam(model.parameters(), { lr: flags.lr });

for (let epoch = 1; epoch <= flags.epochs; epoch++) {
  let sum = 0;
  for await (const [images] of loader) {
    optimizer.zeroGrad();
    const loss = bceWithLogitsLoss(model.forward(noisy(images)), images);
    loss.backward();
    optimizer.step();
    sum += await loss.item();
  }
  console.log(`epoch ${epoch}  loss ${(sum / loader.length).toFixed(4)}`);
}

await mkdir(flags.out, { recursive: true });
model.eval();
for await (const [images] of test) {
  await noGrad(async () => {
    const given = noisy(images);
    const restored = model.forward(given).sigmoid();
    const [before, after] = [
      await mseLoss(given, images).item(),
      await mseLoss(restored, images).item(),
    ];
    console.log(
      `mean squared error: ${before.toFixed(4)} with noise, ${after.toFixed(4)} restored`,
    );
    const rows = concat(
      [given, restored, images].map((each) => each.narrow(0, 0, 12)),
      0,
    );
    // Cubic curves through the pixels overshoot at edges.
    const large = functional
      .interpolate(rows, { scaleFactor: 3, mode: 'bicubic' })
      .clamp({ low: 0, high: 1 });
    const picture = path.join(flags.out, 'digits.png');
    const png = vision.imageGrid(
      { shape: large.shape, data: Float32Array.from(await large.data()) },
      { columns: 12, scale: 1 },
    );
    await io.writeFileAtomic(picture, png);
    console.log(`noisy, restored, as they were, a row each: ${picture}`);
  });
}
