import { promisify } from "node:util";
import * as zlib from "node:zlib";

/** Larger contents of one batch are refused: a few bytes may claim any size. */
const MOST_BYTES = 256 << 20;

export interface Zstd {
  compress(data: Uint8Array): Promise<Buffer>;
  decompress(data: Uint8Array): Promise<Buffer>;
}

/** Node's own where it has it (22.15 and later), off the main thread; else WebAssembly. */
export function zstd(): Zstd {
  return native() ?? wasm();
}

/** Undefined where this Node has no zstd. */
export function native(): Zstd | undefined {
  const { zstdCompress, zstdDecompress } = zlib as Partial<NativeZstd>;
  if (zstdCompress === undefined || zstdDecompress === undefined) return undefined;
  const compress = promisify(zstdCompress);
  const decompress = promisify(zstdDecompress);
  return {
    compress: (data) => compress(data, {}),
    decompress: (data) => decompress(data, { maxOutputLength: MOST_BYTES }),
  };
}

/** The module is loaded at the first use: a worker whose topics know no zstd never pays for it. */
export function wasm(): Zstd {
  let loading: Promise<typeof import("@bokuweb/zstd-wasm")> | undefined;
  const load = () => {
    loading ??= import("@bokuweb/zstd-wasm").then(async (module) => {
      await module.init();
      return module;
    });
    return loading;
  };
  return {
    compress: async (data) => Buffer.from((await load()).compress(data)),
    decompress: async (data) => decompressWith(await load(), data),
  };
}

/**
 * Java writes frames without their content's size, and the binding wants an upper bound then: it is found by trying.
 * A size that is given is read first, since the binding would allocate whatever it says.
 */
function decompressWith(module: typeof import("@bokuweb/zstd-wasm"), data: Uint8Array): Buffer {
  const size = contentSize(data);
  if (size !== undefined) {
    if (size > MOST_BYTES) throw new RangeError(`zstd: a frame of ${size} bytes is over ${MOST_BYTES}`);
    return Buffer.from(module.decompress(data));
  }
  for (let room = 4 << 20; ; room *= 4) {
    try {
      return Buffer.from(module.decompress(data, { defaultHeapSize: room }));
    } catch (error) {
      if (room >= MOST_BYTES) throw error;
    }
  }
}

/** Frame_Content_Size of RFC 8878, 3.1.1.1; undefined where the frame does not say. */
function contentSize(data: Uint8Array): number | undefined {
  const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (frame.length < 6 || frame.readUInt32LE(0) !== 0xfd2fb528) throw new RangeError("zstd: not a frame");
  const descriptor = frame[4]!;
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const width = descriptor >> 6;
  if (width === 0 && !single) return undefined;
  if (at + (1 << width) > frame.length) throw new RangeError("zstd: a frame ends in its header");
  if (width === 0) return frame[at];
  if (width === 1) return frame.readUInt16LE(at) + 256;
  return width === 2 ? frame.readUInt32LE(at) : Number(frame.readBigUInt64LE(at));
}

type Callback = (error: Error | null, result: Buffer) => void;

/** As in Node 22.15; the types are those of Node 20. */
interface NativeZstd {
  zstdCompress(data: Uint8Array, options: object, callback: Callback): void;
  zstdDecompress(data: Uint8Array, options: { maxOutputLength: number }, callback: Callback): void;
}
