import { type data, Generator, rand } from 'axonode';

const SIDE = 32;
const NUMBERS = 12;

/** A pixel's place relative to the shape's centre, in units of its size, after turning. */
type Shape = (x: number, y: number) => boolean;

const SHAPES: Readonly<Record<string, Shape>> = {
  circle: (x, y) => x * x + y * y < 1,
  cross: (x, y) =>
    Math.min(Math.abs(x), Math.abs(y)) < 0.3 && Math.max(Math.abs(x), Math.abs(y)) < 1,
  diamonds: (x, y) => Math.abs(Math.abs(x) - 0.5) + Math.abs(y) < 0.45,
  dots: (x, y) => (Math.abs(x) - 0.5) ** 2 + (Math.abs(y) - 0.5) ** 2 < 0.1,
  frame: (x, y) =>
    Math.max(Math.abs(x), Math.abs(y)) < 0.95 && Math.max(Math.abs(x), Math.abs(y)) > 0.6,
  moon: (x, y) => x * x + y * y < 1 && (x - 0.5) ** 2 + y * y > 0.6,
  ring: (x, y) => x * x + y * y < 1 && x * x + y * y > 0.4,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8,
  stripes: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 1 && Math.floor((y + 1) * 2.5) % 2 === 0,
  triangle: (x, y) => y < 0.7 && y > -0.9 && Math.abs(x) < (y + 0.9) * 0.55,
};

/** Coloured shapes on coloured grounds, 32x32, of ten classes: something to learn from where there are no files. */
export async function drawShapes({
  count,
  seed,
}: {
  count: number;
  seed: number;
}): Promise<data.LabelledImages> {
  const shapes = Object.values(SHAPES);
  const generator = new Generator(seed);
  const numbers = await rand([count, NUMBERS], { generator }).data();
  const noise = await rand([count, SIDE * SIDE], { generator }).data();
  const plane = SIDE * SIDE;
  const images = new Uint8Array(count * 3 * plane);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const draw = (k: number): number => numbers[i * NUMBERS + k] ?? 0;
    const label = i % shapes.length;
    const isInside = shapes[label];
    labels[i] = label;
    const [centerX, centerY] = [10 + 12 * draw(0), 10 + 12 * draw(1)];
    const size = 6 + 5 * draw(2);
    const turn = 0.6 * (draw(3) - 0.5);
    const [cos, sin] = [Math.cos(turn) / size, Math.sin(turn) / size];
    for (let p = 0; p < plane; p++) {
      const [dx, dy] = [(p % SIDE) - centerX, Math.floor(p / SIDE) - centerY];
      const isShape = isInside?.(cos * dx + sin * dy, cos * dy - sin * dx) ?? false;
      for (let channel = 0; channel < 3; channel++) {
        // Shape and ground differ in at least one channel, and which is brighter says nothing.
        const ground = 40 + 170 * draw(4 + channel);
        const level = isShape ? (ground + 70 + 110 * draw(8 + channel)) % 255 : ground;
        const value = level + 40 * ((noise[i * plane + p] ?? 0) - 0.5);
        images[(i * 3 + channel) * plane + p] = Math.min(Math.max(value, 0), 255);
      }
    }
  }
  const classes = Object.keys(SHAPES);
  return { images, labels, count, channels: 3, rows: SIDE, cols: SIDE, classes };
}
