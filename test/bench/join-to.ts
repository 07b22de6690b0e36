/** To what size short paragraphs are joined: F1 against speed. Answers depend on it; the default is `JOIN_TO`. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { shared } from "../support/shared.js";
import { FOREIGN_MODEL, NO_CORPUS } from "./corpus.js";
import { type Bench, divide, inTurn } from "./harness.js";

const SIZES = [0, 100, 200, 300, 400, 600, 1000] as const;

const SETS = [{ name: "CoNLL-2003 dev", path: "data/ner-conll2003/dev.conll.gz", rawToo: true }] as const;

export const bench: Bench = {
  question:
    "the size to which short paragraphs are joined: F1 of `spanmill evaluate --join-to N`, and its time",
  slow: true,
  // Of the figures by which JOIN_TO was chosen.
  model: FOREIGN_MODEL,
  missing: () => NO_CORPUS,
  async run({ model, rounds }, report) {
    const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));
    for (const { name, path } of SETS) {
      const f1 = new Map<number, number>();
      const evaluate = (size: number) => async () => {
        const args = [
          main,
          "evaluate",
          shared(path),
          "--model",
          model,
          "--join-to",
          `${size}`,
          "--json",
          "--quiet",
        ];
        const { stdout } = await promisify(execFile)(process.execPath, args);
        f1.set(size, microF1(stdout));
      };
      const sides = Object.fromEntries(SIZES.map((size) => [`${size}`, evaluate(size)]));
      const times = await inTurn(rounds, sides);
      const none = times["0"]!.wall;
      for (const size of SIZES) {
        const taken = times[`${size}`]!.wall;
        report({ name: `${name}, joined to ${size}: F1`, unit: "%", values: [f1.get(size)! * 100] });
        report({ name: `${name}, joined to ${size}: time`, unit: "s", values: taken });
        report({
          name: `${name}, joined to ${size}: time / time without`,
          unit: "",
          values: divide(taken, none),
        });
      }
    }
  },
};

function microF1(json: string): number {
  const { lenses } = JSON.parse(json) as { lenses: Record<string, { micro: { f1: number } }> };
  return Object.values(lenses)[0]!.micro.f1;
}
