import { fstatSync, ftruncate, write as writeFd } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { SpanmillError } from "../../errors.js";

/** Where bytes go. It never throws for a failed write: how much went out before the failure matters. */
export interface Sink {
  write(bytes: Buffer): Promise<{ written: number; error?: unknown }>;
  /**
   * Cuts the last `excess` bytes of all that was written. False where that cannot be done (a pipe, a device)
   * or somebody else has written to the file too.
   */
  dropLast(excess: number): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens a file, made new or, with `append`, continued.
 *
 * @throws a system error, or SpanmillError OUTPUT_UNWRITABLE where a file to be continued ends inside a line.
 */
export async function openFile(path: string, append: boolean): Promise<Sink> {
  const handle = await open(path, append ? "a+" : "w");
  try {
    const stats = await handle.stat();
    if (append && stats.isFile()) await refusePartialEnd(handle, stats.size, path);
    return fileSink({
      base: stats.isFile() ? stats.size : undefined,
      write: async (bytes, from) => (await handle.write(bytes, from, bytes.length - from, null)).bytesWritten,
      size: async () => (await handle.stat()).size,
      truncate: (size) => handle.truncate(size),
      close: () => handle.close(),
    });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Standard output. A pipe, a socket or a terminal goes through Node's stream, which knows how to wait for a
 * slow reader. A file or a device is written by its descriptor: Node's stream ignores short writes there.
 */
export function openStdout(): Sink {
  const stats = fstatSync(1);
  if (stats.isFIFO() || stats.isSocket() || isatty(1)) return streamSink(process.stdout);
  return fileSink({
    base: stats.isFile() ? stats.size : undefined,
    write: async (bytes, from) => (await writeToFd(1, bytes, from, bytes.length - from, null)).bytesWritten,
    size: async () => fstatSync(1).size,
    truncate: (size) => promisify(ftruncate)(1, size),
    close: async () => {},
  });
}

const writeToFd = promisify(writeFd);

interface Descriptor {
  /** Size before the first write, `undefined` where it is no regular file. */
  readonly base: number | undefined;
  /** Writes the bytes from `from` on, or some of them, and says how many. */
  write(bytes: Buffer, from: number): Promise<number>;
  size(): Promise<number>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

function fileSink(file: Descriptor): Sink {
  let total = 0;
  return {
    async write(bytes) {
      let written = 0;
      try {
        while (written < bytes.length) written += await file.write(bytes, written);
        return { written };
      } catch (error) {
        return { written, error };
      } finally {
        total += written;
      }
    },
    async dropLast(excess) {
      if (file.base === undefined || (await file.size()) !== file.base + total) return false;
      await file.truncate(file.base + total - excess);
      total -= excess;
      return true;
    },
    close: file.close,
  };
}

function streamSink(stream: NodeJS.WriteStream): Sink {
  // The callback of the write hears of every error; without a listener the same error would end the process.
  stream.on("error", () => {});
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        stream.write(bytes, (error) => resolve(error ? { written: 0, error } : { written: bytes.length }));
      }),
    dropLast: async () => false,
    close: async () => {},
  };
}

/** A record appended to half a line would spoil both. */
async function refusePartialEnd(handle: FileHandle, size: number, path: string): Promise<void> {
  if (size === 0) return;
  const last = Buffer.alloc(1);
  await handle.read(last, 0, 1, size - 1);
  if (last[0] === 0x0a) return;
  throw new SpanmillError(
    "OUTPUT_UNWRITABLE",
    `${path} ends inside a line, so nothing can be appended to it; remove that last line first (sed -i '$d')`,
  );
}
