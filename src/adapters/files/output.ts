import { setImmediate } from "node:timers/promises";
import { describeForeign, type ErrorCode, SpanmillError, systemCode } from "../../errors.js";
import { openFile, openStdout, type Sink } from "./sink.js";

/** The name of standard output on the command line. */
export const STDOUT = "-";

export interface RecordWriter {
  /** What messages call it: the path as it was given, or `standard output`. */
  readonly name: string;
  /**
   * Takes one whole record, which ends in a line feed. The promise resolves when there is room for the next
   * one, not when the record is on the disk.
   *
   * @throws SpanmillError OUTPUT_FULL, OUTPUT_CLOSED, OUTPUT_UNWRITABLE, maybe for an earlier record.
   */
  write(record: string): Promise<void>;
  /** Whole records, and their bytes, that are in the output by now and were written by this writer. */
  written(): { readonly records: number; readonly bytes: number };
  /** Writes out what was taken and closes. Throws what `write` throws. May be called twice. */
  close(): Promise<void>;
}

/**
 * Opens a file, or standard output for `-`, for records. A file is made new or, with `append`, continued.
 *
 * While one write is under way the records that come are gathered for the next one: writes are large when
 * records come fast, and none waits when they come slowly. When a write fails, a file is cut back to its last
 * whole record.
 *
 * @throws SpanmillError OUTPUT_UNWRITABLE, OUTPUT_FULL.
 */
export async function openRecords(path: string, { append = false } = {}): Promise<RecordWriter> {
  const name = path === STDOUT ? "standard output" : path;
  try {
    return recordWriter(name, path === STDOUT ? openStdout() : await openFile(path, append));
  } catch (error) {
    throw outputError(name, error, "Nothing was written.");
  }
}

/** Bytes that may wait while a write is under way. */
const WAITING_BYTES = 256 * 1024;

const ROOM = Promise.resolve();

interface Batch {
  records: string[];
  sizes: number[];
  bytes: number;
}

function recordWriter(name: string, sink: Sink): RecordWriter {
  const done = { records: 0, bytes: 0 };
  let waiting = emptyBatch();
  let pump: Promise<void> | undefined;
  let room: PromiseWithResolvers | undefined;
  let failure: SpanmillError | undefined;
  let closed: Promise<void> | undefined;

  function write(record: string): Promise<void> {
    if (failure !== undefined) return Promise.reject(failure);
    if (closed !== undefined) return Promise.reject(new SpanmillError("INTERNAL", `${name} is closed`));
    const size = Buffer.byteLength(record);
    waiting.records.push(record);
    waiting.sizes.push(size);
    waiting.bytes += size;
    pump ??= writeAll();
    if (waiting.bytes < WAITING_BYTES) return ROOM;
    room ??= withResolvers();
    return room.promise;
  }

  async function writeAll(): Promise<void> {
    await setImmediate(); // lets the records of this turn come together
    while (waiting.records.length > 0 && failure === undefined) {
      const batch = waiting;
      waiting = emptyBatch();
      room?.resolve();
      room = undefined;
      failure = await writeBatch(name, sink, batch, done);
    }
    if (failure !== undefined) room?.reject(failure);
    pump = undefined;
  }

  async function close(): Promise<void> {
    await pump;
    try {
      await sink.close();
    } catch (error) {
      failure ??= outputError(
        name,
        error,
        `Records written to it: ${done.records}, perhaps not all are there.`,
      );
    }
    if (failure !== undefined) throw failure;
  }

  return {
    name,
    write,
    written: () => ({ ...done }),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** Writes a batch and counts what is whole. Gives the error of a failed write. */
async function writeBatch(
  name: string,
  sink: Sink,
  batch: Batch,
  done: { records: number; bytes: number },
): Promise<SpanmillError | undefined> {
  const { written, error } = await sink.write(Buffer.from(batch.records.join("")));
  let whole = 0;
  for (const size of batch.sizes) {
    if (whole + size > written) break;
    whole += size;
    done.records++;
  }
  done.bytes += whole;
  if (error === undefined) return undefined;
  const clean = written === whole || (await sink.dropLast(written - whole).catch(() => false));
  const rest = clean ? "" : " A part of one more follows them.";
  return outputError(name, error, `Whole records of this run in it: ${done.records}.${rest}`);
}

function emptyBatch(): Batch {
  return { records: [], sizes: [], bytes: 0 };
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers(): PromiseWithResolvers {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ["OUTPUT_FULL", "no space is left; make room"],
  EDQUOT: ["OUTPUT_FULL", "the disk quota is used up; make room"],
  EFBIG: ["OUTPUT_FULL", "the file has reached the size limit of the system (ulimit -f); raise it"],
  EPIPE: ["OUTPUT_CLOSED", "its reader has gone"],
  ECONNRESET: ["OUTPUT_CLOSED", "its reader has gone"],
  ERR_STREAM_DESTROYED: ["OUTPUT_CLOSED", "its reader has gone"],
  ENOENT: ["OUTPUT_UNWRITABLE", "its folder does not exist; make it first"],
  ENOTDIR: ["OUTPUT_UNWRITABLE", "a part of its path is not a folder; check the path"],
  EISDIR: ["OUTPUT_UNWRITABLE", "it is a directory; name a file"],
  EACCES: ["OUTPUT_UNWRITABLE", "permission is denied; check the rights of the file and of its folder"],
  EPERM: ["OUTPUT_UNWRITABLE", "permission is denied; check the rights of the file and of its folder"],
  EROFS: ["OUTPUT_UNWRITABLE", "its file system is read-only; choose another place"],
};

export function outputError(name: string, error: unknown, state: string): SpanmillError {
  if (error instanceof SpanmillError) return error;
  const [code, reason] = CODES[systemCode(error) ?? ""] ?? ["OUTPUT_UNWRITABLE", describeForeign(error)];
  return new SpanmillError(code, `${name} cannot be written: ${reason}. ${state}`, { cause: error });
}
