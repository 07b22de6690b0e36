/** Names that options use for labels and lenses, held against those that the models have. */
import { didYouMean } from "../config/problems.js";
import { SpanmillError } from "../errors.js";
import { nearest } from "../nearest.js";
import type { Tagger } from "../ports/tagger.js";
import { labelSet } from "../tagging/schemes.js";

/**
 * A name that no model has would be passed over in silence; with `--text` that would show what was to be hidden.
 *
 * @param labels names of labels by flag, @param lenses names of lenses by flag.
 * @throws SpanmillError USAGE naming every one that is not known, with the nearest that is.
 */
export function requireKnownNames(
  tagger: Pick<Tagger, "models">,
  labels: Readonly<Record<string, Iterable<string>>>,
  lenses: Readonly<Record<string, Iterable<string>>>,
): void {
  const all = tagger.models.flatMap((model) => model.lenses);
  const types = new Set(
    all.flatMap((lens) => labelSet(lens.labels, lens.scheme).tags.map(({ type }) => type)).filter(Boolean),
  );
  const names = new Set(all.map(({ name }) => name));
  const problems = [
    ...unknown(labels, types, "label", "the labels are"),
    ...unknown(lenses, names, "lens", "the lenses are"),
  ];
  if (problems.length > 0) throw new SpanmillError("USAGE", problems.join("\n"));
}

function unknown(
  given: Readonly<Record<string, Iterable<string>>>,
  known: ReadonlySet<string>,
  what: string,
  list: string,
): string[] {
  return Object.entries(given).flatMap(([flag, names]) =>
    [...names]
      .filter((name) => !known.has(name))
      .map(
        (name) =>
          `${flag}: no model has the ${what} ${name}${didYouMean(nearest(name, [...known]))}; ${list} ${[...known].join(", ")}`,
      ),
  );
}
