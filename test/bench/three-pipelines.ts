/** Three lenses in one pass against three models of the same size, each in a pipeline of transformers.js. */
import { basename, dirname } from "node:path";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { countWords, FOREIGN_MODEL, NO_CORPUS, posts, roundOf, tickets } from "./corpus.js";
import { type Bench, divide, inTurn } from "./harness.js";
import { inputsOf, openPipeline } from "./in-process.js";

type Theirs = ((texts: string) => Promise<unknown[]>) & { dispose(): Promise<void> };

export const bench: Bench = {
  question:
    "the built-in model (three lenses, text to JSON) against three transformers.js pipelines of a model of its size",
  // Theirs.
  model: FOREIGN_MODEL,
  missing: () => NO_CORPUS,
  async run({ model, rounds, scale }, report) {
    const { pipeline, env } = await import("@huggingface/transformers");
    env.allowRemoteModels = false;
    env.localModelPath = dirname(model);
    const open = () => pipeline("token-classification", basename(model), { dtype: "q8" });
    const theirs = [await open(), await open(), await open()] as unknown as Theirs[];
    const ours = await openPipeline(BUILT_IN_MODEL, 2);
    const corpora = [
      { name: "paragraphs", texts: blocksOf(posts().slice(0, 600)), count: 100 },
      { name: "tickets", texts: blocksOf(tickets()), count: 400 },
    ];
    for (const { name, texts, count } of corpora) {
      let chosen: string[] = [];
      const words: number[] = [];
      const times = await inTurn(
        rounds,
        {
          ours: () => ours.annotate(chosen),
          theirs: async () => {
            for (const text of chosen) for (const each of theirs) await each(text);
          },
        },
        (round) => {
          chosen = roundOf(texts, round, Math.ceil(count * scale));
          if (round > 0) words.push(countWords(chosen));
        },
      );
      const ratio = divide(times.theirs.wall, times.ours.wall);
      report({ name: `${name}: their time / ours, two threads each`, unit: "x", values: ratio, aim: "12" });
      report({ name: `${name}: ours`, unit: "words/s", values: divide(words, times.ours.wall) });
      report({ name: `${name}: theirs`, unit: "words/s", values: divide(words, times.theirs.wall) });
    }
    await ours.tagger.close();
    for (const each of theirs) await each.dispose();
  },
};

/** Paragraphs as blocks, of a length that the other side does not cut. */
function blocksOf(texts: readonly string[]): string[] {
  return inputsOf(texts).flatMap((input) =>
    input.kind === "text" && input.text.length < 400 ? [input.text] : [],
  );
}
