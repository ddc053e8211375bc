// Writes a run and, killed in the middle, its continuation, and prints as JSON what readers should find. See check.py.
import { train, vision } from '../../../src/index.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: tsx sample.ts FOLDER');

const lossAt = (step: number) => 2 * Math.exp(-step / 20) + 0.1 * Math.sin(step);
const expected = {
  scalars: [] as [number, number][],
  histogram: { min: 0, max: 0, count: 0, sum: 0, counts: [] as number[] },
  image: { width: 0, height: 0 },
  text: '| layer | parameters |\n| --- | --- |\n| fc | 7,850 |',
};

const first = new train.TensorBoardWriter(folder);
for (let step = 0; step < 70; step++) first.scalar('loss/train', lossAt(step), step);
first.text('model', expected.text, 0);
// Steps from 60 on are lost by the crash: those of the continuation count.
for (let step = 60; step < 80; step++) first.scalar('loss/after', -1, step);
await first.close();

const second = new train.TensorBoardWriter(folder, { purgeStep: 60 });
for (let step = 60; step < 100; step++) {
  second.scalar('loss/train', lossAt(step), step);
  second.scalar('loss/after', 1, step);
}
for (let step = 0; step < 100; step++) {
  expected.scalars.push([step, Math.fround(lossAt(step))]);
}
for (let epoch = 0; epoch < 5; epoch++) {
  const values = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i) * (epoch + 1) + epoch);
  second.histogram('weights/fc', values, 60 + epoch);
  const finite = Array.from(values);
  const [min, max] = [Math.min(...finite), Math.max(...finite)];
  const counts = new Array<number>(30).fill(0);
  for (const value of finite) {
    const bucket = Math.min(Math.floor(((value - min) / (max - min)) * 30), 29);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const sum = finite.reduce((a, b) => a + b, 0);
  expected.histogram = { min, max, count: finite.length, sum, counts };
  const shades = Float32Array.from({ length: 8 * 256 }, (_, i) => ((i % 16) + epoch) / 20);
  const grid = vision.renderGrid({ shape: [8, 1, 16, 16], data: shades });
  second.image('samples', grid, 60 + epoch);
  expected.image = { width: grid.width, height: grid.height };
}
await second.close();
console.log(JSON.stringify(expected));
