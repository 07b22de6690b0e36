/** What the answers to blocks depend on beside the blocks: the part of the pipeline that a cache is keyed by. */
import type { Tagger } from "../ports/tagger.js";
import { pipelineDigest } from "./identity.js";
import { FORMAT } from "./pipeline.js";

export interface AnswerChoices {
  readonly decode: "constrained" | "argmax";
  /** Whether words, labels and scores come with the spans: an answer without them cannot stand for one with them. */
  readonly columns: boolean;
}

/**
 * 64 hex digits. Unlike the digest in records it leaves out what is done to an answer later (least score) and how blocks
 * are cut, so that a change of those does not cost the cache.
 */
export function answerDigest(
  { models, runtime }: Pick<Tagger, "models" | "runtime">,
  choices: AnswerChoices,
): string {
  return pipelineDigest({
    format: FORMAT,
    models,
    lenses: models.flatMap((model) =>
      model.lenses.map(({ name, scheme, labels, temperature }) => ({
        name,
        scheme,
        labels,
        temperature,
        model: model.digest,
      })),
    ),
    decoder: { strategy: choices.decode, columns: choices.columns },
    blocks: {},
    runtime,
  });
}
