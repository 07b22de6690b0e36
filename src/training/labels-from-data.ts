/** The lens that label files show, for a training of which nobody says what the labels are. */
import { labelFormat, openLabelled, openSpanDocuments } from "../adapters/files/label-files.js";
import { findColumn } from "../dataset/document.js";
import { SpanmillError } from "../errors.js";
import { detectScheme, labelSet, type Scheme } from "../tagging/schemes.js";
import { labelsOfTypes } from "./lens-labels.js";

/** The scheme of a lens that is made from spans: the one whose labels every file can be written in. */
const SPANS = "BIO";

export interface LensOfData {
  readonly scheme: Scheme;
  readonly labels: readonly string[];
  readonly column: number | string;
}

/**
 * Spans where the labels have the prefixes of a scheme or an O, else a label for each word.
 *
 * @param lens its key in MISC, where CoNLL-U files have one.
 * @param column undefined: the last one of CoNLL; of CoNLL-U the lens's key in MISC, else `upos`.
 * @throws SpanmillError TRAINING_DATA, INPUT_*
 */
export async function lensOfData(
  files: readonly string[],
  lens: string,
  column: number | string | undefined,
): Promise<LensOfData> {
  const inColumn = new Set<string>();
  const inMisc = new Set<string>();
  for (const file of files) {
    if (labelFormat(file) === "jsonl") {
      for await (const { spans } of openSpanDocuments([file]))
        for (const { label } of spans) inColumn.add(`B-${label}`);
      continue;
    }
    for await (const { columnNames, sentences } of openLabelled([file])) {
      const misc = columnNames.indexOf("misc");
      const place = placeOf(file, columnNames, column ?? (misc < 0 ? -1 : "upos"));
      for (const { columns } of sentences) {
        for (const tag of columns[place]!) if (inColumn.size <= MOST_TAGS) inColumn.add(tag);
        if (misc >= 0 && column === undefined) takeKey(columns[misc]!, lens, inMisc);
      }
    }
  }
  const tags = [...(inMisc.size > 0 ? inMisc : inColumn)].filter((tag) => tag !== "_").sort();
  const found = inMisc.size > 0 ? "misc" : (column ?? (files.some(isConllu) ? "upos" : -1));
  return { ...labelsOf(tags, files, found), column: found };
}

/** No set of labels comes near. */
const MOST_TAGS = 500;

function isConllu(file: string): boolean {
  return labelFormat(file) === "conllu";
}

function placeOf(file: string, columnNames: readonly string[], column: number | string): number {
  let place: number;
  try {
    place = findColumn(columnNames, column);
  } catch {
    throw wrongColumn([file], `it has no column ${column}, but ${columnNames.length}`);
  }
  if (place === 0) throw wrongColumn([file], `column ${column} holds the words, and no labels`);
  return place;
}

function takeKey(cells: readonly string[], lens: string, into: Set<string>): void {
  for (const cell of cells) {
    const pair = cell.split("|").find((one) => one.startsWith(`${lens}=`));
    if (pair !== undefined) into.add(pair.slice(lens.length + 1));
  }
}

function labelsOf(
  tags: readonly string[],
  files: readonly string[],
  column: number | string,
): Pick<LensOfData, "scheme" | "labels"> {
  if (tags.length > MOST_TAGS)
    throw wrongColumn(files, `column ${column} has more than ${MOST_TAGS} different labels`);
  if (tags.every((tag) => tag === "O"))
    throw wrongColumn(files, `there is no label in column ${column}, O aside`);
  let scheme: Scheme;
  try {
    scheme = detectScheme(tags);
  } catch (cause) {
    throw wrongColumn(files, `the labels in column ${column} fit no scheme`, cause);
  }
  if (scheme === "none") return { scheme, labels: tags };
  const types = labelSet(tags, scheme).tags.map(({ type }) => type);
  return { scheme: SPANS, labels: labelsOfTypes([...new Set(types)].filter(Boolean).sort(), SPANS) };
}

function wrongColumn(files: readonly string[], what: string, cause?: unknown): SpanmillError {
  return new SpanmillError(
    "TRAINING_DATA",
    `${files.join(", ")}: ${what}. Say which column has the labels with --column: 1 is the first, -1 the last, or upos or xpos`,
    { cause },
  );
}
