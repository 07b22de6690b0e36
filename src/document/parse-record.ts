/** Records read back from JSON, checked against their definition. */
import type { z } from "zod";
import { complaint, placeOf } from "../complaint.js";
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
  const what = `${placeOf(issue)} ${complaint(issue)}`;
  return new SpanmillError("INPUT_MALFORMED", `This is no ${RECORD_SCHEMA}: ${what}.`, {
    cause,
  });
}

/** What JSON Schema cannot say: columns of one length. */
function inconsistency({ words }: DocumentRecord): string | undefined {
  if (words === undefined) return undefined;
  const columns = [words.end, ...Object.values(words.labels), ...Object.values(words.scores)];
  return columns.some((column) => column.length !== words.start.length)
    ? "columns of words differ in length"
    : undefined;
}
