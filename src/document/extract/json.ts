/** A line of JSONL to a document: its text and its id, by field path. */

export type Extracted =
  | { readonly kind: "document"; readonly id: string | undefined; readonly text: string }
  | {
      readonly kind: "rejected";
      readonly code: "DOCUMENT_NOT_JSON" | "DOCUMENT_FIELD_MISSING";
      /** What is wrong, without text of the document. */
      readonly reason: string;
    };

/** A path into a JSON value: the keys to follow. */
export type FieldPath = readonly string[];

/** Reads `ticket.body` or, as a JSON pointer (RFC 6901), `/ticket/body`. */
export function fieldPath(written: string): FieldPath {
  if (!written.startsWith("/")) return written.split(".");
  return written
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function extractJson(line: string, fields: { text: FieldPath; id: FieldPath }): Extracted {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    // The parser's message quotes the line; only the number in it is ours to give.
    const position =
      error instanceof Error
        ? / in JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(error.message)?.[1]
        : undefined;
    const where = position === undefined ? "" : ` from character ${position} on`;
    return { kind: "rejected", code: "DOCUMENT_NOT_JSON", reason: `the line is not JSON${where}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return {
      kind: "rejected",
      code: "DOCUMENT_NOT_JSON",
      reason: `the line is ${kindOf(value)}, not a JSON object`,
    };
  }
  const text = follow(value, fields.text);
  if (typeof text !== "string") {
    const reason =
      text === undefined
        ? `the document has no field ${fields.text.join(".")}; name the field that holds the text with --field`
        : `the field ${fields.text.join(".")} is ${kindOf(text)}, not a string`;
    return { kind: "rejected", code: "DOCUMENT_FIELD_MISSING", reason };
  }
  const id = follow(value, fields.id);
  const wrong = wrongId(id);
  if (wrong !== undefined) {
    const reason = `the id field ${fields.id.join(".")} is ${wrong}; name another with --id`;
    return { kind: "rejected", code: "DOCUMENT_FIELD_MISSING", reason };
  }
  return { kind: "document", id: id == null || id === "" ? undefined : String(id), text };
}

export function follow(value: unknown, path: FieldPath): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

/** A document under a wrong name is worse than none. @returns what is wrong with the id, or undefined. */
export function wrongId(id: unknown): string | undefined {
  if (typeof id === "number") {
    return Number.isInteger(id) && !Number.isSafeInteger(id)
      ? "a number of more digits than JSON readers keep: write it as a string"
      : undefined;
  }
  return id == null || typeof id === "string" ? undefined : `${kindOf(id)}, not a string or a number`;
}

export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
