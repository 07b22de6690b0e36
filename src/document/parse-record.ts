/** Records read back from JSON, checked against their definition. */
import type { z } from "zod";
import { SpanmillError } from "../errors.js";
import { type DocumentRecord, RECORD_SCHEMA, recordDefinition } from "./record.js";

/**
 * Reads a record from its JSON text.
 *
 * @throws SpanmillError `INPUT_MALFORMED` that names the key, never content.
 */
export function parseRecord(json: string): DocumentRecord {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new SpanmillError("INPUT_MALFORMED", `This is not JSON, where a ${RECORD_SCHEMA} was expected.`, {
      cause,
    });
  }
  const parsed = recordDefinition.safeParse(value);
  if (!parsed.success) throw malformed(parsed.error.issues[0]!, parsed.error);
  const problem = inconsistency(parsed.data);
  if (problem !== undefined)
    throw new SpanmillError("INPUT_MALFORMED", `This is no ${RECORD_SCHEMA}: ${problem}.`);
  return parsed.data;
}

function malformed(issue: z.core.$ZodIssue, cause: unknown): SpanmillError {
  const key = issue.path.length === 0 ? "the whole" : issue.path.map(safeKey).join(".");
  return new SpanmillError("INPUT_MALFORMED", `This is no ${RECORD_SCHEMA}: ${key} ${complaint(issue)}.`, {
    cause,
  });
}

/** Keys of foreign JSON may hold anything; only what looks like a name is printed. */
function safeKey(key: PropertyKey): string {
  return typeof key === "number" || /^[\w.-]{1,40}$/.test(String(key)) ? String(key) : "(a key)";
}

/** Zod's own message is not used: it may quote the value. */
function complaint(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `is missing or not of type ${issue.expected}`;
    case "invalid_value":
      return `is not one of ${issue.values.map(String).join(", ")}`;
    case "unrecognized_keys":
      return `holds a key that is not known: ${issue.keys.map(safeKey).join(", ")}`;
    case "too_small":
      return `is less than ${issue.minimum}`;
    case "too_big":
      return `is more than ${issue.maximum}`;
    case "invalid_key":
      return "has a name that is not allowed";
    default:
      return "is not of the right form";
  }
}

/** What JSON Schema cannot say: columns of one length. */
function inconsistency({ words }: DocumentRecord): string | undefined {
  if (words === undefined) return undefined;
  const columns = [words.end, ...Object.values(words.labels), ...Object.values(words.scores)];
  return columns.some((column) => column.length !== words.start.length)
    ? "columns of words differ in length"
    : undefined;
}
