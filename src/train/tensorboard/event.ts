import { Buffer } from 'node:buffer';
import { crc32c } from '../../io/crc32c.js';
import {
  bytesField,
  doubleField,
  doublesField,
  floatField,
  integerField,
  stringField,
} from '../../io/protobuf.js';
import { encodePng, type Raster } from '../../vision/png.js';

/*
 * TensorBoard's files: `Event` and `Summary` messages, field numbers from tensorflow's event.proto and summary.proto,
 * in the framing of TFRecord (https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details).
 */

const FILE_VERSION = 'brain.Event:2';
const SESSION_START = 1;
/** `DT_STRING` of tensorflow's types.proto. */
const STRING_TENSOR = 7;
/** `DATA_CLASS_TENSOR` of summary.proto. */
const TENSOR_DATA = 2;
/** As many as TensorBoard draws. */
const BUCKETS = 30;

/** A CRC of data that hold CRCs themselves: rotated and shifted, as TFRecord has it. */
export function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record: length, its CRC, the data, their CRC. */
export function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(data.length + 16);
  bytes.writeBigUInt64LE(BigInt(data.length), 0);
  bytes.writeUInt32LE(maskedCrc(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(maskedCrc(data), data.length + 12);
  return bytes;
}

function event(seconds: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return record(Buffer.concat([doubleField(1, seconds), ...fields]));
}

/** What a file begins with. */
export function versionEvent(seconds: number): Uint8Array {
  return event(seconds, stringField(3, FILE_VERSION));
}

/** Tells readers to forget what earlier files say of this step and later ones: a run was resumed before it. */
export function purgeEvent(seconds: number, step: number): Uint8Array {
  return event(seconds, integerField(2, step), bytesField(7, integerField(1, SESSION_START)));
}

function summaryEvent(
  seconds: number,
  step: number,
  tag: string,
  ...value: readonly Uint8Array[]
): Uint8Array {
  const summary = bytesField(1, stringField(1, tag), ...value);
  return event(seconds, integerField(2, step), bytesField(5, summary));
}

export function scalarEvent(seconds: number, step: number, tag: string, value: number): Uint8Array {
  return summaryEvent(seconds, step, tag, floatField(2, value));
}

export function imageEvent(seconds: number, step: number, tag: string, image: Raster): Uint8Array {
  // First, since it refuses what is no image.
  const png = encodePng(image);
  return summaryEvent(
    seconds,
    step,
    tag,
    bytesField(
      4,
      integerField(1, image.height),
      integerField(2, image.width),
      integerField(3, image.channels),
      bytesField(4, png),
    ),
  );
}

export function textEvent(seconds: number, step: number, tag: string, text: string): Uint8Array {
  const plugin = bytesField(1, stringField(1, 'text'));
  const oneText = bytesField(2, bytesField(2, integerField(1, 1)));
  return summaryEvent(
    seconds,
    step,
    tag,
    bytesField(8, integerField(1, STRING_TENSOR), oneText, stringField(8, text)),
    bytesField(9, plugin, integerField(4, TENSOR_DATA)),
  );
}

/** The numbers of a histogram; null if no value is finite. */
export interface Buckets {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** Right edges; the first bucket begins at `min`. */
  readonly limits: Float64Array;
  readonly counts: Float64Array;
}

/** Counts values in buckets of equal width between the least and the greatest; NaN and infinity are left out. */
export function bucketsOf(values: ArrayLike<number>, wanted = BUCKETS): Buckets | null {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [count, sum, sumOfSquares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    count++;
    sum += value;
    sumOfSquares += value * value;
  }
  if (count === 0) return null;
  const buckets = min < max ? wanted : 1;
  const counts = new Float64Array(buckets);
  const scale = buckets / (max - min || 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const bucket = Math.min(Math.floor((value - min) * scale), buckets - 1);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const limits = Float64Array.from(counts, (_, i) =>
    i === buckets - 1 ? max : min + ((max - min) * (i + 1)) / buckets,
  );
  return { min, max, count, sum, sumOfSquares, limits, counts };
}

export function histogramEvent(
  seconds: number,
  step: number,
  tag: string,
  buckets: Buckets,
): Uint8Array {
  return summaryEvent(
    seconds,
    step,
    tag,
    bytesField(
      5,
      doubleField(1, buckets.min),
      doubleField(2, buckets.max),
      doubleField(3, buckets.count),
      doubleField(4, buckets.sum),
      doubleField(5, buckets.sumOfSquares),
      doublesField(6, buckets.limits),
      doublesField(7, buckets.counts),
    ),
  );
}
