/** What is left on the main thread, which in a worker has a consumer and a producer to serve beside it. */
import { countWords, NO_CORPUS, posts, roundOf, tickets } from "./corpus.js";
import { type Bench, divide, inTurn, mainThreadSeconds, processSeconds, scaled, seconds } from "./harness.js";
import { openPipeline } from "./in-process.js";

export const bench: Bench = {
  question: "CPU time of the main thread, text to JSON, two worker threads",
  missing: () =>
    NO_CORPUS ?? (process.platform === "linux" ? undefined : "it reads /proc, which is Linux alone"),
  async run({ model, rounds, scale }, report) {
    const { tagger, annotate } = await openPipeline(model, 2);
    const sources = [
      { name: "tickets", texts: tickets(), count: Math.ceil(2_000 * scale) },
      { name: "posts", texts: posts(), count: Math.ceil(100 * scale) },
    ];
    for (const { name, texts, count } of sources) {
      const used = {
        main: [] as number[],
        process: [] as number[],
        wall: [] as number[],
        words: [] as number[],
      };
      let round: string[] = [];
      await inTurn(
        rounds,
        {
          async annotate(n) {
            const before = { main: mainThreadSeconds(), process: processSeconds(), wall: seconds() };
            await annotate(round);
            if (n === 0) return;
            used.main.push(mainThreadSeconds() - before.main);
            used.process.push(processSeconds() - before.process);
            used.wall.push(seconds() - before.wall);
            used.words.push(countWords(round));
          },
        },
        (n) => (round = roundOf(texts, n, count)),
      );
      report({ name: `${name}: main thread`, unit: "us/document", values: scaled(used.main, 1e6 / count) });
      report({
        name: `${name}: main thread`,
        unit: "us/1000 words",
        values: scaled(divide(used.main, used.words), 1e9),
      });
      report({
        name: `${name}: main thread of wall time`,
        unit: "%",
        values: scaled(divide(used.main, used.wall), 100),
      });
      report({
        name: `${name}: main thread of the CPU time of all threads`,
        unit: "%",
        values: scaled(divide(used.main, used.process), 100),
      });
      report({
        name: `${name}: all threads`,
        unit: "us/document",
        values: scaled(used.process, 1e6 / count),
      });
    }
    await tagger.close();
  },
};
