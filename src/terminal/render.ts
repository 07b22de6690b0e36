/** Lines that are laid out, as strings: colours, brackets, rules, isolates. */
import type { Edges, Line, Run, Stretch } from "./layout.js";
import type { Lane, Mark } from "./marks.js";
import { labelStyle, muted, paint } from "./palette.js";
import type { TerminalTraits } from "./traits.js";
import { columns, cut } from "./visible.js";

/** `ltr`: no right-to-left character at all, so nothing is isolated. */
export type Direction = "ltr" | "mixed" | "rtl";

/** Without colour a span is bracketed; with it the label is a badge, or plain where the score is low. */
export function edgesOf(mark: Mark, traits: TerminalTraits): Edges {
  if (traits.color === "none") return { open: "[", middle: " ", close: "]" };
  return { open: "", middle: " ", close: mark.uncertain ? "" : " " };
}

export function textRow(line: Line, direction: Direction, traits: TerminalTraits): string {
  let out = "";
  for (const run of mergeRuns(line.runs)) {
    const shown = direction === "ltr" || run.kind === "edge" ? run.text : isolate(run);
    out += paint(styleOf(run, traits), shown);
  }
  return inDirection(out, direction);
}

/** The labels of one lane: `└NP───` under the words of a span, a bare label under a word. */
export function laneRow(
  stretches: readonly Stretch[],
  lane: Lane,
  line: Line,
  direction: Direction,
  traits: TerminalTraits,
  width: number,
): string {
  let out = "";
  let column = 0;
  for (const stretch of stretches) {
    const text = lane.kind === "words" ? wordLabel(stretch, width, traits) : bar(stretch, width, traits);
    if (text === "") continue;
    const ink = lane.kind === "words" ? muted(traits.color) : labelStyle(stretch.mark.name, traits.color).ink;
    out += " ".repeat(stretch.from - column);
    out += paint(ink, direction === "ltr" ? text : `${LRI}${text}${PDI}`);
    column = stretch.from + columns(text);
  }
  // From the right edge of the text, a lane that runs right to left counts its columns as the text does.
  if (direction === "rtl") out += " ".repeat(Math.max(0, line.width - column));
  return inDirection(out, direction);
}

const LRI = "\u2066";
const RLI = "\u2067";
const FSI = "\u2068";
const PDI = "\u2069";

/** Joins neighbours that look the same, so that text stays whole for shaping and copying. */
function mergeRuns(runs: readonly Run[]): Run[] {
  const out: Run[] = [];
  for (const run of runs) {
    const last = out.at(-1);
    const kind = run.kind === "space" ? "text" : run.kind;
    if (last?.kind === kind && kind === "text" && last.mark === run.mark) {
      out[out.length - 1] = { kind, text: last.text + run.text, mark: run.mark };
    } else out.push({ ...run, kind });
  }
  return out;
}

function isolate(run: Run): string {
  if (run.kind === "label") return `${LRI}${run.text}${PDI}`;
  // White space at an end stays outside, where it parts this isolate from the next.
  const [, before, text, after] = /^( *)(.*?)( *)$/.exec(run.text)!;
  return text === "" ? run.text : `${before}${FSI}${text}${PDI}${after}`;
}

function inDirection(text: string, direction: Direction): string {
  return direction === "rtl" ? `${RLI}${text}${PDI}` : text;
}

function styleOf(run: Run, traits: TerminalTraits): string {
  if (run.mark === undefined || traits.color === "none") return "";
  const style = labelStyle(run.mark.name, traits.color, run.mark.uncertain);
  return run.kind === "text" ? style.surface : style.badge;
}

function wordLabel(stretch: Stretch, width: number, traits: TerminalTraits): string {
  return stretch.opens ? cut(stretch.mark.shown, width, traits.unicode) : "";
}

/** The label is repeated where a span goes on in the next line, without the corner. */
function bar(stretch: Stretch, width: number, traits: TerminalTraits): string {
  const rule = traits.unicode ? "─" : "-";
  const corner = traits.unicode ? "└" : "|";
  const label = cut(stretch.mark.shown, Math.max(1, width - 1), traits.unicode);
  const rest = stretch.to - stretch.from - 1 - columns(label);
  return (stretch.opens ? corner : rule) + label + rule.repeat(Math.max(0, rest));
}
