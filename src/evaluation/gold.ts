/**
 * Which column of a label file belongs to which lens, and what its tags mean. A first pass over the files counts
 * the tags of every column, so that nothing has to be declared that the data says itself.
 */
import { findColumn, type LabelledDocument, type LabelledSentence } from "../dataset/document.js";
import { SpanmillError } from "../errors.js";
import { detectScheme, labelSet, type Scheme } from "../tagging/schemes.js";

/** Tags of one lens in a label file. */
export interface GoldColumn {
  readonly lens: string;
  /** Index into `columns`, or the lens's name in the MISC column of CoNLL-U (`ner=B-PER`). */
  readonly place: number | { readonly misc: number };
  readonly scheme: Scheme;
}

/** Where the user says the labels are: by lens, and for a lens that is not named. */
export interface ColumnChoice {
  readonly byName: ReadonlyMap<string, number | string>;
  readonly otherwise: number | string | undefined;
}

export interface Inventory {
  readonly columnNames: readonly string[];
  /** The different values of each column, up to a bound that no tag set comes near. */
  readonly values: readonly ReadonlySet<string>[];
  /** Tags in MISC, by key. */
  readonly misc: ReadonlyMap<string, ReadonlySet<string>>;
}

const MOST_TAGS = 2_000;

/** Counts the values of all columns. */
export async function takeInventory(documents: AsyncIterable<LabelledDocument>): Promise<Inventory> {
  let columnNames: readonly string[] = [];
  const values: Set<string>[] = [];
  const misc = new Map<string, Set<string>>();
  for await (const document of documents) {
    columnNames = document.columnNames;
    const miscColumn = columnNames.indexOf("misc");
    for (const sentence of document.sentences) {
      sentence.columns.forEach((column, c) => {
        values[c] ??= new Set();
        if (values[c].size < MOST_TAGS) for (const value of column) values[c].add(value);
      });
      if (miscColumn >= 0) takeMisc(sentence.columns[miscColumn]!, misc);
    }
  }
  return { columnNames, values, misc };
}

function takeMisc(column: readonly string[], misc: Map<string, Set<string>>): void {
  for (const cell of column) {
    if (cell === "_") continue;
    for (const [key, value] of miscPairs(cell)) {
      const tags = misc.get(key) ?? new Set();
      if (tags.size < MOST_TAGS) tags.add(value);
      misc.set(key, tags);
    }
  }
}

function miscPairs(cell: string): [string, string][] {
  return cell.split("|").flatMap((pair): [string, string][] => {
    const equals = pair.indexOf("=");
    return equals < 1 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)]];
  });
}

/** A lens that a model has, or undefined labels where none is known. */
export interface KnownLens {
  readonly name: string;
  readonly scheme: Scheme;
  readonly labels: readonly string[];
}

/**
 * Finds the gold column of each lens: the one the user names for it; else the one the user names for no lens, for
 * the lens whose labels are most like its tags; else in CoNLL-U `upos` for a lens without spans, or the lens's
 * key in MISC; else, where nothing else is found, the last column, again for the one lens most like it. Lenses
 * without a column are left out.
 *
 * @throws SpanmillError USAGE where a named column is not there; INPUT_MALFORMED where no lens has one, or tags
 * fit no scheme.
 */
export function goldColumns(
  inventory: Inventory,
  lenses: readonly KnownLens[],
  choice: ColumnChoice,
): GoldColumn[] {
  const found = lenses.flatMap(({ name }): GoldColumn[] => {
    const wanted = choice.byName.get(name);
    return wanted === undefined ? [] : [columnAt(inventory, name, wanted)];
  });
  const rest = () => lenses.filter(({ name }) => !found.some(({ lens }) => lens === name));
  if (choice.otherwise !== undefined) found.push(...nearest(inventory, rest(), choice.otherwise));
  found.push(...rest().flatMap((lens) => inConllu(inventory, lens)));
  const { columnNames } = inventory;
  if (found.length === 0 && !columnNames.includes("upos") && columnNames.length > 1) {
    found.push(...nearest(inventory, lenses, -1));
  }
  if (found.length > 0) return found;
  throw new SpanmillError(
    "INPUT_MALFORMED",
    `No column of the label files is known to hold the labels of ${lenses.map(({ name }) => name).join(", ")}: ` +
      "say which it is with --column LENS=N",
  );
}

function nearest(inventory: Inventory, lenses: readonly KnownLens[], wanted: number | string): GoldColumn[] {
  const column = findColumn(inventory.columnNames, wanted);
  if (lenses.length === 0) return [];
  const lens = nearestLens(lenses, inventory.values[column] ?? new Set());
  return [columnAt(inventory, lens.name, wanted)];
}

function inConllu(inventory: Inventory, lens: KnownLens): GoldColumn[] {
  if (!inventory.columnNames.includes("upos")) return [];
  if (lens.scheme === "none") {
    const tags = inventory.values[inventory.columnNames.indexOf("upos")] ?? new Set();
    return [...tags].every((tag) => tag === "_") ? [] : [columnAt(inventory, lens.name, "upos")];
  }
  const tags = inventory.misc.get(lens.name);
  if (tags === undefined) return [];
  const misc = inventory.columnNames.indexOf("misc");
  return [{ lens: lens.name, place: { misc }, scheme: schemeOf([...tags], lens.name) }];
}

function columnAt(inventory: Inventory, lens: string, wanted: number | string): GoldColumn {
  const place = findColumn(inventory.columnNames, wanted);
  return { lens, place, scheme: schemeOf([...(inventory.values[place] ?? [])], lens) };
}

/** The scheme that tags show; a column of plain labels has none. IOB1 counts as BIO: conlleval reads both alike. */
function schemeOf(tags: readonly string[], lens: string): Scheme {
  // A set without a single span still has O, which every scheme has.
  if (tags.every((tag) => tag === "O")) return "BIO";
  try {
    return detectScheme(tags);
  } catch (cause) {
    throw new SpanmillError(
      "INPUT_MALFORMED",
      `The gold labels of lens ${lens} fit no scheme: is it the right column? Say which with --column ${lens}=N`,
      { cause },
    );
  }
}

/** The lens that shares most types with the tags. */
function nearestLens(lenses: readonly KnownLens[], tags: ReadonlySet<string>): KnownLens {
  const types = new Set([...tags].map(typeOf));
  const shared = (lens: KnownLens) =>
    new Set(
      labelSet(lens.labels, lens.scheme)
        .tags.map(({ type }) => type)
        .filter((type) => types.has(type)),
    ).size;
  return lenses.reduce((best, lens) => (shared(lens) > shared(best) ? lens : best));
}

function typeOf(tag: string): string {
  return tag.replace(/^[BIESLU][-_]/, "");
}

/** The gold tags of a sentence; O where MISC says nothing. */
export function goldTags(
  { columns, words }: LabelledSentence,
  { place, lens }: GoldColumn,
): readonly string[] {
  if (typeof place === "number") return columns[place]!;
  return words.map((_, i) => miscPairs(columns[place.misc]![i]!).find(([key]) => key === lens)?.[1] ?? "O");
}
