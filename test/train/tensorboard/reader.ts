import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { maskedCrc } from '../../../src/train/tensorboard/event.js';

/** A field of a message: a number, or bytes. */
export type Field = number | Uint8Array;
/** Fields of a message by their numbers; a field may occur several times. */
export type Message = ReadonlyMap<number, readonly Field[]>;

/** Takes a message apart by the wire format alone. */
export function parseMessage(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift++) {
      const byte = view.getUint8(at++);
      value += (byte & 127) * 128 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, type] = [Math.floor(key / 8), key % 8];
    let field: Field;
    if (type === 0) {
      field = varint();
    } else if (type === 1) {
      field = view.getFloat64(at, true);
      at += 8;
    } else if (type === 5) {
      field = view.getFloat32(at, true);
      at += 4;
    } else if (type === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error('a field is longer than its message');
      field = bytes.subarray(at, at + length);
      at += length;
    } else {
      throw new Error(`wire type ${type}`);
    }
    fields.set(number, [...(fields.get(number) ?? []), field]);
  }
  return fields;
}

/** The records of a TFRecord file, both CRCs checked; what is cut off at the end is left out. */
export function parseRecords(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let at = 0;
  while (at + 16 <= bytes.length) {
    const length = Number(view.getBigUint64(at, true));
    if (view.getUint32(at + 8, true) !== maskedCrc(bytes.subarray(at, at + 8))) {
      throw new Error(`CRC of the length at ${at}`);
    }
    if (at + 16 + length > bytes.length) break;
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== maskedCrc(data)) {
      throw new Error(`CRC of the record at ${at}`);
    }
    records.push(data);
    at += 16 + length;
  }
  return records;
}

export function numberIn(message: Message, field: number): number {
  const value = message.get(field)?.[0];
  if (typeof value !== 'number') throw new Error(`field ${field} is no number`);
  return value;
}

export function bytesIn(message: Message, field: number): Uint8Array {
  const value = message.get(field)?.[0];
  if (!(value instanceof Uint8Array)) throw new Error(`field ${field} is no bytes`);
  return value;
}

export function textIn(message: Message, field: number): string {
  return Buffer.from(bytesIn(message, field)).toString('utf8');
}

export function messageIn(message: Message, field: number): Message {
  return parseMessage(bytesIn(message, field));
}

export function doublesIn(message: Message, field: number): number[] {
  return Array.from(new Float64Array(Uint8Array.from(bytesIn(message, field)).buffer));
}

/** Events of all files of a folder, in the order in which TensorBoard takes them. */
export async function readEvents(folder: string): Promise<Message[]> {
  const events: Message[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (!name.includes('tfevents')) continue;
    events.push(...parseRecords(await readFile(join(folder, name))).map(parseMessage));
  }
  return events;
}

/** The value of an event's summary. */
export function summaryOf(event: Message): Message {
  return messageIn(messageIn(event, 5), 1);
}

/** [tag, step, value] of all scalars. */
export async function readScalars(folder: string): Promise<[string, number, number][]> {
  return (await readEvents(folder)).flatMap((event): [string, number, number][] => {
    if (!event.has(5)) return [];
    const value = summaryOf(event);
    if (!value.has(2)) return [];
    return [[textIn(value, 1), numberIn(event, 2), numberIn(value, 2)]];
  });
}
