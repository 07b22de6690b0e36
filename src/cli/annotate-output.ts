/** What `annotate` writes for each document: records, labelled files, or highlighted text. */
import { openBrat } from "../adapters/files/brat-folder.js";
import { openRecords, STDOUT } from "../adapters/files/output.js";
import type { AnnotateOptions } from "../config/options.js";
import { annotatedDocument, type ScoredDocument } from "../dataset/annotate.js";
import { toConll } from "../dataset/write-conll.js";
import { toConllu } from "../dataset/write-conllu.js";
import { buildRecord, type RecordSettings } from "../document/build-record.js";
import type { Tagged } from "../pipeline/annotate.js";
import type { LensManifest } from "../tagging/protocol.js";
import { highlight } from "../terminal/highlight.js";
import type { TerminalTraits } from "../terminal/traits.js";

export type OutputFormat = NonNullable<AnnotateOptions["to"]>;

export interface AnnotateOutput {
  write(tagged: Tagged): Promise<void>;
  close(): Promise<void>;
}

export interface OutputSettings {
  readonly format: OutputFormat;
  readonly path: string | undefined;
  readonly append: boolean;
  /** Highlighted text on standard output, beside what goes to `path`. */
  readonly show: boolean;
  readonly lenses: readonly LensManifest[];
  readonly minScore: number;
  readonly record: RecordSettings;
  readonly traits: TerminalTraits;
}

/** Whether a format needs words and their labels, beside spans. */
export function needsWords(format: OutputFormat, show: boolean): boolean {
  return show || (format !== "jsonl" && format !== "brat");
}

/** @throws SpanmillError OUTPUT_* */
export async function openOutput(settings: OutputSettings): Promise<AnnotateOutput> {
  const main = await openMain(settings);
  if (!settings.show || settings.format === "terminal") return main;
  const shown = await openRecords(STDOUT);
  return {
    async write(tagged) {
      await main.write(tagged);
      await shown.write(highlighted(annotated(tagged, settings), settings));
    },
    async close() {
      await shown.close();
      await main.close();
    },
  };
}

async function openMain(settings: OutputSettings): Promise<AnnotateOutput> {
  if (settings.format === "brat") return bratOutput(settings.path!, settings);
  const writer = await openRecords(settings.path ?? STDOUT, { append: settings.append });
  const format = formatter(settings);
  return {
    write: (tagged) => writer.write(format(tagged)),
    close: () => writer.close(),
  };
}

async function bratOutput(directory: string, settings: OutputSettings): Promise<AnnotateOutput> {
  const writeBrat = await openBrat(directory);
  return {
    write: (tagged) => writeBrat(annotated(tagged, settings)),
    close: async () => {},
  };
}

function formatter(settings: OutputSettings): (tagged: Tagged) => string {
  switch (settings.format) {
    case "jsonl":
      return ({ document, blocks }) => `${JSON.stringify(buildRecord(document, blocks, settings.record))}\n`;
    case "conll":
      return (tagged) => toConll(annotated(tagged, settings));
    case "conllu":
      return (tagged) => toConllu(annotated(tagged, settings));
    case "terminal":
      return (tagged) => highlighted(annotated(tagged, settings), settings);
    case "brat":
      throw new Error("brat is written as files, not as records");
  }
}

function annotated({ document, blocks }: Tagged, { lenses, minScore }: OutputSettings): ScoredDocument {
  return annotatedDocument(document, blocks, lenses, minScore);
}

function highlighted({ id, text, words, lenses }: ScoredDocument, settings: OutputSettings): string {
  const wordLens = (name: string) => settings.lenses.find((lens) => lens.name === name)?.scheme === "none";
  const view = {
    id,
    text,
    spans: lenses.flatMap(({ name, spans }) => spans.map((span) => ({ ...span, lens: name }))),
    words: lenses
      .filter(({ name }) => wordLens(name))
      .map(({ name, tags }) => ({ lens: name, ...words, labels: tags })),
  };
  const options = { heading: true, lenses: settings.lenses.map(({ name }) => name) };
  return `${highlight(view, settings.traits, options)}\n`;
}
