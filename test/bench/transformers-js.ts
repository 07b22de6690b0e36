/** Against the token-classification pipeline of transformers.js: the same model, and the same texts in one window each. */
import { basename, dirname } from "node:path";
import { SESSION_OPTIONS } from "../../src/adapters/onnx/session.js";
import { countWords, FOREIGN_MODEL, NO_CORPUS, posts, roundOf, tickets } from "./corpus.js";
import { type Bench, divide, type Figure, inTurn, type Settings } from "./harness.js";
import { inputsOf, openPipeline, windowRecorder } from "./in-process.js";

type Library = typeof import("@huggingface/transformers");
type Theirs = (texts: string | string[]) => Promise<unknown[]>;

export const bench: Bench = {
  question:
    "spanmill (text to JSON) against the pipeline of transformers.js, both in process: same model and texts",
  model: FOREIGN_MODEL,
  missing: () => NO_CORPUS ?? (installed() ? undefined : "@huggingface/transformers is not installed"),
  async run(settings, report) {
    const library = await import("@huggingface/transformers");
    library.env.allowRemoteModels = false;
    library.env.localModelPath = dirname(settings.model);
    const corpora = [
      {
        name: "paragraphs",
        texts: await textsOfOneWindow(settings.model, posts().slice(0, 600)),
        count: 150,
      },
      { name: "tickets", texts: await textsOfOneWindow(settings.model, tickets()), count: 600 },
    ];
    for (const corpus of corpora) {
      for (const one of CASES) await compare(library, one, corpus, settings, report);
    }
  },
};

interface Case {
  readonly name: string;
  /** Of their session. */
  readonly options: object | undefined;
  /** Of ours. */
  readonly threads: number;
}

/** Its own choice of options, then as many threads as we take, then our options to the letter. */
const CASES: readonly Case[] = [
  { name: "its defaults", options: undefined, threads: 2 },
  { name: "intraOpNumThreads 2", options: { intraOpNumThreads: 2 }, threads: 2 },
  { name: "our session options", options: SESSION_OPTIONS, threads: 1 },
];

interface Corpus {
  readonly name: string;
  readonly texts: readonly string[];
  /** Texts of a round. */
  readonly count: number;
}

function installed(): boolean {
  try {
    import.meta.resolve("@huggingface/transformers");
    return true;
  } catch {
    return false;
  }
}

/** Blocks that neither side cuts: what is longer than one of our windows is left out. */
async function textsOfOneWindow(model: string, texts: readonly string[]): Promise<string[]> {
  const recorder = await windowRecorder(model);
  const short: string[] = [];
  for (const input of inputsOf(texts)) {
    if (input.kind === "text" && (await recorder.windowsOf([input.text])).length === 1)
      short.push(input.text);
  }
  return short;
}

async function compare(
  { pipeline }: Library,
  { name, options, threads }: Case,
  corpus: Corpus,
  { model, rounds, scale }: Settings,
  report: (figure: Figure) => void,
): Promise<void> {
  const theirs = (await pipeline("token-classification", basename(model), {
    dtype: "q8",
    ...(options === undefined ? {} : { session_options: { ...options } }),
  })) as unknown as Theirs & { dispose(): Promise<void> };
  const ours = await openPipeline(model, threads);
  const count = Math.ceil(corpus.count * scale);
  let texts: string[] = [];
  const words: number[] = [];
  const batched = (size: number) => async () => {
    for (let at = 0; at < texts.length; at += size) await theirs(texts.slice(at, at + size));
  };
  const times = await inTurn(
    rounds,
    {
      ours: () => ours.annotate(texts),
      "one text a call": async () => {
        for (const text of texts) await theirs(text);
      },
      "8 texts a call": batched(8),
      "32 texts a call": batched(32),
      "all texts in a call": () => theirs(texts),
    },
    (round) => {
      texts = roundOf(corpus.texts, round, count);
      if (round > 0) words.push(countWords(texts));
    },
  );
  await ours.tagger.close();
  await theirs.dispose();

  const { ours: own, ...others } = times;
  const best = own.wall.map((_, i) => Math.min(...Object.values(others).map(({ wall }) => wall[i]!)));
  const where = `${corpus.name}, ${name}`;
  const mine = `ours, ${threads === 1 ? "one thread" : `${threads} threads`}`;
  const ratio = divide(best, own.wall);
  report({ name: `${where}: its best time / ${mine}`, unit: "x", values: ratio, aim: "4" });
  report({ name: `${where}: ${mine}`, unit: "words/s", values: divide(words, own.wall) });
  for (const [how, { wall }] of Object.entries(others)) {
    report({ name: `${where}: ${how}`, unit: "words/s", values: divide(words, wall) });
    report({ name: `${where}: ${how}: its time / ours`, unit: "x", values: divide(wall, own.wall) });
  }
}
