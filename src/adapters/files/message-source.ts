/**
 * Files and standard input as a source: a message a line, or one a file. A message's place is its path and the number of
 * its line (0 for a whole file); its time is unknown. Its bytes are given as they are: whether they are text is for
 * whoever reads them.
 */
import type { Delivery, Intake, Place, Source, SourceMessage } from "../../ports/source.js";
import { createStopping } from "../stopping.js";
import { openBytes, STDIN } from "./bytes.js";
import { requireFiles } from "./paths.js";

export interface FileSourceSettings {
  /** `-` is standard input. */
  readonly paths: readonly string[];
  /** What a message is. */
  readonly unit: "line" | "file";
  /** Bytes. Of what is longer only so many and one more are held and given: enough to see that it is too long. */
  readonly maxBytes: number;
}

/** @throws SpanmillError INPUT_NOT_FOUND, INPUT_IS_DIRECTORY at once; INPUT_UNREADABLE while it runs. */
export function fileSource({ paths, unit, maxBytes }: FileSourceSettings): Source {
  requireFiles(paths);
  const stopping = createStopping();

  /** False where it was stopped meanwhile. */
  async function handOver(intake: Intake, message: SourceMessage): Promise<boolean> {
    for (let room = intake.room(); room !== undefined && !stopping.isStopped; room = intake.room()) {
      await stopping.before(room);
    }
    if (stopping.isStopped) return false;
    const delivery: Delivery = { message, deaths: 0, isOurs: () => true, done: () => {} };
    intake.take(delivery);
    return true;
  }

  async function run(intake: Intake): Promise<void> {
    for (const path of paths) {
      const name = path === STDIN ? "standard input" : path;
      const bytes = await openBytes(path);
      const pieces = unit === "line" ? lines(bytes.chunks, maxBytes) : whole(bytes.chunks, maxBytes);
      const iterator = pieces[Symbol.asyncIterator]();
      for (;;) {
        // A pipe may be silent for long.
        const next = await stopping.before(iterator.next());
        if (next === undefined) {
          iterator.return?.(undefined).catch(() => {});
          await bytes.close();
          return;
        }
        if (next.done === true) break;
        const place: Place = { topic: name, partition: 0, offset: String(next.value.number) };
        const message = {
          ...{ place, origin: "file" as const },
          ...{ key: undefined, value: next.value.bytes, headers: [], timestamp: undefined },
        };
        if (!(await handOver(intake, message))) {
          await iterator.return?.(undefined);
          return;
        }
      }
    }
  }

  return {
    run,
    async stop() {
      stopping.stop();
    },
    // Nothing outlives the process here: where it stopped, its caller has to know.
    async suspect() {},
    async close() {},
  };
}

interface Piece {
  readonly number: number;
  readonly bytes: Buffer;
}

async function* whole(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Piece> {
  const kept = keeper(maxBytes);
  for await (const chunk of chunks) kept.add(chunk);
  yield { number: 0, bytes: kept.take() };
}

/** LF and CR LF end a line; a last line needs no end. Lines of nothing are left out, and counted. */
async function* lines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Piece> {
  const kept = keeper(maxBytes + 1); // one more, for a CR that may follow
  let number = 0;
  const line = (): Piece | undefined => {
    number++;
    const bytes = withoutCr(kept.take());
    return bytes.length === 0 ? undefined : { number, bytes };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      kept.add(chunk.subarray(start, end));
      start = end + 1;
      const piece = line();
      if (piece !== undefined) yield piece;
    }
    kept.add(chunk.subarray(start));
  }
  if (kept.length > 0) {
    const piece = line();
    if (piece !== undefined) yield piece;
  }
}

const LF = 0x0a;
const CR = 0x0d;

function withoutCr(bytes: Buffer): Buffer {
  return bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes;
}

/** Keeps bytes up to one over a limit; what it gives is its own. */
function keeper(limit: number) {
  let held: Buffer[] = [];
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(bytes: Buffer) {
      const part = bytes.subarray(0, Math.max(0, limit + 1 - length));
      if (part.length === 0) return;
      held.push(part);
      length += part.length;
    },
    take(): Buffer {
      const bytes = Buffer.concat(held, length);
      held = [];
      length = 0;
      return bytes;
    },
  };
}
