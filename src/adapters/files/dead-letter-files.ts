/** Dead letters out of the files that `message-sink.ts` writes: a line a letter. */
import type { SourceMessage } from "../../ports/source.js";
import { openLines } from "./lines.js";
import { requireFiles } from "./paths.js";

/** A line as a message; undefined where it holds no letter. */
export interface LetterLine {
  readonly path: string;
  /** 1 for the first. */
  readonly line: number;
  readonly message: SourceMessage | undefined;
}

/** @throws SpanmillError INPUT_* here or while reading. */
export async function* deadLetterLines(paths: readonly string[]): AsyncGenerator<LetterLine> {
  requireFiles(paths);
  for (const path of paths) {
    const source = await openLines(path, MOST_BYTES);
    for await (const lines of source.batches) {
      for (const line of lines) {
        if (line.kind === "line" && line.text === "") continue;
        const message = line.kind === "line" ? letterOf(path, line.number, line.text) : undefined;
        yield { path, line: line.number, message };
      }
    }
  }
}

/** A document of the most that --max-document-size allows, in base64. */
const MOST_BYTES = 400 << 20;

function letterOf(path: string, line: number, text: string): SourceMessage | undefined {
  const parsed = parse(text);
  if (typeof parsed !== "object" || parsed === null || !("headers" in parsed)) return undefined;
  const { key, value, headers } = parsed as Record<string, unknown>;
  if (!isBase64(key) || !isBase64(value) || !isHeaders(headers)) return undefined;
  return {
    place: { topic: path, partition: 0, offset: String(line) },
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map(([name, content]) => [name, contentOf(content)] as const),
    timestamp: undefined,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isBase64(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

type HeaderContent = string | { readonly base64: string };

function isHeaders(value: unknown): value is [string, HeaderContent][] {
  return (
    Array.isArray(value) &&
    value.every(
      (header) => Array.isArray(header) && typeof header[0] === "string" && isHeaderContent(header[1]),
    )
  );
}

function isHeaderContent(content: unknown): content is HeaderContent {
  if (typeof content === "string") return true;
  return typeof (content as { base64?: unknown } | null)?.base64 === "string";
}

function contentOf(content: HeaderContent): Buffer {
  return typeof content === "string" ? Buffer.from(content) : Buffer.from(content.base64, "base64");
}

function bytesOf(base64: string | null): Buffer | undefined {
  return base64 === null ? undefined : Buffer.from(base64, "base64");
}
