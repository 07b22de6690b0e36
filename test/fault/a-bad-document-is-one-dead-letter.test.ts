/**
 * Rows 5, 15 and 16 of the fault table. Whatever a document is, it does not end the worker: it has a record, or one dead
 * letter with its very bytes.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { type FaultDocument, recordDocument } from "../support/fault/documents.js";
import { header } from "../support/fault/history.js";
import type { Random } from "../support/fault/random.js";
import { openScenario } from "../support/fault/scenario.js";
import { sharedKafka } from "../support/servers/shared.js";
import { membersOf } from "../support/worker-processes.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const object = (text: unknown, id: unknown = "x") => JSON.stringify({ id, text });
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** What cannot be read, and the code that says why. */
const bad = (random: Random): Readonly<Record<string, readonly [value: string | Buffer, code: string]>> => ({
  "bad UTF-8": [
    Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]),
    "DOCUMENT_NOT_UTF8",
  ],
  "random bytes": [
    Buffer.from([0xfe, ...Array.from({ length: 2_000 }, () => random.between(0, 255))]),
    "DOCUMENT_NOT_UTF8",
  ],
  "half a document": ['{"id":"x","text":"Alice', "DOCUMENT_NOT_JSON"],
  "two documents": ['{"id":"x","text":"a"}{"id":"y","text":"b"}', "DOCUMENT_NOT_JSON"],
  "an empty value": ["", "DOCUMENT_NOT_JSON"],
  "white space": [" \n", "DOCUMENT_NOT_JSON"],
  "an array": ["[1,2]", "DOCUMENT_NOT_JSON"],
  "a string": ['"Alice"', "DOCUMENT_NOT_JSON"],
  "JSON null": ["null", "DOCUMENT_NOT_JSON"],
  "deep nesting": [nested(200_000), "DOCUMENT_NOT_JSON"],
  "a deep text": [`{"id":"x","text":${nested(100_000)}}`, "DOCUMENT_FIELD_MISSING"],
  "no text": ['{"id":"x"}', "DOCUMENT_FIELD_MISSING"],
  "a number for text": [object(5), "DOCUMENT_FIELD_MISSING"],
  "null for text": [object(null), "DOCUMENT_FIELD_MISSING"],
  "a list for text": [object(["Alice"]), "DOCUMENT_FIELD_MISSING"],
  "an object for id": [object("Alice", {}), "DOCUMENT_FIELD_MISSING"],
  "the prototype for text": ['{"__proto__":{"text":"Alice"}}', "DOCUMENT_FIELD_MISSING"],
});

/** Odd, but they can be read: the value, its id and its text. */
const ODD: Readonly<Record<string, readonly [value: string, id: string, text: string]>> = {
  "an empty text": odd("odd-empty", ""),
  "one token of a megabyte": odd("odd-token", "a".repeat(1_000_000)),
  "emoji of a hundred kilobytes": odd("odd-emoji", "👩‍👩‍👧‍👦".repeat(4_000)),
  "lone surrogates": [
    String.raw`{"id":"odd-surrogates","text":"Alice \ud800 and \udc00 Bob"}`,
    "odd-surrogates",
    "Alice \ud800 and \udc00 Bob",
  ],
  "keys twice": ['{"id":"first","id":"odd-twice","text":"Bob","text":"Alice"}', "odd-twice", "Alice"],
  "deep nesting beside the text": [
    `{"id":"odd-deep","text":"Alice","more":${nested(100_000)}}`,
    "odd-deep",
    "Alice",
  ],
  "control characters": odd("odd-control", "Alice\u0000\u0007 Berlin\u2028"),
};

function odd(id: string, text: string): readonly [string, string, string] {
  return [object(text, id), id, text];
}

describe("documents of all kinds in one topic", () => {
  it("are one dead letter each where they cannot be read, and do no harm to their neighbours", async () => {
    const settings = { threads: "2", "limit.dead-letter-share": "0.9" };
    const run = await openScenario("documents of all kinds", { bootstrap, settings });
    const placed = (key: string, n: number) => ({ key, partition: n % 3 });
    const unreadable = Object.entries(bad(run.random)).map(
      ([key, [value, code]], n): FaultDocument => ({
        ...placed(key, n),
        value,
        expected: { kind: "dead-letter", code },
      }),
    );
    const readable = Object.entries(ODD).map(
      ([key, [value, id, text]], n): FaultDocument => ({
        ...placed(key, n),
        value,
        expected: { kind: "record", id, text },
      }),
    );
    const gone: FaultDocument = { ...placed("gone", 1), value: null, expected: { kind: "tombstone" } };
    await run.feed(20);
    await run.feed(run.random.shuffled([...unreadable, gone]));
    await run.feed(20);
    const first = 40 + unreadable.length + 1;
    const worker = run.start();
    await run.outputs(first);
    const own = { bootstrap, group: run.group };
    const before = await membersOf(own);
    // One by one, for the large ones fill a request by themselves.
    for (const document of run.random.shuffled(readable)) await run.feed([document]);
    await run.feed(20);
    await run.outputs(first + readable.length + 20);
    // Who crashes inside and begins anew is another member.
    expect(await membersOf(own)).toEqual(before);
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.duplicates).toEqual({});
    expect(worker.ended()?.status).toBe(0);
  }, 120_000);
});

describe("what is too large for a topic", () => {
  it("goes out in parts, or as a stub, and its neighbours are not held back", async () => {
    const run = await openScenario("too large for a topic", { bootstrap, letterBytes: 20_000 });
    const place = (key: string) => ({ key, partition: run.random.between(0, 2) });
    const code = "DOCUMENT_NOT_JSON";
    const text = "Alice Berlin ".repeat(25_000);
    const huge: FaultDocument = {
      ...recordDocument(place("huge"), "t-huge", text),
      expected: { kind: "record", id: "t-huge", text, inParts: true },
    };
    const broken: FaultDocument = {
      ...place("broken"),
      value: `{${"x".repeat(500_000)}`,
      expected: { kind: "dead-letter", code, leftOut: "value" },
    };
    const heavy: FaultDocument = {
      ...place("heavy"),
      value: "{",
      headers: { load: "h".repeat(30_000) },
      expected: { kind: "dead-letter", code, leftOut: "value,headers" },
    };
    await run.feed(15);
    await run.feed(run.random.shuffled([huge, broken, heavy]));
    await run.feed(15);
    run.start();
    await run.outputs(33);
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.duplicates).toEqual({});
    for (const channel of ["documents", "entities"]) {
      const parts = run.observer.copies.filter(
        (copy) => copy.channel === channel && String(copy.key) === "huge",
      );
      expect(parts.length).toBeGreaterThan(1);
      const spans = parts.flatMap(({ value }) => JSON.parse(String(value)).lenses.ner.spans);
      expect(new Set(spans.map(({ start }) => start)).size).toBe(50_000);
    }
    const loads = run.observer.copies
      .map((copy) => header(copy, "load"))
      .filter((load) => load !== undefined);
    expect(loads).toEqual([]);
  }, 120_000);
});

describe("a document that takes longer than the session", () => {
  it("is waited for, in the group, with its neighbours done", async () => {
    // So few that the handler waits for it, beating.
    const settings = { threads: "2" };
    const run = await openScenario("longer than the session", { bootstrap, settings, inFlight: 4 });
    const slow = { key: "slow", partition: run.random.between(0, 2) };
    await run.feed(7);
    await run.feed([recordDocument(slow, "t-slow", "Alice wrote slowly from Berlin.")]);
    await run.feed(22);
    const began = performance.now();
    run.start({ preload: ["deadly-words.js"] });
    const joined = await joinedBy({ bootstrap, group: run.group });
    await run.outputs(30);
    // The session has six seconds, the document thirteen.
    expect(performance.now() - began).toBeGreaterThan(12_000);
    expect(await membersOf({ bootstrap, group: run.group })).toEqual(joined);
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.duplicates).toEqual({});
  }, 90_000);
});

/** The worker as the group first knew it. */
async function joinedBy(own: Parameters<typeof membersOf>[0]): Promise<string[]> {
  for (;;) {
    const members = await membersOf(own).catch(() => []);
    if (members.length > 0) return members;
  }
}
