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
 * Finds the gold column of each lens: the one the user names; else `upos` for a lens without spans in CoNLL-U, or
 * the lens's key in MISC; else the last column, for the one lens whose labels are most like its tags. Lenses
 * without a column are left out.
 *
 * @throws SpanmillError USAGE where a named column is not there; INPUT_MALFORMED where no lens has one.
 */
export function goldColumns(
  inventory: Inventory,
  lenses: readonly KnownLens[],
  choice: ColumnChoice,
): GoldColumn[] {
  const found = lenses.flatMap((lens): GoldColumn[] => {
    const wanted = choice.byName.get(lens.name);
    if (wanted !== undefined) return [columnAt(inventory, lens.name, wanted)];
    return inConllu(inventory, lens);
  });
  if (found.length > 0 && choice.otherwise === undefined) return found;
  const rest = lenses.filter(({ name }) => !found.some(({ lens }) => lens === name));
  const isConllu = inventory.columnNames.includes("upos");
  const otherwise = choice.otherwise ?? (isConllu ? undefined : -1);
  if (otherwise !== undefined && rest.length > 0 && inventory.columnNames.length > 1) {
    const column = findColumn(inventory.columnNames, otherwise);
    const lens = nearestLens(rest, inventory.values[column] ?? new Set());
    found.push(columnAt(inventory, lens.name, otherwise));
  }
  if (found.length > 0) return found;
  throw new SpanmillError(
    "INPUT_MALFORMED",
    `No column of the label files is known to hold the labels of ${lenses.map(({ name }) => name).join(", ")}: ` +
      "say which it is with --column LENS=N",
  );
}

function inConllu(inventory: Inventory, lens: KnownLens): GoldColumn[] {
  if (!inventory.columnNames.includes("upos")) return [];
  if (lens.scheme === "none") return [columnAt(inventory, lens.name, "upos")];
  const tags = inventory.misc.get(lens.name);
  if (tags === undefined) return [];
  const misc = inventory.columnNames.indexOf("misc");
  return [{ lens: lens.name, place: { misc }, scheme: schemeOf([...tags], lens.name) }];
}

function columnAt(inventory: Inventory, lens: string, wanted: number | string): GoldColumn {
  const place = findColumn(inventory.columnNames, wanted);
  return { lens, place, scheme: schemeOf([...(inventory.values[place] ?? [])], lens) };
}

/** Gold tags are read as conlleval does, so a column that is no scheme's is one of plain labels. */
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
