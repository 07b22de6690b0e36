/** Against the token-classification pipeline of transformers.js: the same model, and the same texts in one window each. */
import { basename, dirname } from "node:path";
import { SESSION_OPTIONS } from "../../src/adapters/onnx/session.js";
import { countWords, NO_CORPUS, posts } from "./corpus.js";
import { type Bench, divide, type Figure, inTurn, type Settings } from "./harness.js";
import { inputsOf, openPipeline, windowRecorder } from "./in-process.js";

type Library = typeof import("@huggingface/transformers");
type Theirs = (texts: string | string[]) => Promise<unknown[]>;

export const bench: Bench = {
  question: "spanmill in process against the pipeline of transformers.js: same model, same texts",
  missing: () => NO_CORPUS ?? (installed() ? undefined : "@huggingface/transformers is not installed"),
  async run(settings, report) {
    const library = await import("@huggingface/transformers");
    library.env.allowRemoteModels = false;
    library.env.localModelPath = dirname(settings.model);
    const texts = await textsOfOneWindow(settings.model);
    // Its own choice of options first, then as many threads as we take, then our options to the letter.
    await compare(library, { name: "its defaults", options: undefined, threads: 2 }, texts, settings, report);
    await compare(
      library,
      { name: "intraOpNumThreads 2", options: { intraOpNumThreads: 2 }, threads: 2 },
      texts,
      settings,
      report,
    );
    await compare(
      library,
      { name: "our session options", options: SESSION_OPTIONS, threads: 1 },
      texts,
      settings,
      report,
    );
  },
};

function installed(): boolean {
  try {
    import.meta.resolve("@huggingface/transformers");
    return true;
  } catch {
    return false;
  }
}

/** Paragraphs that neither side cuts: what is longer than one of our windows is left out. */
async function textsOfOneWindow(model: string): Promise<string[]> {
  const recorder = await windowRecorder(model);
  const texts: string[] = [];
  for (const input of inputsOf(posts())) {
    if (input.kind === "text" && (await recorder.windowsOf([input.text])).length === 1)
      texts.push(input.text);
  }
  return texts;
}

const BATCHES = [8, 32] as const;

interface Case {
  readonly name: string;
  /** Of their session. */
  readonly options: object | undefined;
  /** Of ours. */
  readonly threads: number;
}

async function compare(
  { pipeline }: Library,
  { name, options, threads }: Case,
  all: readonly string[],
  { model, rounds, scale }: Settings,
  report: (figure: Figure) => void,
): Promise<void> {
  const theirs = (await pipeline("token-classification", basename(model), {
    dtype: "q8",
    ...(options === undefined ? {} : { session_options: { ...options } }),
  })) as unknown as Theirs & { dispose(): Promise<void> };
  const ours = await openPipeline(model, threads);
  const count = Math.ceil(150 * scale);
  let texts: string[] = [];
  const words: number[] = [];
  const batched = (size: number) => async () => {
    for (let at = 0; at < texts.length; at += size) await theirs(texts.slice(at, at + size));
  };
  const times = await inTurn(
    rounds,
    {
      ours: () => ours.annotate(texts),
      single: async () => {
        for (const text of texts) await theirs(text);
      },
      small: batched(BATCHES[0]),
      large: batched(BATCHES[1]),
    },
    (round) => {
      texts = Array.from({ length: count }, (_, i) => all[(round * count + i) % all.length]!);
      if (round > 0) words.push(countWords(texts));
    },
  );
  await ours.tagger.close();
  await theirs.dispose();

  const sides = [
    { side: "single" as const, how: "one text a call" },
    { side: "small" as const, how: `${BATCHES[0]} texts a call` },
    { side: "large" as const, how: `${BATCHES[1]} texts a call` },
  ];
  const best = times.single.wall.map((single, i) =>
    Math.min(single, times.small.wall[i]!, times.large.wall[i]!),
  );
  const mine = `ours with ${threads === 1 ? "one thread" : `${threads} threads`}`;
  report({
    name: `${name}: its best time / ${mine}`,
    unit: "x",
    values: divide(best, times.ours.wall),
    aim: "4",
  });
  report({ name: `${name}: ${mine}`, unit: "words/s", values: divide(words, times.ours.wall) });
  for (const { side, how } of sides) {
    report({ name: `${name}: ${how}`, unit: "words/s", values: divide(words, times[side].wall) });
    report({
      name: `${name}: ${how}: its time / ${mine}`,
      unit: "x",
      values: divide(times[side].wall, times.ours.wall),
    });
  }
}
