/** Which labels are published, under what names, from what score on. All by the label as the model has it. */

export interface LensLabels {
  /** Labels to publish; undefined: all. */
  readonly only?: readonly string[];
  /** New names; several labels may get one. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Least scores, 0 to 1; a label without one has the general least score. */
  readonly minScores?: Readonly<Record<string, number>>;
}

/** By lens name. */
export type LabelChoices = Readonly<Record<string, LensLabels>>;

/** The label under which a span of that label and score is published; undefined: it is not. */
export type LabelChooser = (label: string, score: number) => string | undefined;

export function labelChooser(
  minScore: number,
  { only, rename = {}, minScores = {} }: LensLabels = {},
): LabelChooser {
  const wanted = only === undefined ? undefined : new Set(only);
  const names = new Map(Object.entries(rename));
  const least = new Map(Object.entries(minScores));
  return (label, score) => {
    if (wanted?.has(label) === false || score < (least.get(label) ?? minScore)) return undefined;
    return names.get(label) ?? label;
  };
}

/** Renames the label of a word, of which `B-PER` is one in a scheme of spans; the prefix stays. */
export function renamedTag(
  tag: string,
  scheme: string,
  rename: Readonly<Record<string, string>> = {},
): string {
  if (Object.hasOwn(rename, tag)) return rename[tag]!;
  const prefix = scheme === "none" ? null : /^[BIOESLUMWS][-_]/.exec(tag);
  const label = prefix === null ? undefined : tag.slice(prefix[0].length);
  return label !== undefined && Object.hasOwn(rename, label) ? prefix![0] + rename[label]! : tag;
}
