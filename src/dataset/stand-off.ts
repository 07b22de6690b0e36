/**
 * Stand-off annotation: labels that say where their text is and hold none of it, so that they can be kept and given away
 * where the text cannot. In a line of JSONL spans, `of` stands in the place of `text`:
 *
 * `{"of": {"file": "mails.jsonl.gz", "id": "7", "field": "raw", "start": 120, "end": 640, "sha256": "9f86d0…"}, "spans": […]}`
 *
 * The text is what `field` (`text` where it is left out) of the document `id` holds from `start` to `end`, in code
 * points, exclusive; all of it where they are left out. Spans count from its beginning. `sha256` is that of the text's
 * UTF-8, or the beginning of it: labels of another text than was labelled are worse than none.
 */
import { hash } from "node:crypto";
import type { Fail } from "./label-file.js";

export interface TextPlace {
  /** Beside the file of the labels, unless it is absolute. */
  readonly file: string;
  readonly id: string;
  readonly field: string;
  readonly start: number | undefined;
  readonly end: number | undefined;
  /** Of the text's UTF-8, in hexadecimal, from the first digit on. */
  readonly sha256: string;
}

/** Fewer would not tell two texts apart. */
const LEAST_DIGITS = 8;

/** @throws what `fail` makes where `of` is not of this form */
export function textPlace(of: unknown, fail: Fail): TextPlace {
  if (typeof of !== "object" || of === null) throw fail('"of" is no object that says where the text is');
  const { file, id, field = "text", start, end, sha256 } = of as Record<string, unknown>;
  const isId = typeof id === "string" || typeof id === "number";
  if (typeof file !== "string" || file === "" || !isId || typeof field !== "string")
    throw fail('"of" does not say in which "file", and of which "id" there, the text is');
  if (typeof sha256 !== "string" || !/^[0-9a-f]{8,64}$/.test(sha256))
    throw fail(`"of" has no "sha256" of its text: at least ${LEAST_DIGITS} hexadecimal digits`);
  const count = (value: unknown) =>
    value === undefined || (Number.isInteger(value) && (value as number) >= 0);
  if (!count(start) || !count(end)) throw fail('"start" and "end" of "of" are whole numbers of code points');
  return {
    file,
    id: String(id),
    field,
    start: start as number | undefined,
    end: end as number | undefined,
    sha256,
  };
}

/**
 * The text at a place, out of the document that it names.
 *
 * @param holder the document; undefined where the file has none of that id.
 * @throws what `fail` makes where the text is not there, or is another than was labelled
 */
export function textInside(
  { file, id, field, start, end, sha256 }: TextPlace,
  holder: Readonly<Record<string, unknown>> | undefined,
  fail: Fail,
): string {
  if (holder === undefined) throw fail(`there is no document of the id ${JSON.stringify(id)} in ${file}`);
  const whole = holder[field];
  if (typeof whole !== "string")
    throw fail(`the document ${JSON.stringify(id)} of ${file} has no text in ${JSON.stringify(field)}`);
  const text = start === undefined && end === undefined ? whole : [...whole].slice(start, end).join("");
  const found = hash("sha256", text, "hex");
  if (!found.startsWith(sha256)) {
    throw fail(
      `the text of ${JSON.stringify(id)} in ${file} is not the one that was labelled (sha256 ${found.slice(0, sha256.length)} ` +
        `and not ${sha256}): take the file that the labels were made for`,
    );
  }
  return text;
}
