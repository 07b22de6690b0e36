/**
 * The value of a message to a document: its text view and what its source says of it.
 *
 * A format is a case here and a file beside this one; raw mail and ticket shapes will be two more.
 */
import type { ErrorCode } from "../../errors.js";
import { type TextView, viewOf } from "../view.js";
import { unframed } from "./framing.js";
import { type FieldPath, follow, kindOf, wrongId } from "./json.js";
import { languageOf, timeOf } from "./values.js";

export const MESSAGE_FORMATS = ["json", "text"] as const;

/** Where the parts of a JSON document stand. Of `text`, `subject` and `body` at least one is named. */
export interface MessageFields {
  readonly id?: FieldPath;
  /** For documents of one text. */
  readonly text?: FieldPath;
  /** Comes first in the text view, as a segment of its own. */
  readonly subject?: FieldPath;
  readonly body?: FieldPath;
  readonly language?: FieldPath;
  /** When the document was written: an RFC 3339 time, or seconds or milliseconds since 1970. */
  readonly time?: FieldPath;
}

export type MessageFormat =
  | { readonly kind: "json"; readonly fields: MessageFields }
  | { readonly kind: "text" };

export interface ReadDocument {
  readonly kind: "document";
  readonly id: string | undefined;
  readonly view: TextView;
  /** A language tag. */
  readonly language: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number | undefined;
}

export type Extracted =
  | ReadDocument
  | {
      readonly kind: "rejected";
      readonly code: Extract<ErrorCode, `DOCUMENT_${string}`>;
      /** What is wrong, without text of the document. */
      readonly reason: string;
    };

/** @param limit bytes of a value. */
export function extractMessage(value: Buffer, format: MessageFormat, limit: number): Extracted {
  if (value.length > limit) {
    return rejected("DOCUMENT_TOO_LARGE", `the value has ${value.length} bytes, over the limit of ${limit}`);
  }
  const payload = unframed(value, format.kind);
  if ("code" in payload) return rejected(payload.code, payload.reason);
  const text = decode(payload.bytes);
  if (text === undefined) return rejected("DOCUMENT_NOT_UTF8", "the value is not valid UTF-8");
  switch (format.kind) {
    case "text":
      return named(viewOf([{ kind: "body", text }]));
    case "json":
      return readJson(text, format.fields);
  }
}

function rejected(code: Extract<ErrorCode, `DOCUMENT_${string}`>, reason: string): Extracted {
  return { kind: "rejected", code, reason };
}

function named(view: TextView, rest: Partial<ReadDocument> = {}): ReadDocument {
  return { kind: "document", id: undefined, language: undefined, time: undefined, ...rest, view };
}

/** Also drops a byte order mark. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function readJson(json: string, fields: MessageFields): Extracted {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return rejected("DOCUMENT_NOT_JSON", "the value is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return rejected("DOCUMENT_NOT_JSON", `the value is ${kindOf(value)}, not a JSON object`);
  }
  const wrong = (path: FieldPath, what: string) =>
    rejected("DOCUMENT_FIELD_MISSING", `the field ${path.join(".")} is ${what}`);

  const parts: { kind: "subject" | "body"; text: string }[] = [];
  for (const { path, kind } of textFields(fields)) {
    const text = follow(value, path);
    if (typeof text === "string") parts.push({ kind, text });
    else if (text != null) return wrong(path, `${kindOf(text)}, not a string`);
  }
  if (parts.length === 0) return rejected("DOCUMENT_FIELD_MISSING", noText(value, fields));

  const id = fields.id === undefined ? undefined : follow(value, fields.id);
  const notAnId = wrongId(id);
  if (notAnId !== undefined) return wrong(fields.id!, notAnId);
  const language = fields.language === undefined ? undefined : languageOf(follow(value, fields.language));
  if (language !== undefined && "wrong" in language) return wrong(fields.language!, language.wrong);
  const time = fields.time === undefined ? undefined : timeOf(follow(value, fields.time));
  if (time !== undefined && "wrong" in time) return wrong(fields.time!, time.wrong);
  return named(viewOf(parts), {
    id: id == null || id === "" ? undefined : String(id),
    language: language?.value,
    time: time?.value,
  });
}

/** In the order of the text view. */
function textFields({ subject, text, body }: MessageFields): { path: FieldPath; kind: "subject" | "body" }[] {
  return [
    ...(subject === undefined ? [] : [{ path: subject, kind: "subject" as const }]),
    ...(text === undefined ? [] : [{ path: text, kind: "body" as const }]),
    ...(body === undefined ? [] : [{ path: body, kind: "body" as const }]),
  ];
}

function noText(value: object, fields: MessageFields): string {
  const paths = textFields(fields).map(({ path }) => path);
  const names = paths.map((path) => path.join(".")).join(", ");
  const isNull = paths.some((path) => follow(value, path) === null);
  return paths.length === 1
    ? `the field ${names} ${isNull ? "is null, not a string" : "is not there"}`
    : `none of the fields ${names} holds a string`;
}
