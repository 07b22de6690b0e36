import { describe, expect, it } from "vitest";
import { extractJson, fieldPath } from "../../../src/document/extract/json.js";

const fields = { text: fieldPath("text"), id: fieldPath("id") };

describe("a field path", () => {
  it("is dotted, or a JSON pointer", () => {
    expect(fieldPath("ticket.body")).toEqual(["ticket", "body"]);
    expect(fieldPath("/ticket/a~1b/c~0d")).toEqual(["ticket", "a/b", "c~d"]);
  });
});

describe("a line of JSON", () => {
  it("gives its text and id, however deep", () => {
    const line = '{"key": 7, "ticket": {"body": "Hello"}}';
    const nested = { text: fieldPath("ticket.body"), id: fieldPath("/key") };
    expect(extractJson(line, nested)).toEqual({ kind: "document", id: "7", text: "Hello" });
  });

  it("that is not JSON is rejected with the place, which the parser gives, and nothing that the line holds", () => {
    expect(extractJson('{"text": "a",}', fields)).toMatchObject({
      code: "DOCUMENT_NOT_JSON",
      reason: expect.stringMatching(/from character 13 on$/),
    });
    for (const line of [
      "position 12345678901",
      '"in JSON at position 12345678901',
      "x in JSON at position 12345678901",
    ]) {
      const { reason } = extractJson(line, fields) as { reason: string };
      expect(reason).not.toContain("12345678901");
    }
  });
});
