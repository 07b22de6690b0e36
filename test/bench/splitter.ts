/** The word splitter: its share of the engine's time, its speed, and whether both grow as the text does. */
import { openEngine } from "../../src/adapters/engine.js";
import { splitWords } from "../../src/tagging/words/split.js";
import { NO_CORPUS, posts, roundOf, tickets } from "./corpus.js";
import { type Bench, divide, type Figure, inTurn, scaled } from "./harness.js";
import { engineSettings, inputsOf } from "./in-process.js";

export const bench: Bench = {
  question: "the word splitter's share of the engine's CPU time on one thread, and its growth with the text",
  missing: () => NO_CORPUS,
  async run({ model, rounds, scale }, report) {
    const engine = await openEngine(await engineSettings(model));
    const sources = [
      { name: "posts", texts: posts(), count: Math.ceil(30 * scale) },
      { name: "tickets", texts: tickets(), count: Math.ceil(600 * scale) },
    ];
    for (const { name, texts, count } of sources) {
      let inputs = inputsOf([]);
      const times = await inTurn(
        rounds,
        {
          split: () => {
            // Once is too short for the clock.
            for (let again = 0; again < REPEATS; again++) splitAll(inputs);
          },
          async engine() {
            for (const input of inputs) await engine.tag(input);
          },
        },
        (round) => (inputs = inputsOf(roundOf(texts, round, count))),
      );
      report({
        name: `${name}: splitter of the engine's time`,
        unit: "%",
        values: scaled(divide(times.split.cpu, times.engine.cpu), 100 / REPEATS),
        aim: "at most 3",
      });
    }
    await growth(rounds, report);
  },
};

const REPEATS = 10;

function splitAll(inputs: ReturnType<typeof inputsOf>): void {
  for (const input of inputs) if (input.kind === "text") splitWords(input.text);
}

async function growth(rounds: number, report: (figure: Figure) => void): Promise<void> {
  const all = inputsOf(posts())
    .map((input) => (input.kind === "text" ? input.text : ""))
    .join(" ");
  const size = Math.floor(all.length / 100);
  const stretch = "a1-b2.c3/d4@e5:".repeat(70_000).slice(0, 1_000_000);
  const letters = "abcdefghij".repeat(100_000);
  const times = await inTurn(rounds, {
    one: () => {
      for (let i = 0; i < 100; i++) splitWords(all.slice(i * size, (i + 1) * size));
    },
    ten: () => {
      for (let i = 0; i < 10; i++) splitWords(all.slice(i * 10 * size, (i + 1) * 10 * size));
    },
    hundred: () => splitWords(all.slice(0, 100 * size)),
    letters: () => splitWords(letters),
    stretch: () => splitWords(stretch),
  });
  const perSecond = (taken: readonly number[], characters: number) =>
    taken.map((time) => characters / time / 1e6);
  report({ name: "splitter on posts", unit: "M chars/s", values: perSecond(times.hundred.wall, 100 * size) });
  const kilo = Math.round(size / 1_000);
  report({
    name: `text of ${10 * kilo} kB: time, in times of one of ${kilo} kB`,
    unit: "x",
    values: scaled(divide(times.ten.wall, times.one.wall), 10),
    aim: "about 10",
  });
  report({
    name: `text of ${100 * kilo} kB: time, in times of one of ${kilo} kB`,
    unit: "x",
    values: scaled(divide(times.hundred.wall, times.one.wall), 100),
    aim: "at most 105",
  });
  report({
    name: "1 MB of letters without a blank",
    unit: "M chars/s",
    values: perSecond(times.letters.wall, letters.length),
  });
  report({
    name: "1 MB of mixed signs without a blank",
    unit: "M chars/s",
    values: perSecond(times.stretch.wall, stretch.length),
  });
}
