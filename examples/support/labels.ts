import type { data } from 'axonode';

/** The same images, one in `every` with the label of another class. */
export function withWrongLabels(images: data.LabelledImages, every: number): data.LabelledImages {
  const labels = images.labels.map((label, i) =>
    i % every === 0 ? (label + 1 + ((i / every) % 9)) % 10 : label,
  );
  return { ...images, labels };
}
