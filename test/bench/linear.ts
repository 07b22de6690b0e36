/** Whether a long document costs what its parts do: the same text as a hundred documents, and as one. */
import { buildRecord } from "../../src/document/build-record.js";
import { prepareText } from "../../src/document/prepare.js";
import { NO_CORPUS, posts } from "./corpus.js";
import { type Bench, divide, inTurn, scaled } from "./harness.js";
import { engineSettings, engineWithout, openPipeline, recordSettingsOf } from "./in-process.js";

const PARTS = 100;

export const bench: Bench = {
  question: `a document ${PARTS} times longer, in times of a short one`,
  missing: () => NO_CORPUS,
  async run({ model, rounds, scale }, report) {
    const all = posts().join("\n\n");
    const { tagger, annotate } = await openPipeline(model, 1);
    let parts: string[] = [];
    const cut = (size: number) => (round: number) => (parts = partsOf(all, round, size));
    const size = Math.ceil(700 * scale);
    const whole = await inTurn(
      rounds,
      { short: () => annotate(parts), long: () => annotate([parts.join("\n\n")]) },
      cut(size),
    );
    report({
      name: `${(size * PARTS) / 1_000} kB against ${size / 1_000} kB, one thread`,
      unit: "x",
      values: scaled(divide(whole.long.wall, whole.short.wall), PARTS),
      aim: "at most 105",
    });
    report({ name: `${(size * PARTS) / 1_000} kB`, unit: "s", values: whole.long.wall });

    // Inference is linear by its windows, and would hide all that is not.
    const without = engineWithout(await engineSettings(model), () => {});
    const settings = recordSettingsOf(tagger);
    const answer = async (text: string) => {
      const document = prepareText({ id: "a", revision: "1", text });
      const blocks = [];
      for (const input of document.inputs) blocks.push(await without.tag(input));
      JSON.stringify(buildRecord(document, blocks, settings));
    };
    const large = 15_000;
    const rest = await inTurn(
      rounds,
      {
        async short() {
          for (const part of parts) await answer(part);
        },
        long: () => answer(parts.join("\n\n")),
      },
      cut(large),
    );
    report({
      name: `${(large * PARTS) / 1_000} kB against ${large / 1_000} kB, all but inference`,
      unit: "x",
      values: scaled(divide(rest.long.wall, rest.short.wall), PARTS),
      aim: "at most 105",
    });
    report({ name: `${(large * PARTS) / 1_000} kB, all but inference`, unit: "s", values: rest.long.wall });
    await tagger.close();
  },
};

/** Another stretch of text in each round; the last ones start over where the text ends. */
function partsOf(text: string, round: number, size: number): string[] {
  const from = (round * size * PARTS) % Math.max(1, text.length - size * PARTS);
  return Array.from({ length: PARTS }, (_, i) => text.slice(from + i * size, from + (i + 1) * size));
}
