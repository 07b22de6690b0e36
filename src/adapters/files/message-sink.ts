/**
 * Files and standard output as a sink: a line a message, acknowledged when the system has taken it.
 *
 * Of a record the line is its value alone. Of a dead letter it is JSON with key and value in base64 and the headers (text,
 * or `{"base64": ...}` where they are none), so that nothing of it is lost. A tombstone asks to forget, which an appended
 * file cannot: it is acknowledged and leaves no line.
 */
import { SpanmillError } from "../../errors.js";
import type { Channel, OutputMessage, Sink } from "../../ports/sink.js";
import { outputError, STDOUT } from "./output.js";
import { identity } from "./paths.js";
import { type Sink as ByteSink, openFile, openStdout } from "./sink.js";

export interface FileSinkSettings {
  /** A path, or `-` for standard output, by channel; two channels may share one. */
  readonly paths: Partial<Record<Channel, string>>;
  /** Go on after what the files hold. */
  readonly append?: boolean;
  /**
   * A channel whose file is opened by its first message and always added to; where it is another channel's too, it is
   * that one's.
   */
  readonly late?: Channel;
}

/** @throws SpanmillError OUTPUT_UNWRITABLE, OUTPUT_FULL. */
export async function openFileSink({ paths, append = false, late }: FileSinkSettings): Promise<Sink> {
  const files = sharedFiles();
  const opened = new Map<Channel, Promise<LineFile>>();
  for (const [channel, path] of Object.entries(paths) as [Channel, string][]) {
    if (channel === late) continue;
    const file = files.at(path, append);
    await file;
    opened.set(channel, file);
  }
  let closed: Promise<unknown> | undefined;

  const fileOf = (channel: Channel): Promise<LineFile> | undefined => {
    const path = paths[channel];
    if (path !== undefined && !opened.has(channel)) opened.set(channel, files.at(path, true));
    return opened.get(channel);
  };
  return {
    limit: () => undefined,
    async send(message) {
      const file = closed === undefined ? fileOf(message.channel) : undefined;
      if (file === undefined) {
        throw new SpanmillError(
          "INTERNAL",
          `A message was sent to ${message.channel}, which has no file, or whose file is closed`,
        );
      }
      const line = lineOf(message);
      if (line !== undefined) await (await file).write(line);
    },
    async close() {
      closed ??= Promise.allSettled(opened.values()).then(files.close);
      await closed;
    },
  };
}

interface SharedFiles {
  at(path: string, append: boolean): Promise<LineFile>;
  close(): Promise<void>;
}

/**
 * One open file for all names of a file: each of two would write at a position of its own, over what the other has
 * written. One call at a time.
 */
function sharedFiles(): SharedFiles {
  const byName = new Map<string, LineFile>();
  return {
    async at(path, append) {
      const known = byName.get(path) ?? byName.get(identity(path, 1) ?? path);
      const file = known ?? (await openLineFile(path, append));
      byName.set(path, file).set(identity(path, 1) ?? path, file);
      return file;
    },
    async close() {
      await Promise.all([...new Set(byName.values())].map((file) => file.close()));
    },
  };
}

function lineOf({ channel, key, value, headers }: OutputMessage): Buffer | undefined {
  if (channel !== "dead-letters") return value;
  return Buffer.from(
    JSON.stringify({
      key: key?.toString("base64") ?? null,
      value: value?.toString("base64") ?? null,
      headers: headers.map(([name, content]) => [name, headerOf(content)]),
    }),
  );
}

/** Text where that is all there is to it; senders also put bytes of numbers there. */
function headerOf(content: Buffer | string): string | { readonly base64: string } {
  const text = content.toString();
  if (typeof content === "string" || content.equals(Buffer.from(text))) return text;
  return { base64: content.toString("base64") };
}

interface LineFile {
  write(line: Buffer): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly line: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const LINE_FEED = Buffer.from("\n");

/** While one write is under way the lines that come are gathered for the next one. */
async function openLineFile(path: string, append: boolean): Promise<LineFile> {
  const name = path === STDOUT ? "standard output" : path;
  const opening = path === STDOUT ? Promise.resolve(openStdout()) : openFile(path, append);
  const file: ByteSink = await opening.catch((error: unknown) => {
    throw outputError(name, error, "Nothing was written.");
  });
  let waiting: Waiting[] = [];
  let pump: Promise<void> | undefined;
  let failure: unknown;

  async function writeAll(): Promise<void> {
    await undefined; // lets the lines of this turn come together
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const bytes = Buffer.concat(batch.flatMap(({ line }) => [line, LINE_FEED]));
      if (failure === undefined) {
        const { written, error } = await file.write(bytes);
        if (error !== undefined) {
          await file.dropLast(written).catch(() => false);
          failure = outputError(
            name,
            error,
            "What was not acknowledged is not in it, or will be in it twice.",
          );
        }
      }
      for (const { resolve, reject } of batch) failure === undefined ? resolve() : reject(failure);
    }
    pump = undefined;
  }

  return {
    write: (line) =>
      new Promise((resolve, reject) => {
        waiting.push({ line, resolve, reject });
        pump ??= writeAll();
      }),
    async close() {
      await pump;
      await file.close();
    },
  };
}
