/** Labels set onto cells: what is shown inside the text, and what in lanes beneath it. */
import type { TerminalTraits } from "./traits.js";
import { type Cell, printable } from "./visible.js";

export interface HighlightSpan {
  readonly lens: string;
  /** Half-open, in UTF-16 units of the text. */
  readonly start: number;
  readonly end: number;
  readonly label: string;
  /** 0 to 1. */
  readonly score: number;
}

/** Labels of a lens that has no spans, such as parts of speech: one a word, in columns of one length. */
export interface WordLabels {
  readonly lens: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly labels: readonly string[];
}

export interface HighlightDocument {
  readonly id: string;
  readonly text: string;
  readonly spans: readonly HighlightSpan[];
  readonly words?: readonly WordLabels[] | undefined;
}

/** A label on the cells from `first` to `last`, both of them text. */
export interface Mark {
  readonly first: number;
  readonly last: number;
  readonly name: string;
  /** As printed: with a question mark where uncertain. */
  readonly shown: string;
  readonly uncertain: boolean;
}

/** Marks in the order of the text, none overlapping another. */
export interface Lane {
  readonly lens: string;
  readonly kind: "spans" | "words";
  readonly marks: readonly Mark[];
}

export interface Arrangement {
  readonly inline: Lane;
  readonly beneath: readonly Lane[];
}

/** Spans that are less likely right than wrong. */
const UNCERTAIN_BELOW = 0.5;

/**
 * The first lens with spans, in the order of `lenses`, goes inline; the others go beneath, in that order.
 * Spans are clamped to the text and widened to whole graphemes, those over nothing visible are left out. Where
 * spans of one lens overlap, which decoding never gives, the later ones move to lanes of their own: linear in the
 * spans times the depth of overlap.
 */
export function arrange(
  document: HighlightDocument,
  cells: readonly Cell[],
  lenses: readonly string[],
  traits: TerminalTraits,
): Arrangement {
  const spans = byLens(document.spans);
  const words = new Map((document.words ?? []).map((column) => [column.lens, column]));
  const order = [...new Set([...lenses, ...spans.keys(), ...words.keys()])];
  const first = order.find((lens) => (lenses.includes(lens) || spans.has(lens)) && !words.has(lens));
  let inline: Lane = { lens: first ?? "", kind: "spans", marks: [] };
  const beneath: Lane[] = [];
  for (const name of order) {
    const lens = printable(name, traits.unicode);
    const [own, ...further] = rows(marksOf(spans.get(name) ?? [], cells, traits));
    if (name === first) inline = { lens, kind: "spans", marks: own ?? [] };
    else if (own !== undefined) beneath.push({ lens, kind: "spans", marks: own });
    for (const marks of further) beneath.push({ lens, kind: "spans", marks });
    const column = words.get(name);
    if (column === undefined) continue;
    for (const marks of rows(marksOf(wordSpans(column), cells, traits))) {
      beneath.push({ lens, kind: "words", marks });
    }
  }
  return { inline, beneath };
}

function byLens(spans: readonly HighlightSpan[]): Map<string, HighlightSpan[]> {
  const out = new Map<string, HighlightSpan[]>();
  for (const span of spans) {
    const own = out.get(span.lens);
    if (own === undefined) out.set(span.lens, [span]);
    else own.push(span);
  }
  return out;
}

function wordSpans(column: WordLabels): HighlightSpan[] {
  return column.labels.map((label, i) => {
    return { lens: column.lens, start: column.starts[i] ?? 0, end: column.ends[i] ?? 0, label, score: 1 };
  });
}

function marksOf(spans: readonly HighlightSpan[], cells: readonly Cell[], traits: TerminalTraits): Mark[] {
  const marks: Mark[] = [];
  for (const span of spans) {
    let first = firstCell(cells, span.start);
    let last = lastCell(cells, span.end);
    while (first <= last && cells[first]!.kind !== "text") first++;
    while (first <= last && cells[last]!.kind !== "text") last--;
    if (first > last || !(span.start < span.end)) continue;
    const uncertain = span.score < UNCERTAIN_BELOW;
    const name = printable(span.label, traits.unicode) || "-";
    marks.push({ first, last, name, uncertain, shown: uncertain ? `${name}?` : name });
  }
  return marks.sort((a, b) => a.first - b.first || b.last - a.last);
}

/** First-fit into rows without overlap; one row unless spans overlap. */
function rows(marks: readonly Mark[]): Mark[][] {
  const out: Mark[][] = [];
  for (const mark of marks) {
    const row = out.find((others) => others.at(-1)!.last < mark.first);
    if (row === undefined) out.push([mark]);
    else row.push(mark);
  }
  return out;
}

/** The first cell that ends after `offset`. */
function firstCell(cells: readonly Cell[], offset: number): number {
  return partition(cells, (cell) => !(cell.end > offset));
}

/** The last cell that starts before `offset`. */
function lastCell(cells: readonly Cell[], offset: number): number {
  return partition(cells, (cell) => cell.start < offset) - 1;
}

/** The number of leading cells of which `holds` is true, by bisection. */
function partition(cells: readonly Cell[], holds: (cell: Cell) => boolean): number {
  let [low, high] = [0, cells.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(cells[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
