import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildRecord } from "../../src/document/build-record.js";
import { CHANNEL_SCHEMAS, channelJsonSchema } from "../../src/document/channel-records.js";
import { envelopeOf } from "../../src/document/envelope.js";
import type { LabelChoices } from "../../src/document/labels.js";
import { messagesOf, type OutputSettings, sizeOf } from "../../src/document/messages.js";
import { recordSettings } from "../../src/document/pipeline.js";
import { prepareView } from "../../src/document/prepare.js";
import { type DocumentRecord, recordJsonSchema } from "../../src/document/record.js";
import { surfaceWriter } from "../../src/document/surface.js";
import { viewOf } from "../../src/document/view.js";
import { answerTo, scriptedTagger } from "../support/scripted-tagger.js";
import { message } from "../support/worker-parts.js";

const source = message(12, "", { partition: 3, key: Buffer.from("k") });
const envelope = envelopeOf(source, { id: "doc", time: 1_772_353_800_000 });
const CHANNELS = ["documents", "entities", "pos", "chunks"] as const;
const ALL: OutputSettings = { channels: CHANNELS, layout: "document", words: true, source: "/s" };

function recordOf(body: string, labels?: LabelChoices): DocumentRecord {
  const settings = recordSettings(scriptedTagger(), {
    offsetUnit: "code_point",
    minScore: 0,
    ...(labels === undefined ? {} : { labels }),
    words: true,
    surface: surfaceWriter({ wholeText: true }),
    decode: "constrained",
    version: "1",
  });
  const view = viewOf([
    { kind: "subject", text: "About Ada" },
    { kind: "body", text: body },
  ]);
  const document = prepareView({ id: "doc", revision: envelope.revision }, view, { language: "en" });
  return buildRecord(document, document.inputs.map(answerTo), settings);
}

const valuesOf = (record: DocumentRecord, settings = ALL, limit?: number) =>
  messagesOf(record, envelope, settings, () => limit).messages.map((one) => ({
    ...one,
    json: JSON.parse(String(one.value)),
  }));

const schemas = new Map<string, object>([
  ["spanmill.record/1", recordJsonSchema()],
  ...CHANNEL_SCHEMAS.map((name) => [`spanmill.${name}/1`, channelJsonSchema(name)] as const),
]);
const ajv = new Ajv2020({ allErrors: true });
const validators = new Map([...schemas].map(([name, schema]) => [name, ajv.compile(schema)]));

function expectValid(json: { schema: string }): void {
  const validate = validators.get(json.schema)!;
  validate(json);
  expect(validate.errors ?? []).toEqual([]);
}

describe("the schemas of channels", () => {
  it.each(CHANNEL_SCHEMAS)(
    "%s: committed in schema/ is the one generated; `npx vitest run -u` writes it anew",
    async (name) => {
      await expect(`${JSON.stringify(channelJsonSchema(name), null, 2)}\n`).toMatchFileSnapshot(
        join(process.cwd(), `schema/${name}.schema.json`),
      );
    },
  );
});

describe("the messages of a record", () => {
  it("are one a channel, each with the lenses that belong there", () => {
    const messages = valuesOf(recordOf("Ada met Bob"));
    expect(
      messages.map(({ channel, json }) => [
        channel,
        json.schema,
        Object.keys(json.lenses ?? json.words.labels),
      ]),
    ).toEqual([
      ["documents", "spanmill.record/1", ["ner", "pos"]],
      ["entities", "spanmill.spans/1", ["ner"]],
      ["pos", "spanmill.words/1", ["pos"]],
      ["chunks", "spanmill.spans/1", []],
    ]);
    for (const { json, key } of messages) {
      expectValid(json);
      expect(String(key)).toBe("k");
    }
    expect(new Set(messages.map(({ json }) => json.record_id)).size).toBe(4);
  });

  it("are one a row in the layout of rows, all columns there", () => {
    const messages = valuesOf(recordOf("Ada met Bob"), { ...ALL, layout: "rows" });
    expect(messages.map(({ channel }) => channel)).toEqual([
      "documents",
      ...Array(3).fill("entities"),
      ...Array(5).fill("pos"),
    ]);
    for (const { json } of messages) expectValid(json);
    expect(messages[2]!.json).toMatchObject({
      lens: "ner",
      label: "PER",
      text: "Ada",
      text_masked: null,
      start: 11,
    });
    expect(messages.slice(4).map(({ json }) => [json.index, json.sentence, json.label])).toEqual([
      [0, 0, "LONG"],
      [1, 0, "LONG"],
      [2, 1, "LONG"],
      [3, 1, "LONG"],
      [4, 1, "LONG"],
    ]);
    expect(new Set(messages.map(({ json }) => json.record_id)).size).toBe(messages.length);
  });

  it("are CloudEvents in binary mode that carry the trace on", () => {
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const traced = envelopeOf(
      {
        ...source,
        headers: [
          ["traceparent", Buffer.from(trace)],
          ["x", Buffer.from("secret")],
        ],
      },
      { id: "doc", time: 1_772_353_800_000 },
    );
    const record = recordOf("Ada");
    const [first] = messagesOf(record, traced, { ...ALL, channels: ["documents"] }, () => undefined).messages;
    expect(Object.fromEntries(first!.headers)).toEqual({
      ce_specversion: "1.0",
      ce_id: record.record_id,
      ce_source: "/s",
      ce_type: "spanmill.documents.v1",
      ce_subject: "doc",
      ce_time: "2026-03-01T08:30:00.000Z",
      ce_dataschema: "urn:spanmill:record:1",
      "content-type": "application/json",
      traceparent: trace,
      "spanmill.record-id": record.record_id,
      "spanmill.revision": "001700000000012-0000000003-0000000000000000012",
    });
  });

  it("are the same bytes each time", () => {
    const once = valuesOf(recordOf("Ada met Bob")).map(({ value }) => String(value));
    expect(valuesOf(recordOf("Ada met Bob")).map(({ value }) => String(value))).toEqual(once);
  });

  it("too large for their channel lose their words first, then go out in parts that make the whole", () => {
    const word = fc.constantFrom("Ada", "met", "Bob\n\n", "😀é", "\u0001", "> Eve\n");
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 60, maxLength: 200 }),
        fc.integer({ min: 2_500, max: 9_000 }),
        (list, limit) => {
          const record = recordOf(list.join(" "));
          const messages = valuesOf(record, ALL, limit);
          for (const one of messages) {
            expect(sizeOf(one)).toBeLessThanOrEqual(limit);
            expectValid(one.json);
          }
          expect(new Set(messages.map(({ json }) => json.record_id)).size).toBe(messages.length);
          const of = (channel: string) =>
            messages.filter((one) => one.channel === channel).map(({ json }) => json);
          const documents = of("documents");
          const joined = <Item>(parts: readonly unknown[], pick: (part: DocumentRecord) => Item[]) =>
            (parts as DocumentRecord[]).flatMap(pick);
          expect((documents as DocumentRecord[]).map(({ text }) => text).join("")).toBe(record.text);
          expect(joined(documents, ({ segments }) => segments)).toEqual(record.segments);
          expect(joined(documents, ({ coverage }) => coverage.ranges)).toEqual(record.coverage.ranges);
          expect(joined(documents, ({ lenses }) => lenses.ner!.spans)).toEqual(record.lenses.ner!.spans);
          expect(joined(of("entities"), ({ lenses }) => lenses.ner!.spans)).toEqual(record.lenses.ner!.spans);
          for (const column of ["start", "end", "sentences"] as const) {
            expect(joined(of("pos"), ({ words }) => words![column])).toEqual(record.words![column]);
          }
          expect(joined(of("pos"), ({ words }) => words!.labels.pos!)).toEqual(record.words!.labels.pos);
          const numbers = documents.map(({ part, parts }) => [part, parts]);
          expect(numbers).toEqual(
            numbers.length === 1 ? [[undefined, undefined]] : numbers.map((_, i) => [i + 1, numbers.length]),
          );
          if (documents[0].words === undefined) {
            expect(documents[0].warnings).toContainEqual({ code: "WORDS_DROPPED", count: 1 });
          }
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it("of which not even a part fits are refused", () => {
    expect(() => valuesOf(recordOf("Ada"), ALL, 500)).toThrow(
      expect.objectContaining({ code: "SINK_TOO_LARGE" }),
    );
  });
});

describe("labels", () => {
  it("can be chosen, renamed and given a least score, and words bear the new names", () => {
    const body = "Ada met Bartholomew";
    const per = (labels: LabelChoices) => recordOf(body, labels).lenses.ner!;
    expect(per({ ner: { rename: { PER: "PERSON" } } }).spans.map(({ label }) => label)).toEqual(
      Array(3).fill("PERSON"),
    );
    expect(per({ ner: { only: ["ORG"] } }).spans).toEqual([]);
    const sure = per({ ner: { minScores: { PER: 1 } } });
    expect(sure.min_scores).toEqual({ PER: 1 });
    expect(sure.spans.map(({ text }) => text)).toEqual(["Bartholomew"]);
    const words = recordOf(body, { ner: { rename: { PER: "PERSON" } } }).words!;
    expect(new Set(words.labels.ner)).toEqual(new Set(["O", "B-PERSON", "I-PERSON"]));
  });

  it("make another pipeline", () => {
    const digest = (labels?: LabelChoices) => recordOf("Ada", labels).pipeline.digest;
    expect(digest({ ner: { only: ["PER"] } })).not.toBe(digest());
  });
});

describe("the name of a document", () => {
  it("is its own id, else its key, else its place", () => {
    const id = (more: object, said?: string) => envelopeOf({ ...source, ...more }, { id: said }).documentId;
    expect(id({}, "own")).toBe("own");
    expect(id({})).toBe("k");
    expect(id({ key: Buffer.from([0xff]) })).toBe("hex:ff");
    expect(id({ key: undefined })).toBe("tickets/3/12");
  });
});
