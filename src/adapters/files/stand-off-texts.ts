/** The texts of stand-off spans, gathered from the files that hold them. */
import { dirname, isAbsolute, join } from "node:path";
import { malformed, textOfLine } from "../../dataset/label-file.js";
import type { TextAt } from "../../dataset/span-lines.js";
import { type TextPlace, textInside, textPlace } from "../../dataset/stand-off.js";
import { openLines } from "./lines.js";
import { requireFiles } from "./paths.js";

/**
 * Reads the labels once for the places that they name, then each file of texts once. What is held is what is labelled.
 *
 * @param path of JSONL spans.
 * @returns undefined where the first line holds its own text, as then all have to.
 * @throws SpanmillError INPUT_*
 */
export async function standOffTexts(path: string, lineBytes: number): Promise<TextAt | undefined> {
  const places = await placesIn(path, lineBytes);
  if (places === undefined) return undefined;
  const pathOf = (file: string) => (isAbsolute(file) ? file : join(dirname(path), file));
  const wanted = new Map<string, Map<string, Set<string>>>();
  for (const { file, id, field } of places) {
    const documents = entry(wanted, pathOf(file), () => new Map<string, Set<string>>());
    entry(documents, id, () => new Set<string>()).add(field);
  }
  requireFiles([...wanted.keys()]);
  const holders = new Map<string, ReadonlyMap<string, Readonly<Record<string, unknown>>>>();
  for (const [file, documents] of wanted) holders.set(file, await holdersIn(file, documents, lineBytes));
  return (place, fail) => textInside(place, holders.get(pathOf(place.file))?.get(place.id), fail);
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

async function placesIn(path: string, lineBytes: number): Promise<TextPlace[] | undefined> {
  const lines = await openLines(path, lineBytes);
  const places: TextPlace[] = [];
  try {
    for await (const batch of lines.batches) {
      for (const line of batch) {
        const of = fieldsOf(textOfLine(lines.name, line))?.of;
        if (of !== undefined) places.push(textPlace(of, (what) => malformed(lines.name, line.number, what)));
        else if (places.length === 0 && textOfLine(lines.name, line).trim() !== "") return undefined;
      }
    }
  } finally {
    await lines.close();
  }
  return places.length === 0 ? undefined : places;
}

/** Of each document that is wanted, the fields that are. The first of an id counts. */
async function holdersIn(
  path: string,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  lineBytes: number,
): Promise<Map<string, Record<string, unknown>>> {
  const lines = await openLines(path, lineBytes);
  const holders = new Map<string, Record<string, unknown>>();
  for await (const batch of lines.batches) {
    for (const line of batch) {
      const document = fieldsOf(textOfLine(lines.name, line));
      const id = String(document?.id);
      const fields = wanted.get(id);
      if (fields === undefined || holders.has(id)) continue;
      holders.set(id, Object.fromEntries([...fields].map((field) => [field, document![field]])));
    }
  }
  return holders;
}

/** Undefined for what is no JSON object: who reads the line for its labels says so. */
function fieldsOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
