/** What the length of windows costs: attention grows with the square of it, the rest of a run is shared by more pieces. */
import { openSession } from "../../src/adapters/onnx/session.js";
import { NO_CORPUS, posts } from "./corpus.js";
import { type Bench, divide, inTurn } from "./harness.js";
import { windowRecorder } from "./in-process.js";

/** From a short block, a ticket's title, to the built-in model's window. */
const LENGTHS = [16, 32, 64, 128, 192] as const;
/** A round's pieces are a whole number of windows of each. */
const COMMON = 384;

export const bench: Bench = {
  question: "pieces per second of short blocks (16 pieces) against long ones, one session, real text",
  missing: () => NO_CORPUS,
  async run({ model, rounds, scale }, report) {
    const recorder = await windowRecorder(model);
    const session = await openSession(recorder.onnxFile, { prefix: [], suffix: [] });
    const ids = (await recorder.windowsOf(posts().slice(0, 300))).flat();
    const pieces = Math.ceil((8_192 * scale) / COMMON) * COMMON;
    const run = (length: number) => async (round: number) => {
      const from = (round * pieces) % (ids.length - pieces);
      for (let at = from; at < from + pieces; at += length) await session.run(ids.slice(at, at + length));
    };
    const sides = Object.fromEntries(LENGTHS.map((length) => [`${length}`, run(length)]));
    const times = await inTurn(rounds, sides);
    const longest = times[`${LENGTHS.at(-1)}`]!.wall;
    for (const length of LENGTHS) {
      const taken = times[`${length}`]!.wall;
      report({
        name: `windows of ${length} pieces`,
        unit: "pieces/s",
        values: taken.map((time) => pieces / time),
      });
      report({
        name: `windows of ${length} pieces: speed against ${LENGTHS.at(-1)}`,
        unit: "x",
        values: divide(longest, taken),
      });
    }
    await session.release();
  },
};
