import { fstatSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { describeForeign, SpanmillError, systemCode } from "../../errors.js";

/** The name of standard input on the command line. */
export const STDIN = "-";

export interface ByteSource {
  /** What messages call it: the path as it was given, or `standard input`. */
  readonly name: string;
  /** Bytes on disk (of the packed file, where it is gzipped); `undefined` for a pipe, a terminal, a device. */
  readonly size: number | undefined;
  /** Bytes of `size` read so far. */
  consumed(): number;
  /** The unpacked bytes, to be read once. Ending the iteration early closes the source. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Closes a source that is not read to its end. */
  close(): Promise<void>;
}

/**
 * Opens a file, or standard input for `-`, and unpacks gzip (told by its first two bytes, of any number of
 * members) on the way.
 *
 * @throws SpanmillError INPUT_NOT_FOUND, INPUT_IS_DIRECTORY, INPUT_UNREADABLE: here or while reading.
 */
export async function openBytes(path: string): Promise<ByteSource> {
  const name = path === STDIN ? "standard input" : path;
  try {
    return path === STDIN ? standardInput(name) : await file(path, name);
  } catch (error) {
    throw inputError(name, error);
  }
}

/** Bytes asked for in one read, and given in one unpacked chunk. */
const CHUNK_BYTES = 256 * 1024;

async function file(path: string, name: string): Promise<ByteSource> {
  const handle = await open(path, "r");
  const stats = await handle.stat();
  if (stats.isDirectory()) {
    await handle.close();
    throw isDirectory(name);
  }
  return sourceOf(name, sizeOf(stats), readHandle(handle), () => handle.close());
}

function standardInput(name: string): ByteSource {
  const stats = fstatSync(0);
  if (stats.isDirectory()) throw isDirectory(name);
  const close = async () => {
    process.stdin.destroy();
  };
  return sourceOf(name, sizeOf(stats), process.stdin, close);
}

/** Files of /proc and the like say 0 and hold something, so 0 is as good as unknown. */
function sizeOf(stats: Stats): number | undefined {
  return stats.isFile() && stats.size > 0 ? stats.size : undefined;
}

function sourceOf(
  name: string,
  size: number | undefined,
  raw: AsyncIterable<Buffer>,
  close: () => Promise<void>,
): ByteSource {
  let consumed = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of raw) {
      consumed += chunk.length;
      yield chunk;
    }
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      yield* unpacked(name, counted());
    } catch (error) {
      throw inputError(name, error);
    } finally {
      await close();
    }
  }
  return { name, size, consumed: () => consumed, chunks: chunks(), close };
}

async function* readHandle(handle: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
  }
}

async function* unpacked(name: string, raw: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const packed = await peek(raw);
  const isGzip = packed.head[0] === 0x1f && packed.head[1] === 0x8b;
  const plain = isGzip ? await peek(gunzip(packed.chunks())) : packed;
  refuseUtf16(name, plain.head);
  yield* plain.chunks();
}

function gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzipped = createGunzip({ chunkSize: CHUNK_BYTES });
  // An error on either side reaches whoever iterates the result: the callback has nothing left to do.
  pipeline(Readable.from(packed), gunzipped, () => {});
  return gunzipped[Symbol.asyncIterator]() as AsyncGenerator<Buffer>;
}

/** Waits for the first two bytes (fewer at the end), and gives all chunks from the first on. */
async function peek(
  source: AsyncGenerator<Buffer>,
): Promise<{ head: Buffer; chunks: () => AsyncGenerator<Buffer> }> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await source.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    yield* source;
  }
  return { head, chunks };
}

/** Without this, every line of such a file would be rejected by itself. */
function refuseUtf16(name: string, head: Buffer): void {
  const mark = head.length < 2 ? 0 : head.readUInt16BE(0);
  if (mark !== 0xfffe && mark !== 0xfeff) return;
  throw new SpanmillError(
    "INPUT_UNREADABLE",
    `${name} is UTF-16 (it opens with that byte order mark); convert it: iconv -f UTF-16 -t UTF-8`,
  );
}

function inputError(name: string, error: unknown): SpanmillError {
  if (error instanceof SpanmillError) return error;
  const code = systemCode(error);
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new SpanmillError("INPUT_NOT_FOUND", `${name} does not exist; check the path`, { cause: error });
    case "EISDIR":
      return isDirectory(name);
    case "Z_BUF_ERROR":
      return unreadable("its gzip data ends too early; the file was cut, fetch or pack it again");
    case "Z_DATA_ERROR":
      return unreadable("its gzip data is damaged; fetch or pack the file again");
    case "EACCES":
    case "EPERM":
      return unreadable(`permission is denied (${code}); check the rights of the file and of its folders`);
    default:
      return unreadable(describeForeign(error));
  }
  function unreadable(reason: string): SpanmillError {
    return new SpanmillError("INPUT_UNREADABLE", `${name} cannot be read: ${reason}`, { cause: error });
  }
}

function isDirectory(name: string): SpanmillError {
  return new SpanmillError(
    "INPUT_IS_DIRECTORY",
    `${name} is a directory; name the files in it, for example ${name.replace(/\/+$/, "")}/*.txt`,
  );
}
