/** What a run did, in the few lines that close it on a terminal. */
import { counted, elapsed, grouped, rate } from "./numbers.js";
import { BOLD, labelStyle, muted, paint } from "./palette.js";
import type { TerminalTraits } from "./traits.js";
import { columns, cut, printable } from "./visible.js";

export interface RunCounts {
  readonly documents: number;
  readonly words: number;
  readonly rejected: number;
  readonly seconds: number;
  readonly lenses: readonly LensCounts[];
  /** Where the records are; undefined on standard output. */
  readonly output?: string | undefined;
  /** Where the rejected documents are named. */
  readonly errors?: string | undefined;
}

export interface LensCounts {
  readonly lens: string;
  /** What is counted: spans, or the words of a lens without spans. */
  readonly unit: "span" | "word";
  readonly labels: ReadonlyMap<string, number>;
}

/**
 * Totals, then a table of labels with bars for each lens, as many beside each other as there is room, then the
 * files written. A lens shows its most frequent labels and the sum of the rest. Lines end with a line feed.
 */
export function summary(counts: RunCounts, traits: TerminalTraits): string {
  const lines = [...totals(counts, traits)];
  const tables = counts.lenses.map((lens) => table(lens, traits)).filter((rows) => rows.length > 0);
  for (const group of inRows(tables, traits.width)) lines.push("", ...group);
  const files = fileLines(counts, traits);
  if (files.length > 0) lines.push("", ...files);
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

const MAX_LABELS = 8;
const LABEL_WIDTH = 14;
const BAR_WIDTH = 12;
const MARGIN = "   ";

function totals({ documents, words, seconds }: RunCounts, traits: TerminalTraits): string[] {
  const dot = traits.unicode ? " · " : ", ";
  const work = `${counted(documents, "document")}${dot}${counted(words, "word")}${dot}${elapsed(seconds)}`;
  if (!(seconds > 0)) return [bold(work, traits)];
  const rates = `${rate(documents / seconds)} documents/s${dot}${rate(words / seconds)} words/s`;
  const one = columns(work) + columns(dot) + columns(rates) <= traits.width;
  if (one) return [`${bold(work, traits)}${paint(muted(traits.color), `${dot}${rates}`)}`];
  return [bold(work, traits), paint(muted(traits.color), rates)];
}

function bold(text: string, traits: TerminalTraits): string {
  return traits.color === "none" ? text : paint(BOLD, text);
}

/** A heading and a line for each label, all of one width. */
function table({ lens, unit, labels }: LensCounts, traits: TerminalTraits): string[] {
  const ranked = [...labels]
    .filter(([, count]) => count > 0)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const shown = ranked.length > MAX_LABELS + 1 ? ranked.slice(0, MAX_LABELS) : ranked;
  const rest = ranked.slice(shown.length).reduce((sum, [, count]) => sum + count, 0);
  const total = ranked.reduce((sum, [, count]) => sum + count, 0);
  const names = shown.map(([label]) => cut(printable(label, traits.unicode), LABEL_WIDTH, traits.unicode));
  if (rest > 0) names.push(`${ranked.length - shown.length} more`);
  const numbers = [...shown.map(([, count]) => count), ...(rest > 0 ? [rest] : [])].map(grouped);
  const name = printable(lens, traits.unicode);
  const heading = `${name}${MARGIN}${counted(total, unit)}`;
  const nameWidth = Math.max(...names.map(columns), 0);
  const numberWidth = Math.max(...numbers.map(columns), 0);
  const barWidth = Math.max(0, Math.min(BAR_WIDTH, traits.width - nameWidth - numberWidth - 5));
  const width = Math.max(columns(heading), nameWidth + numberWidth + barWidth + 5);
  const rows = names.map((label, i) => {
    const entry = shown[i];
    const row = `  ${padded(label, nameWidth)} ${" ".repeat(numberWidth - columns(numbers[i]!))}${numbers[i]}`;
    if (entry === undefined) return padded(row, width);
    const bar = barOf((barWidth * entry[1]) / shown[0]![1], traits);
    const ink = labelStyle(printable(entry[0], traits.unicode), traits.color).ink;
    return `${row}  ${paint(ink, bar)}${" ".repeat(Math.max(0, width - columns(row) - 2 - columns(bar)))}`;
  });
  const blank = " ".repeat(Math.max(0, width - columns(heading)));
  return [`${bold(name, traits)}${MARGIN}${counted(total, unit)}${blank}`, ...rows];
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columns(text)));
}

/** A bar in eighths of a column; never nothing. */
function barOf(length: number, traits: TerminalTraits): string {
  if (length === 0) return "";
  if (!traits.unicode) return "#".repeat(Math.max(1, Math.round(length)));
  const eighths = Math.max(1, Math.round(length * 8));
  return "█".repeat(eighths >> 3) + ["", ..."▏▎▍▌▋▊▉"][eighths & 7]!;
}

/** Tables side by side while they fit, blank lines between the rows of tables. */
function inRows(tables: readonly string[][], width: number): string[][] {
  const groups: { tables: string[][]; width: number }[] = [];
  for (const rows of tables) {
    const needed = columns(rows[0]!);
    const group = groups.at(-1);
    if (group !== undefined && group.width + MARGIN.length + needed <= width) {
      group.tables.push(rows);
      group.width += MARGIN.length + needed;
    } else groups.push({ tables: [rows], width: needed });
  }
  return groups.map((group) => {
    const height = Math.max(...group.tables.map((rows) => rows.length));
    return Array.from({ length: height }, (_, i) =>
      group.tables.map((rows) => rows[i] ?? " ".repeat(columns(rows[0]!))).join(MARGIN),
    );
  });
}

function fileLines({ rejected, output, errors }: RunCounts, traits: TerminalTraits): string[] {
  const lines: string[] = [];
  if (rejected > 0) {
    const where = errors === undefined ? "" : `, named in ${printable(errors, traits.unicode)}`;
    lines.push(`${counted(rejected, "document")} rejected${where}`);
  }
  if (output !== undefined) lines.push(`records in ${printable(output, traits.unicode)}`);
  return lines;
}
