/** The options on scoring as the evaluation takes them. */
import type { EvaluateOptions } from "../config/options.js";
import type { ColumnChoice } from "../evaluation/gold.js";
import type { Selection } from "../evaluation/selection.js";

/** Which labels count under what names, by lens. */
export function selectionOf({ map, labels }: EvaluateOptions): (lens: string) => Selection {
  return (lens) => ({
    rename: new Map(
      map
        .filter((one) => one.lens === undefined || one.lens === lens)
        .map(({ from, to }) => [from, to ?? ""]),
    ),
    ...(labels.length === 0 ? {} : { keep: new Set(labels) }),
  });
}

export function columnChoice({ column }: EvaluateOptions): ColumnChoice {
  return { byName: column.byName, otherwise: column.otherwise };
}
