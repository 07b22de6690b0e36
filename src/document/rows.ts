/** A record as flat rows. */
import type { DocumentRow, SpanRow, WordRow } from "./channel-records.js";
import { recordId } from "./identity.js";
import type { DocumentRecord } from "./record.js";

export function documentRow(record: DocumentRecord): DocumentRow {
  const { document_id, revision, language = null, text_length, text_digest } = record;
  return {
    schema: "spanmill.document-row/1",
    record_id: idOf(record, "document-row", []),
    ...{ document_id, revision, language, text_length, text_digest },
    text: record.text ?? null,
    windows: record.coverage.windows,
    truncated: record.coverage.truncated,
    spans: Object.values(record.lenses).reduce((sum, { spans }) => sum + spans.length, 0),
    words: record.words?.start.length ?? null,
    ...tailOf(record),
    runtime: record.pipeline.runtime,
  };
}

/** @param kind name of the channel, so that a lens in two of them has rows of two names. */
export function spanRows(record: DocumentRecord, lenses: readonly string[], kind: string): SpanRow[] {
  const { document_id, revision, language = null } = record;
  return lenses.flatMap((lens) => {
    const { model, spans } = record.lenses[lens]!;
    return spans.map(({ start, end, label, score, text = null, text_masked = null, text_digest = null }) => ({
      schema: "spanmill.span-row/1" as const,
      record_id: idOf(record, kind, [lens, start, end, label]),
      ...{ document_id, revision, language, lens, model, start, end, label, score },
      ...{ text, text_masked, text_digest },
      ...tailOf(record),
    }));
  });
}

export function wordRows(record: DocumentRecord, lenses: readonly string[], kind: string): WordRow[] {
  const { document_id, revision, language = null, words } = record;
  if (words === undefined) return [];
  return lenses.flatMap((lens) => {
    const { model } = record.lenses[lens]!;
    let sentence = -1;
    return words.start.map((start, index) => {
      while (sentence + 1 < words.sentences.length && words.sentences[sentence + 1]! <= index) sentence++;
      const end = words.end[index]!;
      const label = words.labels[lens]![index]!;
      return {
        schema: "spanmill.word-row/1" as const,
        record_id: idOf(record, kind, [lens, start, end, label, index]),
        ...{
          document_id,
          revision,
          language,
          lens,
          model,
          index,
          sentence: Math.max(0, sentence),
          start,
          end,
        },
        label,
        score: words.scores[lens]![index]!,
        ...tailOf(record),
      };
    });
  });
}

function idOf({ document_id, revision, pipeline }: DocumentRecord, kind: string, item: (string | number)[]) {
  return recordId({ documentId: document_id, revision, pipelineDigest: pipeline.digest, kind, item });
}

function tailOf({ offset_unit, pipeline: { digest, version } }: DocumentRecord) {
  return { offset_unit, pipeline_digest: digest, pipeline_version: version };
}
