/**
 * Tagged blocks to a record: back into the text view, whole graphemes, the unit outside, the policies.
 *
 * This runs on the main thread for every document, so it trusts what our own code has made, but for lenses and scores.
 */
import { SpanmillError } from "../errors.js";
import { type OffsetUnit, offsetsIn, type Range, snapToGraphemes } from "../offsets.js";
import type { TaggedBlock, TaggedLens } from "../tagging/protocol.js";
import { isWhiteSpace } from "../whitespace.js";
import { toView } from "./blocks.js";
import { recordId } from "./identity.js";
import { type LabelChoices, labelChooser, renamedTag } from "./labels.js";
import type { PreparedDocument } from "./prepare.js";
import { type DocumentRecord, type LensScheme, RECORD_SCHEMA, WARNINGS, type WarningCode } from "./record.js";
import type { SurfaceWriter } from "./surface.js";

/** What is the same for all documents of a pipeline. */
export interface RecordSettings {
  readonly offsetUnit: OffsetUnit;
  /** Spans of a smaller score are left out, 0 to 1. */
  readonly minScore: number;
  /** By lens; absent: all labels as they are. */
  readonly labels?: LabelChoices;
  /** True for the columns of words. */
  readonly words: boolean;
  readonly surface: SurfaceWriter;
  /** In the order they shall have in the record; `model` is a name in `models`. */
  readonly lenses: readonly {
    readonly name: string;
    readonly scheme: LensScheme;
    /** In index order. */
    readonly labels: readonly string[];
    readonly model: string;
  }[];
  readonly models: readonly { readonly name: string; readonly digest: string }[];
  readonly pipeline: { readonly digest: string; readonly version: string; readonly runtime: string };
}

/**
 * Writes the record of a document from its tagged blocks, which are in order. Linear in the text and its spans.
 *
 * @throws SpanmillError `INTERNAL` for a block that lacks a lens of the settings, and for a score that is not a number
 * from 0 to 1, of which JSON would make null.
 */
export function buildRecord(
  document: PreparedDocument,
  tagged: readonly TaggedBlock[],
  settings: RecordSettings,
): DocumentRecord {
  const { text } = document;
  const id = document.id.toWellFormed();
  const at = offsetsIn(text, settings.offsetUnit);
  const warnings = new Map<WarningCode, number>();
  for (const { truncatedWords } of tagged) warn(warnings, "WORD_TRUNCATED", truncatedWords);
  if (!text.isWellFormed()) warn(warnings, "LONE_SURROGATE", text.match(LONE_SURROGATES)!.length);
  const lenses = Object.fromEntries(
    settings.lenses.map((lens) => [lens.name, lensOf(lens, document, tagged, settings, at, warnings)]),
  );
  const { digest: pipelineDigest, version, runtime } = settings.pipeline;
  return {
    schema: RECORD_SCHEMA,
    record_id: recordId({ documentId: id, revision: document.revision, pipelineDigest, kind: "document" }),
    document_id: id,
    revision: document.revision,
    ...(document.language === undefined ? {} : { language: document.language }),
    offset_unit: settings.offsetUnit,
    text_length: at(text.length),
    text_digest: settings.surface.digest(text),
    ...(settings.surface.wholeText ? { text: text.toWellFormed() } : {}),
    coverage: {
      ranges: rangesRead(document).map(({ start, end }) => [at(start), at(end)]),
      windows: tagged.reduce((sum, { windows }) => sum + windows, 0),
      truncated: warnings.has("WORD_TRUNCATED"),
    },
    segments: document.segments.map(({ start, end, kind, depth }) => ({
      start: at(start),
      end: at(end),
      kind,
      ...(depth > 0 ? { depth } : {}),
    })),
    lenses,
    ...(settings.words ? { words: wordColumns(document, tagged, settings, at) } : {}),
    models: settings.models.map(({ name, digest }) => ({ name, digest })),
    pipeline: { digest: pipelineDigest, version, runtime },
    warnings: warningsOf(warnings),
  };
}

/** A function from UTF-16 offsets of the text view to the unit outside; cheapest in ascending order. */
type ToUnit = (offset: number) => number;
type LensRecord = DocumentRecord["lenses"][string];
type WordColumns = NonNullable<DocumentRecord["words"]>;

function lensOf(
  { name, scheme, model }: RecordSettings["lenses"][number],
  { text, blocks }: PreparedDocument,
  tagged: readonly TaggedBlock[],
  { minScore, labels, surface }: RecordSettings,
  at: ToUnit,
  warnings: Map<WarningCode, number>,
): LensRecord {
  const spans: LensRecord["spans"] = [];
  const choice = labels?.[name];
  const published = labelChooser(minScore, choice);
  let notBefore = 0;
  for (let b = 0; b < tagged.length; b++) {
    const block = blocks[b]!;
    for (const span of seenBy(name, tagged[b]!).spans) {
      checkScore(span.score);
      const label = published(span.label, span.score);
      if (label === undefined) continue;
      const mapped = toView(block, span.start, span.end);
      const { start, end } = snapToGraphemes(text, mapped, notBefore);
      if (start === end) {
        warn(warnings, "SPAN_SHARES_GRAPHEME", 1);
        continue;
      }
      notBefore = end;
      const { score } = span;
      const canonical =
        text.slice(start, mapped.start) +
        block.canonical.slice(span.start, span.end) +
        text.slice(mapped.end, end);
      spans.push({
        start: at(start),
        end: at(end),
        label,
        score,
        // By the model's label: a new name must not show what a policy hides.
        ...surface.span(span.label, text.slice(start, end), canonical),
      });
    }
  }
  return {
    scheme,
    model,
    ...(minScore > 0 ? { min_score: minScore } : {}),
    ...(choice?.minScores === undefined ? {} : { min_scores: sorted(choice.minScores) }),
    spans,
  };
}

/** Keys in one order, so that the order of a configuration file does not reach the bytes. */
function sorted(scores: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(scores).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function wordColumns(
  { blocks }: PreparedDocument,
  tagged: readonly TaggedBlock[],
  { lenses, labels: choices }: RecordSettings,
  at: ToUnit,
): WordColumns {
  const columns: WordColumns = { start: [], end: [], sentences: [], labels: {}, scores: {} };
  for (let b = 0; b < tagged.length; b++) {
    const { starts, ends, sentences } = tagged[b]!;
    const first = columns.start.length;
    for (let i = 0; i < starts.length; i++) {
      const { start, end } = toView(blocks[b]!, starts[i]!, ends[i]!);
      columns.start.push(at(start));
      columns.end.push(at(end));
    }
    for (let i = 0; i < sentences.length; i++) columns.sentences.push(first + sentences[i]!);
  }
  for (const { name, scheme, labels: written } of lenses) {
    const rename = choices?.[name]?.rename;
    const known = written.map((tag) => renamedTag(tag, scheme, rename));
    const labels: string[] = [];
    const scores: number[] = [];
    for (const answer of tagged) {
      const seen = seenBy(name, answer);
      for (let i = 0; i < seen.labels.length; i++) {
        checkScore(seen.scores[i]!);
        labels.push(known[seen.labels[i]!]!);
        scores.push(seen.scores[i]!);
      }
    }
    columns.labels[name] = labels;
    columns.scores[name] = scores;
  }
  return columns;
}

/** Blocks that follow one another with only white space and quote marks between them are one range. */
function rangesRead({ text, blocks }: PreparedDocument): Range[] {
  const ranges: Range[] = [];
  for (const block of blocks) {
    const { start, end } = toView(block, 0, block.canonical.length);
    const last = ranges.at(-1);
    if (last !== undefined && isGap(text, last.end, start))
      ranges[ranges.length - 1] = { start: last.start, end };
    else ranges.push({ start, end });
  }
  return ranges;
}

function isGap(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (text[at] !== ">" && !isWhiteSpace(text.charCodeAt(at))) return false;
  }
  return true;
}

function seenBy(name: string, { lenses }: TaggedBlock): TaggedLens {
  const seen = lenses[name];
  if (seen === undefined)
    throw new SpanmillError("INTERNAL", `A block reached a record without its lens ${name}.`);
  return seen;
}

function checkScore(score: number): void {
  if (!(score >= 0 && score <= 1)) {
    throw new SpanmillError("INTERNAL", `A score of ${score} reached a record; scores are from 0 to 1.`);
  }
}

const LONE_SURROGATES = /\p{Surrogate}/gu;

function warn(warnings: Map<WarningCode, number>, code: WarningCode, count: number): void {
  if (count > 0) warnings.set(code, (warnings.get(code) ?? 0) + count);
}

function warningsOf(warnings: ReadonlyMap<WarningCode, number>): DocumentRecord["warnings"] {
  return (Object.keys(WARNINGS) as WarningCode[]).flatMap((code) => {
    const count = warnings.get(code);
    return count === undefined ? [] : [{ code, count }];
  });
}
