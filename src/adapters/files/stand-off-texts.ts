/** The texts of stand-off spans, gathered from the files that hold them. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { malformed, textOfLine } from "../../dataset/label-file.js";
import type { TextAt } from "../../dataset/span-lines.js";
import { type TextPlace, textInside, textPlace } from "../../dataset/stand-off.js";
import { SpanmillError } from "../../errors.js";
import { STDIN } from "./bytes.js";
import { openLines } from "./lines.js";
import { requireFiles } from "./paths.js";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the labels once for the places that they name, then each file of texts once. Of those, the fields that are named of
 * the documents that are named are held.
 *
 * @param path of JSONL spans.
 * @returns undefined for a pipe, which cannot be read twice
 * @throws SpanmillError INPUT_*
 */
export async function standOffTexts(path: string, lineBytes: number): Promise<TextAt | undefined> {
  if (path === STDIN || !statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const pathOf = ({ file }: TextPlace) => resolve(dirname(path), file);
  const wanted = new Map<string, Map<string, Set<string>>>();
  for (const place of await placesIn(path, lineBytes)) {
    const documents = entry(wanted, pathOf(place), () => new Map<string, Set<string>>());
    entry(documents, place.id, () => new Set<string>()).add(place.field);
  }
  try {
    requireFiles([...wanted.keys()]);
  } catch (error) {
    if (!(error instanceof SpanmillError)) throw error;
    throw new SpanmillError(error.code, `${error.message}\n${path} says that its texts are there`, {
      cause: error,
    });
  }
  const holders = new Map<string, ReadonlyMap<string, Fields>>();
  for (const [file, documents] of wanted) holders.set(file, await holdersIn(file, documents, lineBytes));
  return (place, fail) => textInside(place, holders.get(pathOf(place))?.get(place.id), fail);
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

async function placesIn(path: string, lineBytes: number): Promise<TextPlace[]> {
  const places: TextPlace[] = [];
  for await (const { text, fail } of linesOf(path, lineBytes)) {
    // Who reads the labels tells of lines that are broken; here they only need not to be in the way.
    const of = text.includes('"of"') ? fieldsOf(text)?.of : undefined;
    if (of !== undefined) places.push(textPlace(of, fail));
  }
  return places;
}

/** Of each document that is wanted, the fields that are. The first of an id counts. */
async function holdersIn(
  path: string,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  lineBytes: number,
): Promise<Map<string, Fields>> {
  const holders = new Map<string, Fields>();
  for await (const { text, fail } of linesOf(path, lineBytes)) {
    if (text.trim() === "") continue;
    const document = fieldsOf(text);
    if (document === undefined) throw fail("the line is no JSON object");
    const id = typeof document.id === "number" ? String(document.id) : document.id;
    const fields = typeof id === "string" ? wanted.get(id) : undefined;
    if (fields === undefined || holders.has(id as string)) continue;
    holders.set(id as string, Object.fromEntries([...fields].map((field) => [field, document[field]])));
  }
  return holders;
}

async function* linesOf(path: string, lineBytes: number) {
  const lines = await openLines(path, lineBytes);
  for await (const batch of lines.batches) {
    for (const line of batch) {
      const fail = (what: string) => malformed(lines.name, line.number, what);
      yield { text: textOfLine(lines.name, line), fail };
    }
  }
}

/** Undefined for what is no JSON object. */
function fieldsOf(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
