/** Colours that people with colour-blindness can tell apart (Okabe and Ito 2008), those first that stand out on white. */
const COLORS = [
  '#0072B2',
  '#D55E00',
  '#009E73',
  '#CC79A7',
  '#E69F00',
  '#56B4E9',
  '#000000',
] as const;
/** Once the colours are used up, lines of the same colour differ by their dashes. */
const DASHES = [undefined, '6 3', '2 3', '8 3 2 3'] as const;

export interface Style {
  readonly color: string;
  readonly dash: string | undefined;
}

/** The look of the series with the given index. */
export function styleOf(index: number): Style {
  return {
    color: COLORS[index % COLORS.length] ?? COLORS[0],
    dash: DASHES[Math.floor(index / COLORS.length) % DASHES.length],
  };
}

type Rgb = readonly [number, number, number];

/** Lightness falls evenly, so that the order survives printing in grey. */
const SEQUENTIAL: readonly Rgb[] = [
  [247, 251, 255],
  [198, 219, 239],
  [107, 174, 214],
  [33, 113, 181],
  [8, 48, 107],
];
const DIVERGING: readonly Rgb[] = [
  [127, 59, 8],
  [230, 145, 56],
  [247, 247, 247],
  [90, 160, 210],
  [5, 60, 120],
];

export type ColorScale = 'sequential' | 'diverging';
export const COLOR_SCALES: readonly ColorScale[] = ['sequential', 'diverging'];

function mix(stops: readonly Rgb[], share: number): Rgb {
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [stops[low] ?? [0, 0, 0], stops[low + 1] ?? [0, 0, 0]];
  const channel = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * (place - low));
  return [channel(0), channel(1), channel(2)];
}

/** The colour at a share on [0, 1] of a scale, and the colour of text that can be read on it. */
export function shadeOf(scale: ColorScale, share: number): { fill: string; ink: string } {
  const [red, green, blue] = mix(scale === 'diverging' ? DIVERGING : SEQUENTIAL, share);
  // Relative luminance, roughly: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance
  const luminance =
    0.2126 * (red / 255) ** 2.2 + 0.7152 * (green / 255) ** 2.2 + 0.0722 * (blue / 255) ** 2.2;
  return { fill: `rgb(${red},${green},${blue})`, ink: luminance > 0.25 ? '#222' : '#fff' };
}
