/** What makes a record, as records name it: settings that are the same for all documents of a run. */

import type { OffsetUnit } from "../offsets.js";
import type { Tagger } from "../ports/tagger.js";
import { JOIN_TO } from "./blocks.js";
import type { RecordSettings } from "./build-record.js";
import { canonicalJson, pipelineDigest } from "./identity.js";
import type { LabelChoices } from "./labels.js";
import type { SurfaceWriter } from "./surface.js";

/** Raised when the canonical form, the word rules or the meaning of spans change. */
export const FORMAT = "1";

export interface RecordChoices {
  readonly offsetUnit: OffsetUnit;
  readonly minScore: number;
  /** By lens; absent: all labels as they are. */
  readonly labels?: LabelChoices;
  readonly words: boolean;
  readonly surface: SurfaceWriter;
  readonly decode: "constrained" | "argmax";
  /** Version of spanmill. */
  readonly version: string;
}

export function recordSettings(
  tagger: Pick<Tagger, "models" | "runtime">,
  choices: RecordChoices,
): RecordSettings {
  const { models, runtime } = tagger;
  const lenses = models.flatMap((model) => model.lenses.map((lens) => ({ ...lens, model: model.name })));
  const digest = pipelineDigest({
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
    decoder: {
      strategy: choices.decode,
      minScore: choices.minScore,
      ...(choices.labels === undefined ? {} : { labels: canonicalJson(choices.labels) }),
    },
    blocks: { joinTo: JOIN_TO },
    runtime,
  });
  const { offsetUnit, minScore, labels = {}, words, surface, version } = choices;
  return {
    offsetUnit,
    minScore,
    labels,
    words,
    surface,
    lenses,
    models,
    pipeline: { digest, version, runtime },
  };
}
