/** Options on labels, `LENS:LABEL` or `LABEL` for every lens that has it, as choices by lens. */
import type { RunOptions } from "../config/options.js";
import type { LabelChoices, LensLabels } from "../document/labels.js";
import type { Tagger } from "../ports/tagger.js";
import { labelSet } from "../tagging/schemes.js";
import { requireKnownNames } from "./names.js";

type LabelOptions = Pick<RunOptions, "labelOnly" | "labelRename" | "labelMinScore">;

/** @throws SpanmillError USAGE for a lens or a label that no model has. */
export function labelChoices(options: LabelOptions, tagger: Pick<Tagger, "models">): LabelChoices {
  const only = options.labelOnly.map(named);
  const renamed = options.labelRename.map(({ lens, from, to }) => ({ lens, label: from, to: to ?? from }));
  const scored = [...options.labelMinScore.byName].map(([name, score]) => ({ ...named(name), score }));
  const labels = (of: readonly { readonly label: string }[]) => of.map(({ label }) => label);
  const lenses = (of: readonly { readonly lens: string | undefined }[]) =>
    of.flatMap(({ lens }) => lens ?? []);
  requireKnownNames(
    tagger,
    { "--label-only": labels(only), "--label-rename": labels(renamed), "--label-min-score": labels(scored) },
    { "--label-only": lenses(only), "--label-rename": lenses(renamed), "--label-min-score": lenses(scored) },
  );
  const choices: Record<string, LensLabels> = {};
  for (const { name, labels, scheme } of tagger.models.flatMap((model) => model.lenses)) {
    const types = new Set(labelSet(labels, scheme).tags.map(({ type }) => type));
    const own = ({ lens, label }: { lens: string | undefined; label: string }) =>
      (lens === undefined || lens === name) && types.has(label);
    const wanted = only.filter(own);
    const names = renamed.filter(own);
    const least = scored.filter(own);
    if (wanted.length + names.length + least.length === 0) continue;
    choices[name] = {
      ...(wanted.length === 0 ? {} : { only: wanted.map(({ label }) => label) }),
      rename: Object.fromEntries(names.map(({ label, to }) => [label, to])),
      minScores: Object.fromEntries(least.map(({ label, score }) => [label, score])),
    };
  }
  return choices;
}

function named(text: string): { lens: string | undefined; label: string } {
  const [, lens, label] = /^(?:([A-Za-z][\w.-]*):(?=.))?(.+)$/su.exec(text)!;
  return { lens, label: label! };
}
