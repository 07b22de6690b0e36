/**
 * Breaks a paragraph into lines of a given width, leaving under each word the room that its labels need.
 *
 * Cells are gathered into units between places where a line may end. A unit goes on the line if it fits there with
 * its labels, else on the next line, else (it is wider than a line) it is cut between graphemes. Only a single
 * grapheme or label that is wider than a whole line stands out.
 */
import type { Arrangement, Lane, Mark } from "./marks.js";
import { type Cell, columns } from "./visible.js";

export interface Line {
  readonly runs: Run[];
  /** For each lane beneath, the stretches of this line that its marks cover. */
  readonly lanes: Stretch[][];
  /** Columns of the text, labels included. */
  width: number;
}

export interface Run {
  /** `edge`: what sets a label off, such as brackets. */
  readonly kind: "text" | "space" | "edge" | "label";
  readonly text: string;
  /** The inline mark it belongs to. */
  readonly mark: Mark | undefined;
}

export interface Stretch {
  readonly mark: Mark;
  /** Columns. */
  readonly from: number;
  to: number;
  /** False where the mark comes over from the line before. */
  readonly opens: boolean;
}

/** What stands before a marked text, between it and its label, and after the label. */
export interface Edges {
  readonly open: string;
  readonly middle: string;
  readonly close: string;
}

/** `cells` from `from` to `to` (exclusive) are one paragraph: they hold no line end. */
export function layOut(
  cells: readonly Cell[],
  from: number,
  to: number,
  { inline, beneath }: Arrangement,
  edges: (mark: Mark) => Edges,
  width: number,
): Line[] {
  const pen = newPen(beneath, from, width);
  for (const unit of units(cells, from, to, inline.marks, edges)) place(pen, unit);
  return pen.lines;
}

/** The smallest things placed: a grapheme, with the edge that opens its mark, or a label with its edges. */
interface Atom {
  readonly runs: readonly Run[];
  readonly width: number;
  /** The cell, or -1 for a label. */
  readonly cell: number;
  readonly mark: Mark | undefined;
}

interface Unit {
  readonly atoms: Atom[];
  /** Columns of white space before it; dropped where a line ends there. */
  readonly gap: number;
  /** The inline mark that the white space lies in. */
  readonly gapMark: Mark | undefined;
}

function* units(
  cells: readonly Cell[],
  from: number,
  to: number,
  marks: readonly Mark[],
  edges: (mark: Mark) => Edges,
): Generator<Unit> {
  let next = firstMarkAt(marks, from);
  let unit: Unit = { atoms: [], gap: 0, gapMark: undefined };
  for (let i = from; i < to; i++) {
    const cell = cells[i]!;
    while (next < marks.length && marks[next]!.last < i) next++;
    const candidate = marks[next];
    const mark = candidate !== undefined && candidate.first <= i ? candidate : undefined;
    const before = i > from ? cells[i - 1]! : undefined;
    if (
      unit.atoms.length > 0 &&
      (cell.kind === "space" || (before !== undefined && mayBreak(before, cell)))
    ) {
      yield unit;
      unit = { atoms: [], gap: 0, gapMark: undefined };
    }
    if (cell.kind === "space") {
      unit = { atoms: [], gap: unit.gap + cell.width, gapMark: mark };
    } else {
      unit.atoms.push(textAtom(cell, i, mark, edges));
      if (mark?.last === i) unit.atoms.push(labelAtom(mark, edges(mark)));
    }
  }
  if (unit.atoms.length > 0) yield unit;
}

function firstMarkAt(marks: readonly Mark[], cell: number): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle]!.last < cell) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Between wide characters a line may end anywhere but before closing and after opening punctuation. */
function mayBreak(before: Cell, after: Cell): boolean {
  if (before.kind !== "text" || after.kind !== "text" || (before.width < 2 && after.width < 2)) return false;
  return (
    !/^[\p{Pe}\p{Pf}\p{Po}ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々]/u.test(after.text) &&
    !/[\p{Ps}\p{Pi}]$/u.test(before.text)
  );
}

function textAtom(cell: Cell, index: number, mark: Mark | undefined, edges: (mark: Mark) => Edges): Atom {
  const text: Run = { kind: "text", text: cell.text, mark };
  if (mark?.first !== index) return { runs: [text], width: cell.width, cell: index, mark };
  const open: Run = { kind: "edge", text: edges(mark).open, mark };
  return { runs: [open, text], width: columns(open.text) + cell.width, cell: index, mark };
}

function labelAtom(mark: Mark, edges: Edges): Atom {
  const runs: Run[] = [
    { kind: "edge", text: edges.middle, mark },
    { kind: "label", text: mark.shown, mark },
    { kind: "edge", text: edges.close, mark },
  ];
  return { runs, width: runs.reduce((sum, run) => sum + columns(run.text), 0), cell: -1, mark };
}

/** Where the next atom goes, and what the lanes need to its right. */
interface Position {
  column: number;
  readonly lanes: {
    /** Index of the first mark that may still cover a cell to come. */
    next: number;
    /** The mark that covers the last cell placed on this line. */
    open: Mark | undefined;
    /** Where the next label may stand. */
    free: number;
  }[];
}

interface Pen {
  readonly width: number;
  readonly beneath: readonly Lane[];
  readonly lines: Line[];
  at: Position;
}

function newPen(beneath: readonly Lane[], from: number, width: number): Pen {
  const lanes = beneath.map(({ marks }) => ({ next: firstMarkAt(marks, from), open: undefined, free: 0 }));
  const at = { column: 0, lanes };
  const pen: Pen = { width, beneath, lines: [], at };
  newLine(pen);
  return pen;
}

function newLine(pen: Pen): void {
  pen.lines.push({ runs: [], lanes: pen.beneath.map(() => []), width: 0 });
  pen.at.column = 0;
  for (const lane of pen.at.lanes) {
    lane.open = undefined;
    lane.free = 0;
  }
}

function place(pen: Pen, unit: Unit): void {
  const fresh = pen.at.column === 0;
  const gap = fresh ? Math.min(unit.gap, pen.width >> 2) : unit.gap;
  if (fits(pen, unit.atoms, gap)) {
    write(pen, { kind: "space", text: " ".repeat(gap), mark: unit.gapMark });
    pen.at.column += gap;
  } else if (!fresh) newLine(pen);
  const whole = fits(pen, unit.atoms, 0);
  for (const atom of unit.atoms) {
    if (!whole && pen.at.column > 0 && !fits(pen, [atom], 0)) newLine(pen);
    commit(pen, atom);
  }
}

function fits(pen: Pen, atoms: readonly Atom[], gap: number): boolean {
  const at: Position = {
    column: pen.at.column + gap,
    lanes: pen.at.lanes.map((lane) => ({ ...lane })),
  };
  for (const atom of atoms) {
    step(at, atom, pen.beneath);
    const overflows = at.lanes.some((lane, k) => lane.free - blankAfter(pen.beneath[k]!) > pen.width);
    if (at.column > pen.width || overflows) return false;
  }
  return true;
}

/** Labels of words keep apart by a blank; those of spans open with a rule. */
function blankAfter(lane: Lane): number {
  return lane.kind === "words" ? 1 : 0;
}

/** Moves past an atom; gives the column where it stands. */
function step(at: Position, atom: Atom, beneath: readonly Lane[]): number {
  let column = at.column;
  if (atom.cell >= 0) {
    const opening: [lane: Position["lanes"][number], need: number][] = [];
    for (const [k, lane] of at.lanes.entries()) {
      const marks = beneath[k]!.marks;
      while (lane.next < marks.length && marks[lane.next]!.last < atom.cell) lane.next++;
      const candidate = marks[lane.next];
      const mark = candidate !== undefined && candidate.first <= atom.cell ? candidate : undefined;
      if (mark !== undefined && mark !== lane.open) {
        column = Math.max(column, lane.free);
        opening.push([lane, columns(mark.shown) + 1]);
      }
      lane.open = mark;
    }
    for (const [lane, need] of opening) lane.free = column + need;
  }
  at.column = column + atom.width;
  return column;
}

function commit(pen: Pen, atom: Atom): void {
  const before = pen.at.lanes.map((lane) => lane.open);
  const end = pen.at.column;
  const column = step(pen.at, atom, pen.beneath);
  if (column > end) {
    const inside = atom.mark !== undefined && atom.mark.first !== atom.cell;
    write(pen, { kind: "space", text: " ".repeat(column - end), mark: inside ? atom.mark : undefined });
  }
  for (const run of atom.runs) write(pen, run);
  const line = pen.lines.at(-1)!;
  line.width = pen.at.column;
  if (atom.cell < 0) return;
  for (const [k, lane] of pen.at.lanes.entries()) {
    if (lane.open === undefined) continue;
    const to = column + atom.width;
    if (lane.open === before[k]) line.lanes[k]!.at(-1)!.to = to;
    else line.lanes[k]!.push({ mark: lane.open, from: column, to, opens: lane.open.first === atom.cell });
  }
}

function write(pen: Pen, run: Run): void {
  if (run.text !== "") pen.lines.at(-1)!.runs.push(run);
}
