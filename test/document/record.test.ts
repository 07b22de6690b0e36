import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parseRecord } from "../../src/document/parse-record.js";
import { type DocumentRecord, recordDefinition, recordJsonSchema } from "../../src/document/record.js";

/** A record with every field that there is. */
const RECORD: DocumentRecord = {
  schema: "spanmill.record/1",
  record_id: "0123456789abcdef0123456789abcdef",
  document_id: "ticket-1",
  revision: "0001",
  part: 1,
  parts: 2,
  language: "en-GB",
  offset_unit: "code_point",
  text_length: 12,
  text_digest: `sha256:${"a".repeat(64)}`,
  text: "Zoë met Kim.",
  coverage: { ranges: [[0, 12]], windows: 1, truncated: true },
  segments: [{ start: 0, end: 12, kind: "quote", depth: 1 }],
  lenses: {
    ner: {
      scheme: "BIO",
      model: "tiny",
      min_score: 0.5,
      min_scores: { PER: 0.9 },
      spans: [
        { start: 0, end: 3, label: "PER", score: 0.98, text: "Zoë" },
        { start: 8, end: 11, label: "PER", score: 1, text_masked: "K***" },
        { start: 11, end: 12, label: "X", score: 0.5, text_digest: `hmac-sha256:${"b".repeat(64)}` },
      ],
    },
    pos: { scheme: "none", model: "tiny", spans: [] },
  },
  words: {
    start: [0, 4, 8, 11],
    end: [3, 7, 11, 12],
    sentences: [0],
    labels: { ner: ["B-PER", "O", "B-PER", "B-X"], pos: ["NNP", "VBD", "NNP", "."] },
    scores: { ner: [0.98, 1, 1, 0.5], pos: [1, 1, 1, 1] },
  },
  models: [{ name: "tiny", digest: "sha256:cc" }],
  pipeline: { digest: "d".repeat(64), version: "0.1.0", runtime: "onnxruntime 1.30.0 x64" },
  warnings: [{ code: "WORD_TRUNCATED", count: 1 }],
};

describe("the JSON Schema", () => {
  const schema = recordJsonSchema() as JsonSchema;
  const validate = new Ajv2020({ allErrors: true }).compile(schema);

  test("committed in schema/ is the one generated; `npx vitest run -u` writes it anew", async () => {
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(
      join(process.cwd(), "schema/record.schema.json"),
    );
  });

  test("is of draft 2020-12 and accepts a record with every field", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    validate(RECORD);
    expect(validate.errors).toBeNull();
  });

  test("describes every field, and the record above has every one of them", () => {
    const undescribed: string[] = [];
    const absent: string[] = [];
    visit(schema, [RECORD], "record", (path, field, values) => {
      if (field.description === undefined) undescribed.push(path);
      if (values.length === 0) absent.push(path);
    });
    expect(undescribed).toEqual([]);
    expect(absent).toEqual([]);
  });

  /** Changes that make a record wrong: both the schema and zod must refuse each. */
  const wrong: [string, string, unknown][] = [
    ["an unknown key", "extra", 1],
    ["an unknown key of a span", "lenses.ner.spans.0.extra", 1],
    ["a null score", "lenses.ner.spans.0.score", null],
    ["a score above 1", "lenses.ner.spans.0.score", 1.1],
    ["a null score of a word", "words.scores.ner.0", null],
    ["an offset below 0", "segments.0.start", -1],
    ["an offset that is not whole", "words.start.0", 0.5],
    ["a range of one end", "coverage.ranges.0", [1]],
    ["a scheme that does not exist", "lenses.ner.scheme", "BIEO"],
    ["a warning that does not exist", "warnings.0.code", "OTHER"],
    ["a short record_id", "record_id", "abc"],
    ["a bare digest", "text_digest", "a".repeat(64)],
    ["another version", "schema", "spanmill.record/2"],
    ["a lens without a model", "lenses.ner.model", undefined],
    ["a lens with a strange name", "lenses.a b", RECORD.lenses.pos],
    ["no segments", "segments", undefined],
  ];
  test.each(wrong)("refuses %s, and so does parseRecord", (_name, path, value) => {
    const json = changed(path, value);
    expect(validate(JSON.parse(json))).toBe(false);
    expect(() => parseRecord(json)).toThrow(expect.objectContaining({ code: "INPUT_MALFORMED" }));
  });
});

describe("parseRecord", () => {
  const messageOf = (path: string, value: unknown): string => {
    try {
      parseRecord(changed(path, value));
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };

  test("gives back what was written, keys in the same order", () => {
    const json = JSON.stringify(RECORD);
    expect(JSON.stringify(parseRecord(json))).toBe(json);
    expect(recordDefinition.safeParse(RECORD).success).toBe(true);
  });

  test("names the key", () => {
    expect(messageOf("lenses.ner.spans.2.score", "high")).toMatch(
      /lenses\.ner\.spans\.2\.score is missing or not of type number/,
    );
    expect(messageOf("lenses.ner.spans.2.score", 7)).toMatch(/score is more than 1/);
    expect(messageOf("pipeline.xyz", 7)).toMatch(/pipeline holds a key that is not known: xyz/);
    expect(messageOf("segments.0.kind", "x")).toMatch(/segments\.0\.kind is not one of body, quote/);
  });

  test("refuses columns of differing length", () => {
    expect(messageOf("words.labels.pos", ["NNP"])).toMatch(/columns of words differ in length/);
    expect(messageOf("words.end", [])).toMatch(/columns of words differ in length/);
  });

  test("never shows content", () => {
    const canary = "Canary Wharf 4711";
    const changes: [string, unknown][] = [
      [canary, 1],
      [`lenses.${canary}`, RECORD.lenses.pos],
      [`lenses.ner.${canary}`, 1],
      ["schema", canary],
      ["text_digest", canary],
      ["lenses.ner.spans.0.score", canary],
      [`words.labels.${canary}`, [1]],
      ["segments.0.kind", canary],
    ];
    for (const [path, value] of changes) {
      const message = messageOf(path, value);
      expect(message).not.toBe("");
      expect(message).not.toMatch(/Canary|4711/);
    }
    expect(() => parseRecord(`{"text": "${canary}`)).toThrow(/^This is not JSON/);
    expect(() => parseRecord(canary)).not.toThrow(/Canary/);
  });
});

/** The record above as JSON with one value put at a path, or taken away where it is undefined. */
function changed(path: string, value: unknown): string {
  const record = structuredClone(RECORD);
  const keys = path.split(".");
  const last = keys.pop()!;
  const parent = keys.reduce<object>((object, key) => Reflect.get(object, key) as object, record);
  Reflect.set(parent, last, value);
  return JSON.stringify(record);
}

interface JsonSchema {
  $schema?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema | false;
  prefixItems?: JsonSchema[];
  additionalProperties?: JsonSchema | false;
}

/** Calls back for every field that the schema knows, with the values that it has. */
function visit(
  schema: JsonSchema,
  values: unknown[],
  path: string,
  field: (path: string, schema: JsonSchema, values: unknown[]) => void,
): void {
  const objects = values.filter((value) => typeof value === "object" && value !== null) as Record<
    string,
    unknown
  >[];
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    const found = objects.filter((object) => key in object).map((object) => object[key]);
    field(`${path}.${key}`, inner, found);
    visit(inner, found, `${path}.${key}`, field);
  }
  if (schema.items) visit(schema.items, objects.flatMap(Object.values), `${path}[]`, field);
  if (schema.additionalProperties)
    visit(schema.additionalProperties, objects.flatMap(Object.values), `${path}{}`, field);
}
