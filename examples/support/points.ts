import { Generator, normal, type Tensor, tensor } from 'axonode';

/** A point of the plane. */
export type Point = [number, number];

/** Two clouds of points, one for each class, around given centres. */
export async function clouds(
  count: number,
  centres: readonly [Point, Point],
  spread: number,
  seed: number,
): Promise<{ points: Point[]; labels: number[] }> {
  const noise = await normal([count, 2], { std: spread, generator: new Generator(seed) }).data();
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const points = labels.map((label, i): Point => {
    const [x, y] = centres[label === 0 ? 0 : 1];
    return [x + (noise[2 * i] ?? 0), y + (noise[2 * i + 1] ?? 0)];
  });
  return { points, labels };
}

/** Pairs x₀, y₀, x₁, y₁, ... as a matrix [count, 2]. */
export function placesToTensor(places: Float32Array, count: number): Tensor {
  return tensor(places, { shape: [count, 2] });
}
