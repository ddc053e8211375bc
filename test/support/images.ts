import { gzipSync } from 'node:zlib';
import { importOptional } from '../../src/io/optionalPackage.js';

interface Encoder {
  toFormat(format: string, options?: object): Encoder;
  toBuffer(): Promise<Uint8Array>;
}
type MakeEncoder = (pixels: Uint8Array, options: object) => Encoder;

function isEncoderModule(module: unknown): module is { default: MakeEncoder } {
  return typeof module === 'object' && module !== null && 'default' in module;
}

/** Pixels (rows of red, green, blue, or of other channels) as the bytes of an image file. */
export async function encoded(
  pixels: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
  format: string,
  options: object = {},
): Promise<Uint8Array> {
  const module = await importOptional('sharp', 'tests');
  if (!isEncoderModule(module)) throw new Error('sharp has another form than expected');
  const image = module.default(pixels, { raw: { width, height, channels } });
  return new Uint8Array(await image.toFormat(format, options).toBuffer());
}

/** An image of one colour. */
export function plain(
  red: number,
  green: number,
  blue: number,
  [height, width]: readonly [number, number] = [8, 8],
): Promise<Uint8Array> {
  const color = [red, green, blue];
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => color[i % 3] ?? 0);
  return encoded(pixels, [height, width, 3], 'png');
}

/** A ustar header. */
function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 'utf8');
  block.write('0000644', 100);
  block.write(`${size.toString(8).padStart(11, '0')} `, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\0' + '00', 257, 'latin1');
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

export interface TarMember {
  readonly name: string;
  readonly bytes?: Uint8Array;
  /** Default: '0', a file. */
  readonly type?: string;
}

/** A tar archive. */
export function tar(members: readonly TarMember[]): Uint8Array {
  const blocks = members.flatMap(({ name, bytes = new Uint8Array(0), type = '0' }) => [
    header(name, bytes.length, type),
    bytes,
    Buffer.alloc((512 - (bytes.length % 512)) % 512),
  ]);
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export function targz(members: readonly TarMember[]): Uint8Array {
  return new Uint8Array(gzipSync(tar(members)));
}
