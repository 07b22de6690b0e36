/**
 * A labelled document as text for a terminal.
 *
 * Right-to-left text is written in logical order. Terminals that reorder (VTE, Konsole, mlterm, iTerm2) treat each
 * line by itself, so a line with such text is made of isolates (UAX #9): each stretch of text and each label is one,
 * so that neither pulls the other along, and where the paragraph runs right to left the whole line is one that
 * does. Terminals that do not reorder (xterm, kitty, Alacritty, tmux) print nothing for isolates. Lanes line up in
 * the latter; in the former they do where a line holds no left-to-right words.
 */
import { layOut } from "./layout.js";
import { type Arrangement, arrange, type HighlightDocument, type Lane } from "./marks.js";
import { BOLD, muted, paint } from "./palette.js";
import { type Direction, edgesOf, laneRow, textRow } from "./render.js";
import type { TerminalTraits } from "./traits.js";
import { type Cell, cells, columns, cut, printable, RIGHT_TO_LEFT, runsRightToLeft } from "./visible.js";

export type { HighlightDocument, HighlightSpan, WordLabels } from "./marks.js";

export interface HighlightOptions {
  /** The order of lenses; the first one with spans goes inline. Others follow in the order they come. */
  readonly lenses?: readonly string[];
  /** Whether a line with the document's id comes first. */
  readonly heading?: boolean;
}

/**
 * The first span lens stands inside the text, each label after its span; further lenses stand in lanes beneath
 * each line. A span or word whose score is below 0.5 has a question mark. Line ends of the document are kept, runs
 * of blank lines become one. Total: any string, any offsets. Ends with a line feed unless it is empty.
 */
export function highlight(
  document: HighlightDocument,
  traits: TerminalTraits,
  options: HighlightOptions = {},
): string {
  const all = cells(document.text, traits.unicode);
  const arrangement = arrange(document, all, options.lenses ?? [], traits);
  const out: string[] = options.heading === true ? [heading(document.id, traits)] : [];
  const gutter = gutterOf(arrangement, traits);
  let blank = true;
  for (const [from, to] of paragraphs(all)) {
    const lines = paragraphLines(all, from, to, arrangement, gutter, traits);
    if (lines.length === 0 && !blank) out.push("");
    for (const line of lines) out.push(line);
    blank = out.at(-1) === "" || lines.length === 0;
  }
  while (out.at(-1) === "") out.pop();
  return out.map((line) => `${line}\n`).join("");
}

/** Only so much of an id is looked at; no terminal is as wide. */
const LONGEST_ID = 2048;

function heading(id: string, traits: TerminalTraits): string {
  const name = cut(printable(id.slice(0, LONGEST_ID), traits.unicode), traits.width, traits.unicode);
  const room = traits.width - columns(name) - 1;
  const rule = room < 1 ? "" : ` ${paint(muted(traits.color), (traits.unicode ? "─" : "-").repeat(room))}`;
  return paint(traits.color === "none" ? "" : BOLD, name) + rule;
}

/** Where lanes stand beneath the text and there is room, each row begins with the name of its lens. */
interface Gutter {
  /** Columns, the blank after the name included; 0 for no gutter. */
  readonly width: number;
}

const GUTTER_NAME = 8;
const GUTTER_FROM_WIDTH = 60;

function gutterOf({ inline, beneath }: Arrangement, traits: TerminalTraits): Gutter {
  if (beneath.length === 0 || traits.width < GUTTER_FROM_WIDTH) return { width: 0 };
  const widths = [inline, ...beneath].map((lane) => columns(cut(lane.lens, GUTTER_NAME, traits.unicode)));
  return { width: Math.max(...widths) + 2 };
}

function inGutter(lane: Lane, { width }: Gutter, traits: TerminalTraits): string {
  if (width === 0) return "";
  const name = cut(lane.lens, GUTTER_NAME, traits.unicode);
  return `${" ".repeat(width - 2 - columns(name))}${paint(muted(traits.color), name)}  `;
}

/** Half-open ranges of cells between line ends. */
function* paragraphs(all: readonly Cell[]): Generator<[from: number, to: number]> {
  let from = 0;
  for (const [i, cell] of all.entries()) {
    if (cell.kind !== "newline") continue;
    yield [from, i];
    from = i + 1;
  }
  yield [from, all.length];
}

/** The lines of a paragraph; where lanes stand beneath, a blank line closes each group. */
function paragraphLines(
  all: readonly Cell[],
  from: number,
  to: number,
  arrangement: Arrangement,
  gutter: Gutter,
  traits: TerminalTraits,
): string[] {
  const { inline, beneath } = arrangement;
  const width = Math.max(1, traits.width - gutter.width);
  const direction = directionOf(all, from, to);
  const out: string[] = [];
  for (const line of layOut(all, from, to, arrangement, (mark) => edgesOf(mark, traits), width)) {
    if (line.runs.length === 0) continue;
    out.push(inGutter(inline, gutter, traits) + textRow(line, direction, traits));
    for (const [k, lane] of beneath.entries()) {
      const stretches = line.lanes[k]!;
      if (stretches.length === 0) continue;
      out.push(inGutter(lane, gutter, traits) + laneRow(stretches, lane, line, direction, traits, width));
    }
    if (beneath.length > 0) out.push("");
  }
  return out;
}

function directionOf(all: readonly Cell[], from: number, to: number): Direction {
  let text = "";
  for (let i = from; i < to; i++) text += all[i]!.text;
  if (!RIGHT_TO_LEFT.test(text)) return "ltr";
  return runsRightToLeft(text) ? "rtl" : "mixed";
}
