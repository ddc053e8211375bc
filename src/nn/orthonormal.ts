/** row −= (row · direction)·direction */
function removeComponent(row: Float64Array, direction: Float64Array): void {
  let product = 0;
  for (let k = 0; k < row.length; k++) product += (row[k] ?? 0) * (direction[k] ?? 0);
  for (let k = 0; k < row.length; k++) row[k] = (row[k] ?? 0) - product * (direction[k] ?? 0);
}

function normalize(row: Float64Array): void {
  let squares = 0;
  for (const value of row) squares += value * value;
  const scale = 1 / Math.sqrt(squares);
  for (let k = 0; k < row.length; k++) row[k] = (row[k] ?? 0) * scale;
}

/**
 * Makes vectors orthonormal, in place: the columns of Q in their QR decomposition with a positive diagonal in R.
 * Modified Gram-Schmidt, each vector twice, which is enough for full precision (Giraud et al. 2005).
 * @param vectors linearly independent, of one length
 */
export function orthonormalize(vectors: readonly Float64Array[]): void {
  for (const [i, vector] of vectors.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors.slice(0, i)) removeComponent(vector, earlier);
    }
    normalize(vector);
  }
}
