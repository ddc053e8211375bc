/** Φ(x) = SQRT_HALF-scaled erf; φ(x) = INVERSE_SQRT_TWO_PI·e^(−x²/2). */
const INVERSE_SQRT_PI = 0.5641895835477563;
const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

// The error function by the rational approximations of W. J. Cody (1969), "Rational Chebyshev
// approximations for the error function", Mathematics of Computation 23: about 1e-16 in float64.

/** erf(x) for |x| ≤ 0.46875. */
function erfSmall(x: number): number {
  const z = x * x;
  const numerator =
    (((0.185777706184603153 * z + 3.1611237438705656) * z + 113.864154151050156) * z +
      377.485237685302021) *
      z +
    3209.37758913846947;
  const denominator =
    (((z + 23.6012909523441209) * z + 244.024637934444173) * z + 1282.61652607737228) * z +
    2844.23683343917062;
  return (x * numerator) / denominator;
}

/** e^(x²)·erfc(x) for 0.46875 ≤ x ≤ 4. */
function erfcxMiddle(x: number): number {
  const numerator =
    (((((((2.15311535474403846e-8 * x + 0.564188496988670089) * x + 8.88314979438837594) * x +
      66.1191906371416295) *
      x +
      298.635138197400131) *
      x +
      881.95222124176909) *
      x +
      1712.04761263407058) *
      x +
      2051.07837782607147) *
      x +
    1230.33935479799725;
  const denominator =
    (((((((x + 15.7449261107098347) * x + 117.693950891312499) * x + 537.181101862009858) * x +
      1621.38957456669019) *
      x +
      3290.79923573345963) *
      x +
      4362.61909014324716) *
      x +
      3439.36767414372164) *
      x +
    1230.33935480374942;
  return numerator / denominator;
}

/** e^(x²)·erfc(x) for x ≥ 4. */
function erfcxLarge(x: number): number {
  const z = 1 / (x * x);
  const numerator =
    ((((0.0163153871373020978 * z + 0.305326634961232344) * z + 0.360344899949804439) * z +
      0.125781726111229246) *
      z +
      0.0160837851487422766) *
      z +
    0.000658749161529837803;
  const denominator =
    ((((z + 2.56852019228982242) * z + 1.87295284992346725) * z + 0.527905102951428412) * z +
      0.0605183413124413191) *
      z +
    0.00233520497626869185;
  return (INVERSE_SQRT_PI - (z * numerator) / denominator) / x;
}

/** erfc(x) for x ≥ 0.46875. */
function erfcPositive(x: number): number {
  if (x > 27) return 0;
  // e^(−x²) without the rounding error of x²: a square that is exact, times the small rest.
  const head = Math.trunc(x * 16) / 16;
  const rest = (x - head) * (x + head);
  const scaled = x <= 4 ? erfcxMiddle(x) : erfcxLarge(x);
  return Math.exp(-head * head) * Math.exp(-rest) * scaled;
}

/** The error function, 2/√π·∫₀ˣ e^(−t²) dt. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size <= 0.46875) return erfSmall(x);
  if (x !== x) return x;
  return x > 0 ? 1 - erfcPositive(size) : erfcPositive(size) - 1;
}

/** 1 − erf(x), accurate where erf(x) is near 1. */
function erfc(x: number): number {
  const size = Math.abs(x);
  if (size <= 0.46875) return 1 - erfSmall(x);
  if (x !== x) return x;
  return x > 0 ? erfcPositive(size) : 2 - erfcPositive(size);
}

/** Φ(x), the cumulative distribution function of the standard normal. */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

/** φ(x), the density of the standard normal. */
export function normalDensity(x: number): number {
  return INVERSE_SQRT_TWO_PI * Math.exp(-0.5 * x * x);
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** To the nearest integer, ties to even. */
export function roundHalfToEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
