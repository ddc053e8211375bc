const INVERSE_SQRT_PI = 0.5641895835477563;
const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

// The error function by the rational approximations of W. J. Cody (1969), "Rational Chebyshev
// approximations for the error function", Mathematics of Computation 23: about 1e-16 in float64.

/** erf(x) for |x| ≤ 0.46875. */
function erfSmall(x: number): number {
  const z = x * x;
  const numerator =
    (((0.18577770618460315 * z + 3.1611237438705655) * z + 113.86415415105016) * z +
      377.485237685302) *
      z +
    3209.3775891384694;
  const denominator =
    (((z + 23.601290952344122) * z + 244.02463793444417) * z + 1282.6165260773723) * z +
    2844.236833439171;
  return (x * numerator) / denominator;
}

/** e^(x²)·erfc(x) for 0.46875 ≤ x ≤ 4. */
function erfcxMiddle(x: number): number {
  const numerator =
    (((((((2.1531153547440383e-8 * x + 0.5641884969886701) * x + 8.883149794388377) * x +
      66.11919063714163) *
      x +
      298.6351381974001) *
      x +
      881.952221241769) *
      x +
      1712.0476126340707) *
      x +
      2051.0783778260716) *
      x +
    1230.3393547979972;
  const denominator =
    (((((((x + 15.744926110709835) * x + 117.6939508913125) * x + 537.1811018620099) * x +
      1621.3895745666903) *
      x +
      3290.7992357334597) *
      x +
      4362.619090143247) *
      x +
      3439.3676741437216) *
      x +
    1230.3393548037495;
  return numerator / denominator;
}

/** e^(x²)·erfc(x) for x ≥ 4. */
function erfcxLarge(x: number): number {
  const z = 1 / (x * x);
  const numerator =
    ((((0.016315387137302097 * z + 0.30532663496123236) * z + 0.36034489994980445) * z +
      0.12578172611122926) *
      z +
      0.016083785148742275) *
      z +
    0.0006587491615298378;
  const denominator =
    ((((z + 2.568520192289822) * z + 1.8729528499234673) * z + 0.5279051029514285) * z +
      0.06051834131244132) *
      z +
    0.0023352049762686918;
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
  if (Number.isNaN(x)) return x;
  return x > 0 ? 1 - erfcPositive(size) : erfcPositive(size) - 1;
}

/** 1 − erf(x), accurate where erf(x) is near 1. */
function erfc(x: number): number {
  const size = Math.abs(x);
  if (size <= 0.46875) return 1 - erfSmall(x);
  if (Number.isNaN(x)) return x;
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
