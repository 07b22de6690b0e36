/** Which source is meant, and where each channel goes: what several options decide together. */
import type { RunOptions } from "./options.js";

export const OUTPUTS = ["documents", "entities", "pos", "chunks", "dead-letters"] as const;
export type Output = (typeof OUTPUTS)[number];

export function sourceOf({ source }: Pick<RunOptions, "source">, files: readonly string[]) {
  return source ?? (files.length > 0 ? "files" : "stdin");
}

/** Those of the command line, else those of `input.files`. */
export function inputFiles({ inputFiles }: Pick<RunOptions, "inputFiles">, files: readonly string[]) {
  return files.length > 0 ? files : inputFiles;
}

type OutputOptions = Pick<
  RunOptions,
  "sink" | "channelDocuments" | "channelEntities" | "channelPos" | "channelChunks" | "channelDeadLetters"
>;

/** The topic or path of each channel that is switched on. On standard output `-` is that of the documents. */
export function outputsOf(options: OutputOptions): Partial<Record<Output, string>> {
  const given: Record<Output, string | undefined> = {
    documents: options.channelDocuments,
    entities: options.channelEntities,
    pos: options.channelPos,
    chunks: options.channelChunks,
    "dead-letters": options.channelDeadLetters,
  };
  const entries = OUTPUTS.flatMap((output): [Output, string][] => {
    if (options.sink === "stdout" && output !== "dead-letters") {
      return output === "documents" ? [[output, "-"]] : [];
    }
    const name = given[output] ?? (options.sink === "kafka" ? `spanmill.${output}` : `${output}.jsonl`);
    return name === "" ? [] : [[output, name]];
  });
  return Object.fromEntries(entries);
}
