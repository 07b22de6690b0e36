import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { Decompress } from "fzstd";

/** Larger contents of one batch are refused: a few bytes may swell to any size. */
const MOST_BYTES = 256 << 20;

export interface Zstd {
  compress(data: Uint8Array): Promise<Buffer>;
  decompress(data: Uint8Array): Promise<Buffer>;
}

/** Node's own where it has it (22.15 and later), off the main thread; else in this thread by other means. */
export function zstd(): Zstd {
  return native() ?? portable();
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

/**
 * Written by WebAssembly, read by JavaScript. The WebAssembly binding has one memory of 16 MiB a process, which does not
 * grow, and takes a failed allocation for address 0: what does not fit would be damaged without a word. Our own batches
 * fit, and more is refused; what others wrote may be of any size.
 */
export function portable(): Zstd {
  return {
    compress: async (data) => {
      if (data.byteLength > MOST_TO_COMPRESS) throw tooMuch(data.byteLength);
      return Buffer.from((await load()).compress(data));
    },
    decompress: async (data) => decompressInBlocks(data),
  };
}

const MOST_TO_COMPRESS = 3 << 20;

type Binding = typeof import("@bokuweb/zstd-wasm");

let loading: Promise<Binding> | undefined;

/** Once a process, at the first use: a second initialisation never ends, and takes the memory from the first. */
function load(): Promise<Binding> {
  loading ??= import("@bokuweb/zstd-wasm").then(async (module) => {
    await module.init();
    return module;
  });
  return loading;
}

/** Block by block, at most 128 KiB each, so that a frame that swells without end is left when it is over the limit. */
function decompressInBlocks(data: Uint8Array): Buffer {
  const claimed = contentSize(data) ?? 0;
  if (claimed > MOST_BYTES) throw tooMuch(claimed);
  const blocks: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((block) => {
    length += block.byteLength;
    if (length > MOST_BYTES) throw tooMuch(length);
    blocks.push(block);
  });
  stream.push(data, true);
  return Buffer.concat(blocks, length);
}

function tooMuch(bytes: number): RangeError {
  return new RangeError(`zstd: ${bytes} bytes are over what is taken in one batch`);
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
