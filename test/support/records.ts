/** The lines that documents become, through the pipeline's own steps. */
import { buildRecord } from "../../src/document/build-record.js";
import { recordSettings } from "../../src/document/pipeline.js";
import { prepareText } from "../../src/document/prepare.js";
import { surfaceWriter } from "../../src/document/surface.js";
import { annotate } from "../../src/pipeline/annotate.js";
import type { Tagger } from "../../src/ports/tagger.js";

/** @throws where a document is rejected. */
export async function recordsOf(tagger: Tagger, texts: readonly string[]): Promise<string[]> {
  const settings = recordSettings(tagger, {
    offsetUnit: "code_point",
    minScore: 0.1,
    words: true,
    surface: surfaceWriter({ wholeText: true }),
    decode: "constrained",
    version: "0",
  });
  const arriving = async function* () {
    for (const [position, text] of texts.entries()) {
      const document = prepareText({ id: `${position}`, revision: "0", text }, 1);
      yield { kind: "document", source: "test", position, document } as const;
    }
  };
  const lines: string[] = [];
  for await (const outcome of annotate(arriving(), tagger)) {
    if (outcome.kind === "rejected") throw new Error(outcome.reason);
    lines.push(JSON.stringify(buildRecord(outcome.document, outcome.blocks, settings)));
  }
  return lines;
}
