/** The labels of a lens, from the types of its spans and back. */
import { labelSet, type Scheme, type SpanScheme } from "../tagging/schemes.js";

/** The prefixes of a scheme in the order in which a type's labels stand. */
export const PREFIXES: Readonly<Record<SpanScheme, readonly string[]>> = {
  BIO: ["B", "I"],
  IOB1: ["B", "I"],
  IO: ["I"],
  BIOES: ["B", "I", "E", "S"],
  BILOU: ["B", "I", "L", "U"],
};

/** `O`, then all labels of the first type, of the second, and so on. */
export function labelsOfTypes(types: readonly string[], scheme: SpanScheme): string[] {
  return ["O", ...types.flatMap((type) => PREFIXES[scheme].map((prefix) => `${prefix}-${type}`))];
}

/** The types that labels have, in order, or the labels themselves where there are no spans. */
export function typesOf(labels: readonly string[], scheme: Scheme): string[] {
  const types = labelSet(labels, scheme).tags.map(({ type }) => type);
  return [...new Set(types)].filter((type) => type !== "");
}
