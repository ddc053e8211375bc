// The other side of unwritable.test.ts: goes on with a run in a folder that cannot take another checkpoint.
import { crossEntropy, manualSeed, nn, optim, randint, randn, train } from '../../../dist/index.js';

const [dir, epochs] = process.argv.slice(2);
// A file that grows too large is an error of the write, as on a full disk, and no end of the process.
process.on('SIGXFSZ', () => {});
manualSeed(1);
const model = new nn.Linear(64, 32);
try {
  await train.fit({
    model,
    data: [[randn([8, 64]), randint(0, 32, [8])]],
    loss: crossEntropy,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
    epochs: Number(epochs),
    checkpoint: dir,
    resume: true,
    progress: false,
  });
  process.stdout.write('saved');
} catch (error) {
  process.stdout.write(`${error.code} ${error.cause?.code} ${error.message}`);
}
