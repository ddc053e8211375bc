export type FloatArray = Float32Array | Float64Array;
export type IndexArray = Int32Array;
export type MaskArray = Uint8Array;
export type NumericArray = FloatArray | Int32Array | Uint8Array;

/**
 * The geometry of a 2-D convolution or pooling, as plain numbers in an Int32Array of length
 * {@link GEOMETRY_LENGTH}, in this order:
 * `[batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, kernelHeight, kernelWidth,
 * strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth, groups]`.
 * Padding at the bottom and the right follows from the output size. Pooling has
 * `outChannels = inChannels` and `groups = inChannels`.
 */
export type Geometry = Int32Array;
export const GEOMETRY_LENGTH = 16;
