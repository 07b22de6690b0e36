import { isUtf8 } from "node:buffer";
import { openBytes } from "./bytes.js";
import { firstInvalidUtf8 } from "./utf8.js";

export interface TextLine {
  readonly kind: "line";
  /** 1 for the first line. */
  readonly number: number;
  /** Where the line starts in the unpacked bytes. */
  readonly byteOffset: number;
  /** The line without its end, and without a byte order mark at the start of the file. */
  readonly text: string;
}

/** A line that cannot be given. The lines after it can. */
export interface RejectedLine {
  readonly kind: "rejected";
  readonly number: number;
  readonly byteOffset: number;
  readonly code: "DOCUMENT_TOO_LARGE" | "DOCUMENT_NOT_UTF8";
  /** What is wrong, with numbers and without text. */
  readonly reason: string;
}

export type Line = TextLine | RejectedLine;

export interface LineSource {
  /** What messages call it: the path as it was given, or `standard input`. */
  readonly name: string;
  /** Bytes on disk, `undefined` where nobody knows. `consumed() / size` is the share done. */
  readonly size: number | undefined;
  consumed(): number;
  /** The lines, many at a time, so that a short line does not cost a promise. To be read once. */
  readonly batches: AsyncIterable<readonly Line[]>;
  /** Closes a source that is not read to its end. */
  close(): Promise<void>;
}

/**
 * Opens a file, or standard input for `-`, as lines. Gzip is unpacked. No line over `maxLineBytes` is held.
 *
 * @throws SpanmillError INPUT_NOT_FOUND, INPUT_IS_DIRECTORY, INPUT_UNREADABLE: here or while reading.
 */
export async function openLines(path: string, maxLineBytes: number): Promise<LineSource> {
  const source = await openBytes(path);
  return {
    name: source.name,
    size: source.size,
    consumed: source.consumed,
    batches: splitLines(source.chunks, maxLineBytes),
    close: source.close,
  };
}

/**
 * Splits chunks of bytes into lines. LF and CR LF end a line and nothing else does; a last line needs no end.
 * A line is limited by its bytes without the end.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxLineBytes: number,
): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter(maxLineBytes);
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}

/** Most lines of one batch: a chunk of empty lines would make a quarter of a million. */
const BATCH_LINES = 1024;

/** A carry that grew above this is let go with its line. */
const CARRY_BYTES = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/**
 * The state between two chunks: the bytes of the line that is not yet whole. Past the limit they are counted
 * and not kept. They are copied, never kept as slices of their chunks, so that a line which trickles in byte
 * by byte costs its bytes and not an object for each.
 */
class LineSplitter {
  #number = 0;
  /** Bytes of all chunks before this one. */
  #before = 0;
  #lineStart = 0;
  #carry = Buffer.allocUnsafe(CARRY_BYTES);
  #carried = 0;
  /** Bytes of the line so far, kept or not. */
  #lineBytes = 0;
  #lastByte = 0;

  constructor(private readonly maxLineBytes: number) {}

  *push(chunk: Buffer): Generator<Line[]> {
    const firstEnd = chunk.indexOf(LF);
    if (firstEnd === -1) {
      this.#keep(chunk);
      this.#before += chunk.length;
      return;
    }
    this.#keep(chunk.subarray(0, firstEnd));
    let batch = [this.#carriedLine(this.#before + firstEnd + 1)];
    let start = firstEnd + 1;
    const rest = chunk.lastIndexOf(LF) + 1;
    // One look at all whole lines of the chunk spares a look at each.
    const valid = isUtf8(chunk.subarray(start, rest));
    while (start < rest) {
      const end = chunk.indexOf(LF, start);
      if (batch.length === BATCH_LINES) {
        yield batch;
        batch = [];
      }
      batch.push(this.#line(chunk, start, withoutCr(chunk, start, end), valid, this.#before + start));
      start = end + 1;
    }
    this.#before += chunk.length;
    this.#lineStart = this.#before - (chunk.length - rest);
    this.#keep(chunk.subarray(rest));
    yield batch;
  }

  *end(): Generator<Line[]> {
    if (this.#lineBytes > 0) yield [this.#carriedLine(this.#before)];
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#lastByte = bytes[bytes.length - 1]!;
    this.#lineBytes += bytes.length;
    if (this.#lineBytes > this.maxLineBytes + 1) return; // one more, for a CR that may follow
    if (this.#lineBytes > this.#carry.length) {
      const doubled = Math.min(2 * this.#carry.length, this.maxLineBytes + 1);
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#lineBytes, doubled));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried);
    this.#carried += bytes.length;
  }

  /** The line that ends here, of which all bytes went through the carry. */
  #carriedLine(nextStart: number): Line {
    const whole = this.#carried === this.#lineBytes;
    const bytes = this.#lineBytes - (this.#lineBytes > 0 && this.#lastByte === CR ? 1 : 0);
    const line = whole
      ? this.#line(this.#carry, 0, bytes, false, this.#lineStart)
      : this.#tooLarge(bytes, this.#lineStart);
    this.#lineStart = nextStart;
    this.#carried = 0;
    this.#lineBytes = 0;
    if (this.#carry.length > CARRY_BYTES) this.#carry = Buffer.allocUnsafe(CARRY_BYTES);
    return line;
  }

  #line(bytes: Buffer, start: number, end: number, valid: boolean, byteOffset: number): Line {
    if (end - start > this.maxLineBytes) return this.#tooLarge(end - start, byteOffset);
    if (!valid && !isUtf8(bytes.subarray(start, end))) {
      const position = firstInvalidUtf8(bytes.subarray(start, end));
      const reason = `byte ${position} of the line, counted from 0, is not valid UTF-8`;
      return { kind: "rejected", number: ++this.#number, byteOffset, code: "DOCUMENT_NOT_UTF8", reason };
    }
    const number = ++this.#number;
    const text = bytes.toString("utf8", start, end);
    const marked = number === 1 && text.charCodeAt(0) === 0xfeff;
    return { kind: "line", number, byteOffset, text: marked ? text.slice(1) : text };
  }

  #tooLarge(bytes: number, byteOffset: number): RejectedLine {
    const reason = `the line has ${bytes} bytes, over the limit of ${this.maxLineBytes}`;
    return { kind: "rejected", number: ++this.#number, byteOffset, code: "DOCUMENT_TOO_LARGE", reason };
  }
}

function withoutCr(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === CR ? end - 1 : end;
}
