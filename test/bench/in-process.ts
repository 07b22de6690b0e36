/** The parts of spanmill as the benchmarks use them: the whole pipeline, and what the engine would ask of the encoder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { wordTokenizer } from "../../src/adapters/huggingface/tokenizer.js";
import { readModelFolder } from "../../src/adapters/model-folder/folder.js";
import { openTagger } from "../../src/compose.js";
import { buildRecord, type RecordSettings } from "../../src/document/build-record.js";
import { recordSettings } from "../../src/document/pipeline.js";
import { prepareText } from "../../src/document/prepare.js";
import { surfaceWriter } from "../../src/document/surface.js";
import { type Arrived, annotate } from "../../src/pipeline/annotate.js";
import type { Tagger } from "../../src/ports/tagger.js";
import type { Encoder } from "../../src/tagging/infer.js";
import type { BlockInput, EngineSettings, ModelManifest } from "../../src/tagging/protocol.js";
import { labelSet } from "../../src/tagging/schemes.js";
import { type Engine, engine } from "../../src/tagging/tag.js";

export interface Pipeline {
  readonly tagger: Tagger;
  /** Texts to lines of JSON, as `spanmill annotate` makes them; what comes out is counted. */
  annotate(texts: readonly string[]): Promise<Done>;
}

export interface Done {
  readonly bytes: number;
  readonly windows: number;
  readonly spans: number;
}

export async function openPipeline(model: string, threads: number): Promise<Pipeline> {
  const tagger = await openTagger({
    models: [{ directory: model }],
    dtype: "auto",
    schemes: {},
    decode: "constrained",
    threads,
    columns: "lenses",
  });
  const settings = recordSettingsOf(tagger);
  return { tagger, annotate: (texts) => annotateTexts(tagger, settings, texts) };
}

export function recordSettingsOf(tagger: Pick<Tagger, "models" | "runtime">): RecordSettings {
  return recordSettings(tagger, {
    offsetUnit: "code_point",
    minScore: 0,
    words: false,
    surface: surfaceWriter({}),
    decode: "constrained",
    version: "bench",
  });
}

async function annotateTexts(
  tagger: Tagger,
  settings: RecordSettings,
  texts: readonly string[],
): Promise<Done> {
  const done = { bytes: 0, windows: 0, spans: 0 };
  for await (const outcome of annotate(arrivals(texts), tagger)) {
    if (outcome.kind === "rejected") throw new Error(outcome.reason);
    const record = buildRecord(outcome.document, outcome.blocks, settings);
    done.bytes += JSON.stringify(record).length;
    done.windows += record.coverage.windows;
    for (const { spans } of Object.values(record.lenses)) done.spans += spans.length;
  }
  return done;
}

async function* arrivals(texts: readonly string[]): AsyncGenerator<Arrived> {
  for (let i = 0; i < texts.length; i++) {
    const document = prepareText({ id: `document-${i}`, revision: "1", text: texts[i]! });
    yield { kind: "document", source: "bench", position: i, document };
  }
}

export async function engineSettings(model: string): Promise<EngineSettings> {
  const { manifest } = await readModelFolder({ directory: model, dtype: "auto" });
  return { models: [manifest], decode: "constrained", columns: false };
}

/** The engine of the first model with an encoder that is told every window and answers zeros: all but inference. */
export function engineWithout(settings: EngineSettings, onWindow: (ids: readonly number[]) => void): Engine {
  const manifest = settings.models[0]!;
  const tokenizer = tokenizerOf(manifest);
  const lenses = manifest.lenses.map(({ name, labels, scheme, temperature }) => ({
    name,
    output: name,
    labelSet: labelSet(labels, scheme),
    temperature,
  }));
  const encoder: Encoder = {
    prefix: tokenizer.prefix,
    suffix: tokenizer.suffix,
    async run(ids) {
      onWindow(ids);
      return new Map(
        lenses.map(({ output, labelSet: { labels } }) => [
          output,
          new Float32Array(ids.length * labels.length),
        ]),
      );
    },
  };
  const options = { strategy: settings.decode, columns: settings.columns };
  return engine(
    [{ tokenizer, encoder, lenses, window: manifest.window, tokenTypes: manifest.tokenTypes }],
    options,
  );
}

function tokenizerOf({ directory, blankBeforeWord }: ModelManifest): ReturnType<typeof wordTokenizer> {
  const read = (file: string) =>
    JSON.parse(readFileSync(join(directory, file), "utf8")) as Record<string, unknown>;
  return wordTokenizer(read("tokenizer.json"), read("tokenizer_config.json"), { blankBeforeWord });
}

export interface WindowRecorder {
  readonly onnxFile: string;
  /** The very windows that the engine reads for these texts, as ids with special tokens, in order. */
  windowsOf(texts: readonly string[]): Promise<number[][]>;
}

export async function windowRecorder(model: string): Promise<WindowRecorder> {
  const settings = await engineSettings(model);
  const { directory, onnxFile } = settings.models[0]!;
  let windows: number[][] = [];
  const without = engineWithout(settings, (ids) => windows.push([...ids]));
  return {
    onnxFile: join(directory, onnxFile),
    async windowsOf(texts) {
      windows = [];
      for (const input of inputsOf(texts)) await without.tag(input);
      return windows;
    },
  };
}

/** The blocks of texts, as the engine is given them. */
export function inputsOf(texts: readonly string[]): BlockInput[] {
  return texts.flatMap((text) => prepareText({ id: "", revision: "", text }).inputs);
}
