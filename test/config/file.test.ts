import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfigFile } from "../../src/config/file.js";
import type { OptionDeclaration } from "../../src/config/option.js";
import { OPTIONS } from "../../src/config/options.js";
import { integer, one, path } from "../../src/config/values.js";

function read(source: string, options: readonly OptionDeclaration[] = OPTIONS) {
  const { settings, problems } = readConfigFile("c.yaml", source, options);
  return { given: Object.fromEntries(settings), problems: problems.map(({ message }) => message) };
}

describe("readConfigFile", () => {
  it("takes scalars, lists and mappings as the texts that flags would have", () => {
    const { given, problems } = read(
      'threads: 2\nmin-score: 0.50\nmodel: [a, "pos=b"]\ntext: {"*": none, PER: hmac}\nmap: {MISC: , GPE: LOC}\nquiet: true',
    );
    expect(problems).toEqual([]);
    expect(given).toEqual({
      threads: [{ text: "2", where: "c.yaml:1:10: threads" }],
      "min-score": [{ text: "0.50", where: "c.yaml:2:12: min-score" }],
      model: [
        { text: "a", where: "c.yaml:3:9: model" },
        { text: "pos=b", where: "c.yaml:3:12: model" },
      ],
      text: [
        { text: "*=none", where: "c.yaml:4:8: text" },
        { text: "PER=hmac", where: "c.yaml:4:19: text" },
      ],
      map: [
        { text: "MISC=", where: "c.yaml:5:7: map" },
        { text: "GPE=LOC", where: "c.yaml:5:15: map" },
      ],
      quiet: [{ text: "true", where: "c.yaml:6:8: quiet" }],
    });
  });

  it("reads JSON and follows anchors", () => {
    expect(read('{"threads": 3, "labels": ["PER", "LOC"]}').problems).toEqual([]);
    expect(read("gold: &a x.conll\npred: *a").given.pred).toEqual([
      { text: "x.conll", where: "c.yaml:2:7: pred" },
    ]);
  });

  it.each(["", "# only a comment\n", "---\n", "null"])("has nothing to say about %j", (source) =>
    expect(read(source)).toEqual({ given: {}, problems: [] }),
  );

  it("gives every problem with its place and a near key", () => {
    expect(
      read("modle: a\nthreads: [1]\nfield: {a: b}\nid:\nmodel:\n  - [x]\nconfig: y\nzebra: 1").problems,
    ).toEqual([
      'c.yaml:1:1: unknown key "modle"; did you mean model?',
      "c.yaml:2:10: threads: takes one value, not a list",
      "c.yaml:3:8: field: takes a value, not a mapping",
      "c.yaml:4:1: id: has no value; give one or leave the key out",
      "c.yaml:6:5: model: only plain values can stand here",
      "c.yaml:7:1: config cannot be set in the configuration file",
      'c.yaml:8:1: unknown key "zebra"; the keys are the long names of the options',
    ]);
  });

  it.each([
    ["threads: 1\nthreads: 2", "c.yaml:2:1: this key stands in the file twice"],
    ["a: [1", "c.yaml:1:6: the indentation does not fit the lines above, or a bracket is not closed"],
    ['a: "x', "c.yaml:1:6: a quote mark, bracket, comma or colon is missing"],
    ["a:\n\tb: 1", "c.yaml:2:1: a tab cannot indent; use blanks"],
    ["threads: 1\n---\nthreads: 2", "c.yaml:2:1: a second document begins; one file holds one configuration"],
    ["- a\n- b", "c.yaml:1:1: expected option keys with values, such as `threads: 2`"],
    ["? [a]\n: b", "c.yaml:1:3: a key must be plain text"],
  ])("explains what is wrong with %j", (source, message) => expect(read(source).problems).toContain(message));

  it("finds nested keys under their parents", () => {
    const nested: readonly OptionDeclaration[] = [
      { key: "kafka.brokers", value: one(path("HOST")), group: "Input", commands: ["annotate"], doc: "" },
      {
        key: "kafka.fetch.wait",
        value: one(integer("N", { min: 0, max: 9 })),
        group: "Input",
        commands: [],
        doc: "",
      },
    ];
    const { given, problems } = read("kafka:\n  brokers: a\n  fetch: {wait: 3, wiat: 4}\n  topic: t", nested);
    expect(given["kafka.brokers"]).toEqual([{ text: "a", where: "c.yaml:2:12: kafka.brokers" }]);
    expect(given["kafka.fetch.wait"]).toEqual([{ text: "3", where: "c.yaml:3:17: kafka.fetch.wait" }]);
    expect(problems).toEqual([
      'c.yaml:3:20: unknown key "kafka.fetch.wiat"; did you mean kafka.fetch.wait?',
      'c.yaml:4:3: unknown key "kafka.topic"; the keys are the long names of the options',
    ]);
  });

  it("repeats no text of a document that is named by mistake", () => {
    const documents = [
      "Dear Zanzibar,\nmy order: is late, see Zanzibar",
      '{"id": 1, "Zanzibar is late": "x"}\n{"Zanzibar"',
      "Hello: [Zanzibar\nsecret: Zanzibar: Zanzibar",
      "!Zanzibar {a: 'Zanzibar",
      "my Zanzibar order: 17",
      "&Zanzibar x: *Zanzibor",
    ];
    for (const source of documents) {
      const { problems } = read(source);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.join("\n")).not.toMatch(/zanzib/i);
    }
  });

  it("never throws", () => {
    const piece = fc.constantFrom(
      "model",
      "text",
      ":",
      " ",
      "\n",
      "- ",
      "{",
      "}",
      "[",
      "]",
      "&a ",
      "*a",
      "? ",
      '"',
      "'",
      "|",
      "#",
      "\t",
      "1",
      "!x ",
      "<<",
      ",",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => void read(pieces.join(""))),
      { numRuns: 500 },
    );
  });
});
