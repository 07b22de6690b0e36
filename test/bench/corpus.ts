/** Real texts for the benchmarks: posts of some paragraphs, and one-line tickets. From ../shared. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { SHARED_ABSENT, shared } from "../support/shared.js";

export const NO_CORPUS = SHARED_ABSENT
  ? "../shared, which holds the texts and the model, is absent"
  : undefined;

/** A token classifier of the built-in model's size, as Hugging Face has it: other programs can read it, too. */
export const FOREIGN_MODEL = shared("models/hf-minilm-conll03");

/** Bodies of newsgroup posts, in file order: about 1,200 of 1,300 characters. */
export function posts(): string[] {
  return lines("data/text-20news/sample.jsonl.gz")
    .map(({ raw }) => raw!.slice(raw!.indexOf("\n\n") + 2))
    .filter((body) => body.length > 0 && body.length < 20_000);
}

/** Questions to a bank and titles of bug reports, in turn: about 26,000 different ones. */
export function tickets(): string[] {
  const questions = lines("data/text-banking77/all.jsonl.gz").map(({ text }) => text!);
  const titles = lines("data/text-problem-reports/all.jsonl.gz").map(({ title }) => title!);
  return questions.flatMap((question, i) => [question, titles[i]!]);
}

/** The texts of a round: others in each, so that no round finds the words of the last one in the cache. */
export function roundOf(texts: readonly string[], round: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => texts[(round * count + i) % texts.length]!);
}

export function countWords(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + (text.match(/\S+/g)?.length ?? 0), 0);
}

function lines(path: string): Record<string, string | undefined>[] {
  return gunzipSync(readFileSync(shared(path)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, string>);
}
