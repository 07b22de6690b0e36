/** A tagger without models or threads: stretches are words, capital letters make names, and failures are scripted. */
import type { Tagger } from "../../src/ports/tagger.js";
import type { BlockInput, LensManifest, TaggedBlock, TaggedSpan } from "../../src/tagging/protocol.js";

const lens = { output: undefined, temperature: 1 };
export const NER: LensManifest = { ...lens, name: "ner", scheme: "BIO", labels: ["O", "B-PER", "I-PER"] };
/** The label of a word is that of its length. */
export const POS: LensManifest = {
  ...lens,
  name: "pos",
  scheme: "none",
  labels: ["X", "ONE", "TWO", "LONG"],
};

export interface ScriptedTagger extends Tagger {
  /** What it was asked, in order. */
  readonly requests: readonly (readonly BlockInput[])[];
}

/** @param before runs before each answer; what it throws is the answer. */
export function scriptedTagger(before?: (blocks: readonly BlockInput[]) => unknown): ScriptedTagger {
  const requests: (readonly BlockInput[])[] = [];
  return {
    models: [{ name: "scripted", digest: "sha256:00", lenses: [NER, POS] }],
    runtime: "scripted",
    warnings: [],
    threads: 1,
    requests,
    async tag(blocks) {
      requests.push(blocks);
      await before?.(blocks);
      return blocks.map(answerTo);
    },
    async close() {},
  };
}

export function textOfBlock(block: BlockInput): string {
  return block.kind === "text" ? block.text : joinedWords(block).text;
}

/** One sentence a line; runs of words with a capital letter on a line are names, surer the longer they are. */
export function answerTo(block: BlockInput): TaggedBlock {
  const { text, starts, ends, lines } = block.kind === "text" ? stretches(block.text) : joinedWords(block);
  const spans: TaggedSpan[] = [];
  const names: number[] = starts.map(() => 0);
  for (let i = 0; i < starts.length; i++) {
    if (!/^\p{Lu}/u.test(text.slice(starts[i], ends[i]))) continue;
    const open = i > 0 && names[i - 1]! > 0 && !lines.has(i) ? spans.pop() : undefined;
    names[i] = open === undefined ? 1 : 2;
    const start = open?.start ?? starts[i]!;
    spans.push({ start, end: ends[i]!, label: "PER", score: Math.min(1, (ends[i]! - start) / 10) });
  }
  const scores = starts.map(() => 1);
  return {
    words: starts.length,
    starts,
    ends,
    sentences: starts.length === 0 ? [] : [0, ...lines],
    lenses: {
      ner: { spans, labels: names, scores },
      pos: { spans: [], labels: starts.map((start, i) => Math.min(3, ends[i]! - start)), scores },
    },
    windows: 1,
    truncatedWords: 0,
  };
}

interface LaidOut {
  readonly text: string;
  readonly starts: number[];
  readonly ends: number[];
  readonly lines: ReadonlySet<number>;
}

function stretches(text: string): LaidOut {
  const found = [...text.matchAll(/[^ \n]+/g)];
  const starts = found.map(({ index }) => index);
  return {
    text,
    starts,
    ends: found.map(({ index, 0: stretch }) => index + stretch.length),
    lines: new Set(starts.flatMap((start, i) => (text[start - 1] === "\n" ? [i] : []))),
  };
}

/** The text of words that are given, as the protocol has it. */
export function joinedWords({ words, lines, glued }: Extract<BlockInput, { kind: "words" }>): LaidOut {
  const starts: number[] = [];
  const ends: number[] = [];
  const opens = new Set(lines);
  let text = "";
  words.forEach((word, i) => {
    if (opens.has(i)) text += "\n";
    else if (i > 0 && !glued.includes(i)) text += " ";
    starts.push(text.length);
    text += word;
    ends.push(text.length);
  });
  return { text, starts, ends, lines: opens };
}
