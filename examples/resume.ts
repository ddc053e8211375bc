// A run that is interrupted in the middle of an epoch, and goes on as if nothing had happened
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crossEntropy, data, manualSeed, models, optim, train } from 'axonode';

const digits = new data.ImageDataset(data.syntheticDigits(3000, { seed: 1 }));
const unseen = new data.ImageDataset(data.syntheticDigits(500, { seed: 2 }));

/** Everything that a run starts with, as a program that is started again makes it anew. */
function setUp(seed: number) {
  manualSeed(seed);
  const model = models.lenet5();
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  return {
    model,
    data: new data.DataLoader(digits, { batchSize: 50, shuffle: true }),
    validation: new data.DataLoader(unseen, { batchSize: 250 }),
    loss: crossEntropy,
    optimizer,
    schedule: new optim.CosineAnnealingLR(optimizer, 3),
    metrics: { accuracy: new train.Accuracy() },
    epochs: 3,
  };
}

console.log('without interruption:');
const whole = setUp(1);
await train.fit(whole);

const checkpoint = await mkdtemp(path.join(tmpdir(), 'axonode-resume-'));
try {
  console.log('\ninterrupted at step 100, in the middle of epoch 2:');
  const interruption = new AbortController();
  await train.fit({
    ...setUp(1),
    checkpoint,
    signal: interruption.signal,
    callbacks: [
      {
        onBatchEnd(_run, { step }) {
          if (step === 100) interruption.abort();
        },
      },
    ],
  });

  console.log('\nthe same program again, even with another seed:');
  const rest = setUp(2);
  await train.fit({ ...rest, checkpoint, resume: true });

  let differing = 0;
  const weights = rest.model.stateDict();
  for (const [name, expected] of whole.model.stateDict()) {
    const found = await weights.get(name)?.data();
    const wanted = await expected.data();
    if (!found || !Buffer.from(found.buffer).equals(Buffer.from(wanted.buffer))) differing++;
  }
  console.log(
    `\n${weights.size} tensors of weights compared: ` +
      (differing === 0 ? 'all equal, bit for bit' : `${differing} differ`),
  );
  if (differing > 0) process.exitCode = 1;
} finally {
  await rm(checkpoint, { recursive: true, force: true });
}
