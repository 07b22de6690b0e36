import type { Line } from "../adapters/files/lines.js";
import { SpanmillError } from "../errors.js";

/** A file of labels as lines; what `openLines` gives is one. */
export interface LabelFile {
  readonly name: string;
  readonly batches: AsyncIterable<readonly Line[]>;
}

/** Makes the error of what is wrong at a place that it knows. */
export type Fail = (what: string) => Error;

/** Reads a format line by line, and hands each document over once it is whole. */
export interface LineParser {
  line(text: string, number: number): void;
  end(): void;
}

/**
 * Runs a parser over a file.
 *
 * @throws SpanmillError INPUT_MALFORMED for a line that is too long or not UTF-8, and whatever the parser throws.
 */
export async function* documentsOf<Document>(
  file: LabelFile,
  parserFor: (emit: (document: Document) => void) => LineParser,
): AsyncGenerator<Document> {
  let ready: Document[] = [];
  const parser = parserFor((document) => ready.push(document));
  for await (const batch of file.batches) {
    for (const line of batch) {
      parser.line(textOfLine(file.name, line), line.number);
      if (ready.length === 0) continue;
      yield* ready;
      ready = [];
    }
  }
  parser.end();
  yield* ready;
}

export function textOfLine(name: string, line: Line): string {
  if (line.kind === "rejected") throw malformed(name, line.number, line.reason);
  return line.text;
}

/** The error of a label file that breaks its format. `what` holds no text of the document. */
export function malformed(name: string, line: number, what: string): SpanmillError {
  return new SpanmillError("INPUT_MALFORMED", `${name}:${line}: ${what}`);
}
