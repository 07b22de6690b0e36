/**
 * What is published: one definition, from which come the type, the JSON Schema and the check of records read back.
 * `buildRecord` writes records without it, for speed; tests hold the two together.
 *
 * Invariants: keys stand in the order of this file, so that bytes are deterministic; nothing depends on the run (no
 * time, no worker, no cache state); a score is never null.
 */
import { z } from "zod";
import { OFFSET_UNITS } from "../offsets.js";
import { SEGMENT_KINDS } from "./segments.js";

export const RECORD_SCHEMA = "spanmill.record/1";

/** `IOB1` cannot be told from `BIO` by its labels; `none` is for labels of words that make no spans. */
export const LENS_SCHEMES = ["BIO", "IOB1", "IO", "BIOES", "BILOU", "none"] as const;
export type LensScheme = (typeof LENS_SCHEMES)[number];

/** The closed list of warnings, with their meaning. */
export const WARNINGS = {
  WORD_TRUNCATED: "words of more pieces than a window holds: their labels come from their first pieces alone",
  SPAN_SHARES_GRAPHEME: "spans left out, since all their graphemes belong to the span before them",
  WORDS_DROPPED: "words left out, since the record was over the size that its output takes",
  LONE_SURROGATE: "halves of surrogate pairs in the text, written and digested as U+FFFD",
} as const;
export type WarningCode = keyof typeof WARNINGS;

const offset = (what: string) => z.int().nonnegative().describe(`${what}, counted in offset_unit`);
const score = z.number().min(0).max(1);
const digest = z.string().regex(/^(sha256|hmac-sha256):[0-9a-f]{64}$/);
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const lensName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]*$/);
/** One list a lens: a column of the words. */
const perLens = <T extends z.ZodType>(item: T) => z.record(lensName, z.array(item));

const segment = z
  .strictObject({
    start: offset("Start"),
    end: offset("End, exclusive"),
    kind: z
      .enum(SEGMENT_KINDS)
      .describe("body: what the author wrote; quote: what the author quoted; subject: the title"),
    depth: z.int().positive().optional().describe("How often it has been quoted; on quotes only"),
  })
  .describe("A stretch of the text of one kind; outside of all there is only white space and quote marks");

const span = z
  .strictObject({
    start: offset("Start; never inside a grapheme"),
    end: offset("End, exclusive; never inside a grapheme"),
    label: z.string().describe("Label without the prefix of the scheme: PER, not B-PER"),
    score: score.describe(
      "How sure the model is, 0 to 1: the smallest probability, among the words of the span, of belonging to its label",
    ),
    text: z
      .string()
      .optional()
      .describe(
        "The very characters from start to end, line breaks and quote marks among them; where the policy is full",
      ),
    text_masked: z
      .string()
      .optional()
      .describe("First grapheme of each stretch and three asterisks, J*** S***; where the policy is masked"),
    text_digest: digest
      .optional()
      .describe(
        "Keyed digest of the span without layout (blanks folded, quote marks left out); where the policy is hmac",
      ),
  })
  .describe("A labelled range of the text; spans of one lens are in order and never overlap");

const lens = z
  .strictObject({
    scheme: z
      .enum(LENS_SCHEMES)
      .describe("How labels of words make spans; none: they do not, see words.labels"),
    model: z.string().describe("Name of the model it reads; one of models"),
    min_score: score
      .optional()
      .describe("Spans of a smaller score were left out; absent where no least score was set"),
    min_scores: z
      .record(z.string(), score)
      .optional()
      .describe("Least scores of single labels, by the model's own label; where some were set"),
    spans: z.array(span).describe("Spans in the order of the text; empty where the scheme is none"),
  })
  .describe("What one lens saw");

const words = z
  .strictObject({
    start: z.array(z.int().nonnegative()).describe("Start of each word, counted in offset_unit"),
    end: z.array(z.int().nonnegative()).describe("End of each word, exclusive, counted in offset_unit"),
    sentences: z.array(z.int().nonnegative()).describe("Index of the first word of each sentence"),
    labels: perLens(z.string()).describe(
      "For each lens the label of each word, with the prefix of the scheme",
    ),
    scores: perLens(score).describe("For each lens the score of each word's label"),
  })
  .describe("The words as columns of one length, but for sentences; where asked for");

const coverage = z
  .strictObject({
    ranges: z
      .array(
        z.tuple([offset("Start"), offset("End, exclusive")]).describe("A range that was read: start and end"),
      )
      .describe(
        "Ranges that were read, in order; those with only white space and quote marks between are one",
      ),
    windows: z.int().nonnegative().describe("Windows that the models read"),
    truncated: z.boolean().describe("True where part of a range was not read; warnings say what"),
  })
  .describe("How much of the text was read");

const model = z
  .strictObject({
    name: z.string().describe("Name; differs from the other models' names"),
    digest: z.string().describe("Digest of its files"),
  })
  .describe("A model that served the document");

const pipeline = z
  .strictObject({
    digest: hex(64).describe(
      "SHA-256 over models, labels, decoder, blocks and runtime: the same where answers are",
    ),
    version: z.string().describe("Version of spanmill"),
    runtime: z.string().describe("Family of the runtime that answers depend on"),
  })
  .describe("What made the record");

const warning = z
  .strictObject({
    code: z.enum(Object.keys(WARNINGS) as [WarningCode, ...WarningCode[]]).describe(
      Object.entries(WARNINGS)
        .map(([code, meaning]) => `${code}: ${meaning}`)
        .join("; "),
    ),
    count: z.int().positive().describe("How many"),
  })
  .describe("Something that a reader of the record should know");

export const recordDefinition = z
  .strictObject({
    schema: z.literal(RECORD_SCHEMA).describe("Name and version of this schema"),
    record_id: hex(32).describe("Name of the record; the same for the same document, revision and pipeline"),
    document_id: z.string().describe("Name of the document, from its source"),
    revision: z
      .string()
      .describe("Sortable; of two records of a document the one with the higher revision holds"),
    part: z
      .int()
      .positive()
      .optional()
      .describe(
        "Number of this part, from 1, of a record that is too large for one message; offsets count from the start of the whole",
      ),
    parts: z
      .int()
      .min(2)
      .optional()
      .describe(
        "How many parts there are; their lists, and their texts, one after the other are the whole's",
      ),
    language: z.string().optional().describe("Language tag that the source gives; where it gives one"),
    offset_unit: z.enum(OFFSET_UNITS).describe("What every offset and length counts"),
    text_length: z
      .int()
      .nonnegative()
      .describe("Length of the text that offsets refer to, counted in offset_unit"),
    text_digest: digest.describe("Digest of the text's UTF-8 bytes, keyed where a secret is configured"),
    text: z.string().optional().describe("The text that offsets refer to; where asked for"),
    coverage,
    segments: z.array(segment).describe("Segments in the order of the text"),
    lenses: z.record(lensName, lens).describe("What each lens saw, by its name"),
    words: words.optional(),
    models: z.array(model).describe("The models that served the document"),
    pipeline,
    warnings: z.array(warning).describe("In the order of their list, at most one of a code"),
  })
  .describe("What spanmill says of one document");

export type DocumentRecord = z.infer<typeof recordDefinition>;

/** The JSON Schema (draft 2020-12) of records, as committed in `schema/record.schema.json`. */
export function recordJsonSchema(): object {
  const { $schema, ...rest } = z.toJSONSchema(recordDefinition, { target: "draft-2020-12" });
  return { $schema, $id: "urn:spanmill:record:1", title: RECORD_SCHEMA, ...rest };
}
