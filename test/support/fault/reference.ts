/** The answer to each document alone, from the library, computed once for each distinct text. */
import { createHash } from "node:crypto";
import { openTagger } from "../../../src/index.js";
import type { Input } from "./history.js";

// biome-ignore lint/suspicious/noExplicitAny: records are compared whole; a schema holds their shape.
type Json = any;

export interface Reference {
  /**
   * By channel, what a pipeline of this digest must say of the document; undefined: there is no such pipeline.
   *
   * @param model the digest of its model
   */
  of(
    input: Input,
    model: string,
    pipeline: string,
  ): Readonly<Record<"documents" | "entities", Json>> | undefined;
}

/** @param models folders, each a pipeline of its own */
export async function referenceOf(models: readonly string[], inputs: readonly Input[]): Promise<Reference> {
  const texts = new Set(
    inputs.flatMap(({ expected }) => (expected.kind === "record" ? [expected.text] : [])),
  );
  const answers = new Map<string, Map<string, Json>>();
  for (const model of models) {
    const tagger = await openTagger({ models: [model], threads: 1, offsetUnit: "code_point" });
    const records = new Map<string, Json>();
    try {
      for (const text of texts) {
        const record = JSON.parse(JSON.stringify(await tagger.annotate({ id: "", revision: "", text })));
        answers.set(record.models[0].digest, records.set(text, record));
      }
    } finally {
      await tagger.close();
    }
  }
  return {
    of({ expected, revision }, model, pipeline) {
      const found = expected.kind === "record" ? answers.get(model)?.get(expected.text) : undefined;
      if (found === undefined || expected.kind !== "record") return undefined;
      // The library's digest is another: labels cannot be chosen there.
      const alone = { ...found, pipeline: { ...found.pipeline, digest: pipeline } };
      const named = (kind: string) => ({
        record_id: recordId([expected.id, revision, pipeline, kind]),
        document_id: expected.id,
        revision,
      });
      const { language, offset_unit, text_length, text_digest, lenses } = alone;
      const head = { ...(language && { language }), offset_unit, text_length, text_digest };
      const entities = { schema: "spanmill.spans/1", ...named("entities"), ...head, lenses };
      return {
        documents: { ...alone, ...named("document") },
        entities: { ...entities, pipeline: alone.pipeline },
      };
    },
  };
}

/** By the design's words, not by the code under test. */
function recordId(fields: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex").slice(0, 32);
}
