export type FloatArray = Float32Array | Float64Array;
export type IndexArray = Int32Array;
export type MaskArray = Uint8Array;
export type NumericArray = FloatArray | Int32Array | Uint8Array;
