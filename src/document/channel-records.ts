/**
 * What the channels beside `documents` publish, and flat rows for sinks that want rows: one definition each, from which
 * come type and JSON Schema. Keys stand in the order of this file. Rows have all their columns always, null where there
 * is nothing.
 */
import { z } from "zod";
import { recordDefinition } from "./record.js";

const { record_id, document_id, revision, part, parts, language, offset_unit, text_length, text_digest } =
  recordDefinition.shape;
const { lenses, words, pipeline } = recordDefinition.shape;
const head = {
  record_id,
  document_id,
  revision,
  part,
  parts,
  language,
  offset_unit,
  text_length,
  text_digest,
};

const spansDefinition = z
  .strictObject({ schema: z.literal("spanmill.spans/1"), ...head, lenses, pipeline })
  .describe("The spans of one document, of the lenses of one channel");

const wordsDefinition = z
  .strictObject({
    schema: z.literal("spanmill.words/1"),
    ...head,
    words: words.unwrap(),
    pipeline,
  })
  .describe("The labelled words of one document as columns, of the lenses of one channel");

const rowHead = {
  record_id,
  document_id,
  revision,
  language: z.string().nullable().describe("Language tag that the source gives"),
};
const rowTail = {
  offset_unit,
  pipeline_digest: pipeline.shape.digest,
  pipeline_version: pipeline.shape.version,
};
const count = z.int().nonnegative();
const offset = (what: string) => count.describe(`${what}, counted in offset_unit`);
const score = z.number().min(0).max(1);

const documentRowDefinition = z
  .strictObject({
    schema: z.literal("spanmill.document-row/1"),
    ...rowHead,
    text_length,
    text_digest,
    text: z.string().nullable().describe("The text that offsets refer to; where asked for"),
    windows: count.describe("Windows that the models read"),
    truncated: z.boolean().describe("True where part of the text was not read"),
    spans: count.describe("Spans of all lenses"),
    words: count.nullable().describe("Words; null where words were not asked for"),
    ...rowTail,
    runtime: pipeline.shape.runtime,
  })
  .describe("One document as a flat row");

const spanRowDefinition = z
  .strictObject({
    schema: z.literal("spanmill.span-row/1"),
    ...rowHead,
    lens: z.string().describe("Name of the lens"),
    model: z.string().describe("Name of the model that the lens reads"),
    start: offset("Start"),
    end: offset("End, exclusive"),
    label: z.string().describe("Label without the prefix of the scheme"),
    score: score.describe("How sure the model is, 0 to 1"),
    text: z.string().nullable().describe("The characters from start to end; where the policy is full"),
    text_masked: z.string().nullable().describe("Masked; where the policy is masked"),
    text_digest: z.string().nullable().describe("Keyed digest; where the policy is hmac"),
    ...rowTail,
  })
  .describe("One span as a flat row");

const wordRowDefinition = z
  .strictObject({
    schema: z.literal("spanmill.word-row/1"),
    ...rowHead,
    lens: z.string().describe("Name of the lens"),
    model: z.string().describe("Name of the model that the lens reads"),
    index: count.describe("Number of the word in its document, from 0"),
    sentence: count.describe("Number of its sentence, from 0"),
    start: offset("Start"),
    end: offset("End, exclusive"),
    label: z.string().describe("Label of the word, with the prefix of the scheme"),
    score: score.describe("Score of the label"),
    ...rowTail,
  })
  .describe("One word as one lens sees it, as a flat row");

export type SpansRecord = z.infer<typeof spansDefinition>;
export type WordsRecord = z.infer<typeof wordsDefinition>;
export type DocumentRow = z.infer<typeof documentRowDefinition>;
export type SpanRow = z.infer<typeof spanRowDefinition>;
export type WordRow = z.infer<typeof wordRowDefinition>;

const DEFINITIONS = {
  spans: spansDefinition,
  words: wordsDefinition,
  "document-row": documentRowDefinition,
  "span-row": spanRowDefinition,
  "word-row": wordRowDefinition,
};

/** Also the file's name in `schema/`. */
export const CHANNEL_SCHEMAS = Object.keys(DEFINITIONS) as (keyof typeof DEFINITIONS)[];
export type ChannelSchema = keyof typeof DEFINITIONS;

/** The JSON Schema (draft 2020-12), as committed in `schema/NAME.schema.json`. */
export function channelJsonSchema(name: ChannelSchema): object {
  const { $schema, ...rest } = z.toJSONSchema(DEFINITIONS[name], { target: "draft-2020-12" });
  return { $schema, $id: schemaUrn(name), title: `spanmill.${name}/1`, ...rest };
}

export function schemaUrn(name: ChannelSchema | "record"): string {
  return `urn:spanmill:${name}:1`;
}
