/** The scores of an evaluation as data for `--json` and as a table to read. */
import stringWidth from "string-width";
import type { CalibrationReport } from "./calibration.js";
import type { LabelScores } from "./conll18.js";
import type { Ratios, SpanScores } from "./spans.js";

/** Spans, with the word accuracy of their tags where both sides have the same words. */
export type SpanLensReport = SpanScores & { readonly accuracy?: number } & Calibrated;

/** Labels of words: `LabelScores` where the words were found in raw text. */
export type LabelLensReport = ({ readonly accuracy: number } | LabelScores) & Calibrated;

interface Calibrated {
  readonly calibration?: CalibrationReport;
}

/** All figures are fractions. `words` and `sentences` are there where the words were found in raw text. */
export interface EvaluationReport {
  readonly lenses: Readonly<Record<string, SpanLensReport | LabelLensReport>>;
  readonly words?: Ratios;
  readonly sentences?: Ratios;
}

/** A table for each lens, figures in percent as conlleval prints them; ends with a line feed. */
export function reportTable(report: EvaluationReport): string {
  const parts = Object.entries(report.lenses).map(([lens, scores]) => {
    const drawn = "types" in scores ? spanTable(lens, scores) : labelTable(lens, scores);
    return scores.calibration === undefined ? drawn : `${drawn}\n${calibrationLine(scores.calibration)}`;
  });
  const found = ratioRows({ words: report.words, sentences: report.sentences });
  if (found.length > 0) parts.push(table([["raw text", ...RATIO_HEAD], ...found]));
  return parts.map((part) => `${part}\n`).join("\n");
}

const RATIO_HEAD = ["precision", "recall", "f1"];

function spanTable(lens: string, { types, micro, macro, accuracy }: SpanLensReport): string {
  const total = { gold: 0, predicted: 0, correct: 0 };
  const rows = Object.entries(types).map(([type, scores]) => {
    total.gold += scores.gold;
    total.predicted += scores.predicted;
    total.correct += scores.correct;
    return [type, ...ratioCells(scores), ...countCells(scores)];
  });
  const drawn = table([
    [lens, ...RATIO_HEAD, "gold", "predicted", "correct"],
    ...rows,
    ["micro average", ...ratioCells(micro), ...countCells(total)],
    ["macro average", ...ratioCells(macro)],
  ]);
  return accuracy === undefined ? drawn : `${drawn}\nword accuracy ${percent(accuracy)}`;
}

function labelTable(lens: string, scores: LabelLensReport): string {
  if (!("f1" in scores)) return `${lens}\nword accuracy ${percent(scores.accuracy)}`;
  const drawn = table([
    [lens, ...RATIO_HEAD],
    ["labels", ...ratioCells(scores)],
  ]);
  return `${drawn}\naccuracy on words found ${percent(scores.accuracy)}`;
}

function calibrationLine({ predicted, error, uncalibratedError }: CalibrationReport): string {
  return (
    `expected calibration error ${percent(error)}, without temperature ${percent(uncalibratedError)} ` +
    `(${predicted} predicted)`
  );
}

function ratioRows(named: Record<string, Ratios | undefined>): string[][] {
  return Object.entries(named).flatMap(([name, scores]) =>
    scores === undefined ? [] : [[name, ...ratioCells(scores)]],
  );
}

function ratioCells({ precision, recall, f1 }: Ratios): string[] {
  return [percent(precision), percent(recall), percent(f1)];
}

function countCells(counts: { gold: number; predicted: number; correct: number }): string[] {
  return [counts.gold, counts.predicted, counts.correct].map(String);
}

function percent(fraction: number): string {
  return (100 * fraction).toFixed(2);
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell));
    });
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const space = " ".repeat(widths[column]! - stringWidth(cell));
        return column === 0 ? cell + space : space + cell;
      })
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}
