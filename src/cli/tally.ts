/** Counts what a run has done, for progress and summary. */
import type { Tagged } from "../pipeline/annotate.js";
import type { LensManifest } from "../tagging/protocol.js";
import type { LensCounts } from "../terminal/summary.js";

export interface Tally {
  documents: number;
  words: number;
  spans: number;
  rejected: number;
  add(tagged: Tagged): void;
  lenses(): LensCounts[];
}

export function tally(lenses: readonly LensManifest[], minScore: number): Tally {
  const labels = new Map(lenses.map(({ name }) => [name, new Map<string, number>()]));
  return {
    documents: 0,
    words: 0,
    spans: 0,
    rejected: 0,
    add({ blocks }) {
      this.documents++;
      for (const block of blocks) {
        this.words += block.words;
        for (const lens of lenses) this.spans += count(labels.get(lens.name)!, lens, block, minScore);
      }
    },
    lenses: () =>
      lenses.map(({ name, scheme }) => ({
        lens: name,
        unit: scheme === "none" ? "word" : "span",
        labels: labels.get(name)!,
      })),
  };
}

/** @returns how many spans the lens has in the block. */
function count(
  labels: Map<string, number>,
  lens: LensManifest,
  block: Tagged["blocks"][number],
  minScore: number,
): number {
  const answer = block.lenses[lens.name]!;
  const found =
    lens.scheme === "none"
      ? answer.labels.map((label) => lens.labels[label]!)
      : answer.spans.filter(({ score }) => score >= minScore).map(({ label }) => label);
  for (const label of found) labels.set(label, (labels.get(label) ?? 0) + 1);
  return lens.scheme === "none" ? 0 : found.length;
}
