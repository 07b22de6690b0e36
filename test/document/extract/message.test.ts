import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fieldPath } from "../../../src/document/extract/json.js";
import { extractMessage, type MessageFormat } from "../../../src/document/extract/message.js";

const LIMIT = 10_000;
const json: MessageFormat = {
  kind: "json",
  fields: {
    id: fieldPath("ticket.id"),
    subject: fieldPath("ticket.subject"),
    body: fieldPath("/ticket/body"),
    language: fieldPath("lang"),
    time: fieldPath("at"),
  },
};
const read = (value: unknown, format = json) =>
  extractMessage(Buffer.from(JSON.stringify(value)), format, LIMIT);
const CANARY = "Zanzibar";

describe("a JSON message", () => {
  it("gives subject and body as segments of one text view, quotes as quotes", () => {
    const found = read({
      ticket: { id: 7, subject: "Printer on fire", body: "It burns.\n\n> Does it?" },
      lang: "en_GB",
      at: "2026-03-01T09:30:00+01:00",
    });
    expect(found).toMatchObject({ kind: "document", id: "7", language: "en-GB", time: 1_772_353_800_000 });
    const { view } = found as Extract<typeof found, { kind: "document" }>;
    expect(view.segments.map(({ kind, start, end }) => [kind, view.text.slice(start, end)])).toEqual([
      ["subject", "Printer on fire"],
      ["body", "It burns."],
      ["quote", "> Does it?"],
    ]);
  });

  it("needs one of its text fields, and is no worse for the lack of the others", () => {
    expect(read({ ticket: { subject: "a", body: null } })).toMatchObject({ kind: "document", id: undefined });
    expect(read({ ticket: { body: "" } })).toMatchObject({
      kind: "document",
      view: { text: "", segments: [] },
    });
    expect(read({ ticket: {} })).toMatchObject({ code: "DOCUMENT_FIELD_MISSING" });
  });

  it.each([
    ["DOCUMENT_NOT_JSON", CANARY],
    ["DOCUMENT_NOT_JSON", `{"ticket":{"body":"${CANARY}"}`],
    ["DOCUMENT_NOT_JSON", `["${CANARY}"]`],
    ["DOCUMENT_FIELD_MISSING", `{"ticket":{"body":["${CANARY}"]}}`],
    ["DOCUMENT_FIELD_MISSING", `{"ticket":{"body":"${CANARY}","id":["${CANARY}"]}}`],
    ["DOCUMENT_FIELD_MISSING", `{"ticket":{"body":"${CANARY}"},"at":"${CANARY}"}`],
    ["DOCUMENT_FIELD_MISSING", `{"ticket":{"body":"${CANARY}"},"at":"2026-03-01T09:30:00"}`],
    ["DOCUMENT_FIELD_MISSING", `{"ticket":{"body":"${CANARY}"},"lang":"${CANARY} it is"}`],
    ["DOCUMENT_TOO_LARGE", `{"ticket":{"body":"${CANARY.repeat(2_000)}"}}`],
    ["DOCUMENT_SCHEMA_UNSUPPORTED", `\0\0\0\0\x07\x10${CANARY}`],
  ])("that cannot be read is rejected as %s, without its text (%#)", (code, value) => {
    const found = extractMessage(Buffer.from(value), json, LIMIT);
    expect(found).toMatchObject({ kind: "rejected", code });
    expect(JSON.stringify(found)).not.toContain(CANARY);
  });

  it("is read out of the frame of a schema registry", () => {
    const value = { ticket: { body: "framed" } };
    const framed = Buffer.concat([Buffer.from([0, 0, 0, 1, 2]), Buffer.from(JSON.stringify(value))]);
    expect(extractMessage(framed, json, LIMIT)).toEqual(read(value));
  });

  it("gives times as milliseconds, whichever way they are written", () => {
    const time = (at: unknown) => (read({ ticket: { body: "x" }, at }) as { time?: number }).time;
    expect([time(1_772_353_800), time(1_772_353_800_000), time("2026-03-01 08:30:00Z"), time(null)]).toEqual([
      1_772_353_800_000,
      1_772_353_800_000,
      1_772_353_800_000,
      undefined,
    ]);
  });
});

describe("a message of plain text", () => {
  const text: MessageFormat = { kind: "text" };

  it("is its own text view", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (content) => {
        fc.pre(!content.startsWith("\0") && !content.startsWith("\ufeff"));
        expect(extractMessage(Buffer.from(content), text, LIMIT)).toMatchObject({
          kind: "document",
          view: { text: content },
        });
      }),
    );
  });

  it("must be UTF-8, and no framed value", () => {
    expect(extractMessage(Buffer.from([0x41, 0xff]), text, LIMIT)).toMatchObject({
      code: "DOCUMENT_NOT_UTF8",
    });
    expect(extractMessage(Buffer.from("\0\0\0\0\x01{}"), text, LIMIT)).toMatchObject({
      code: "DOCUMENT_SCHEMA_UNSUPPORTED",
    });
  });
});
