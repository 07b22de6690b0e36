/** Whatever a document is, it does not end the worker: it has a record, or one dead letter with its very bytes. */
import { randomBytes } from "node:crypto";
import type { Message } from "kafkajs";
import { beforeAll, describe, expect, it } from "vitest";
import { produce } from "../support/kafka-members.js";
import { sharedKafka } from "../support/servers/shared.js";
import {
  allDone,
  drained,
  expectRecordsOf,
  ground,
  lettersIn,
  membersOf,
  recordsIn,
  tickets,
  work,
} from "../support/worker-processes.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const object = (text: unknown, id: unknown = "x") => JSON.stringify({ id, text });
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** What cannot be read, and the code that says why. */
const BAD: Readonly<Record<string, readonly [value: string | Buffer, code: string]>> = {
  "bad UTF-8": [
    Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]),
    "DOCUMENT_NOT_UTF8",
  ],
  "random bytes": [Buffer.concat([Buffer.from([0xfe]), randomBytes(2_000)]), "DOCUMENT_NOT_UTF8"],
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
};

/** Odd, but they can be read. */
const ODD: Readonly<Record<string, string>> = {
  "an empty text": object("", "odd-empty"),
  "one token of a megabyte": object("a".repeat(1_000_000), "odd-token"),
  "emoji of a hundred kilobytes": object("👩‍👩‍👧‍👦".repeat(4_000), "odd-emoji"),
  "lone surrogates": String.raw`{"id":"odd-surrogates","text":"Alice \ud800 and \udc00 Bob"}`,
  "keys twice": '{"id":"first","id":"odd-twice","text":"Bob","text":"Alice"}',
  "deep nesting beside the text": `{"id":"odd-deep","text":"Alice","more":${nested(100_000)}}`,
  "control characters": object("Alice\u0000\u0007 Berlin\u2028", "odd-control"),
};

describe("documents of all kinds in one topic", () => {
  it("are one dead letter each where they cannot be read, and do no harm to their neighbours", async () => {
    const own = await ground(bootstrap);
    const good = tickets(60);
    const bad = Object.entries(BAD).map(([key, [value]], n) => ({ key, value, partition: n % 3 }));
    const odd = Object.entries(ODD).map(([key, value], n) => ({ key, value, partition: n % 3 }));
    const gone = { key: "gone", value: null, partition: 1 };
    const all: Message[] = [
      ...good.slice(0, 20),
      ...bad,
      gone,
      ...good.slice(20, 40),
      ...odd,
      ...good.slice(40),
    ];
    await produce(bootstrap, own.input, all.slice(0, 50));
    const worker = work(own, {}, "--limit-dead-letter-share", "0.9");
    await allDone(own, worker, 50);
    const before = await membersOf(own);
    // One by one, for the large ones fill a request by themselves.
    for (const message of all.slice(50)) await produce(bootstrap, own.input, [message]);
    await allDone(own, worker, all.length);
    // Who crashes inside and begins anew is another member.
    expect(await membersOf(own)).toEqual(before);
    await drained(worker);

    const letters = await lettersIn(own);
    const places = placesOf(all);
    expect(letters.map(({ key }) => key).toSorted()).toEqual(Object.keys(BAD).toSorted());
    for (const { key, ...letter } of letters) {
      const [value, code] = BAD[key!]!;
      expect({ key, ...letter }).toMatchObject({
        code,
        topic: own.input,
        place: places.get(key!),
        bytes: Buffer.from(value).length,
        leftOut: undefined,
      });
      expect(letter.value?.equals(Buffer.from(value)), key).toBe(true);
    }
    const isTombstone = ({ value }: { value: Buffer | null }) => value === null;
    const documents = await recordsIn(own, "documents");
    expect(documents.filter(isTombstone).map(({ key }) => String(key))).toEqual(["gone"]);
    await expectRecordsOf(own, [...good, ...odd]);
  }, 120_000);
});

function placesOf(messages: readonly Message[]): Map<string, string> {
  const next = [0, 0, 0];
  return new Map(
    messages.map(({ key, partition = 0 }) => [String(key), `${partition}/${next[partition]!++}`]),
  );
}

describe("what is too large for a topic", () => {
  it("goes out in parts, or as a stub, and its neighbours are not held back", async () => {
    const own = await ground(bootstrap, { letters: { config: { "max.message.bytes": "20000" } } });
    const good = tickets(30);
    const huge = { key: "huge", value: object("Alice Berlin ".repeat(25_000), "t-huge"), partition: 0 };
    const broken = { key: "broken", value: `{${"x".repeat(500_000)}`, partition: 0 };
    const heavy = {
      key: "heavy",
      value: "{",
      headers: { load: "h".repeat(30_000) },
      partition: 0,
    };
    await produce(bootstrap, own.input, [...good.slice(0, 15), huge, broken, heavy, ...good.slice(15)]);
    const worker = work(own);
    await allDone(own, worker, 33);
    await drained(worker);

    for (const topic of ["documents", "entities"] as const) {
      const parts = (await recordsIn(own, topic)).flatMap(({ key, value }) =>
        String(key) === "huge" ? [JSON.parse(String(value))] : [],
      );
      const spans = parts.flatMap(({ lenses }) => lenses.ner.spans);
      expect(parts.length).toBeGreaterThan(1);
      expect(spans.length).toBe(50_000);
      const starts = new Set(spans.map(({ start }: { start: number }) => start));
      expect(starts.size).toBe(50_000);
    }
    const letters = await lettersIn(own);
    expect(letters.map(({ key, leftOut, bytes }) => [key, leftOut, bytes]).toSorted()).toEqual([
      ["broken", "value", 500_001],
      ["heavy", "value,headers", 1],
    ]);
    expect(letters.find(({ key }) => key === "broken")?.value?.toString()).toBe(`{${"x".repeat(1_023)}`);
    await expectOthers(own, good);
  }, 120_000);
});

/** The parts aside. */
async function expectOthers(
  own: Awaited<ReturnType<typeof ground>>,
  good: readonly Message[],
): Promise<void> {
  for (const topic of ["documents", "entities"] as const) {
    const keys = (await recordsIn(own, topic)).map(({ key }) => String(key)).filter((key) => key !== "huge");
    expect(keys.toSorted()).toEqual(good.map(({ key }) => String(key)).toSorted());
  }
}

describe("a document that takes longer than the session", () => {
  it("is waited for, in the group, with its neighbours done", async () => {
    const own = await ground(bootstrap);
    const all = tickets(30, (n) => (n === 7 ? "Alice wrote slowly from Berlin." : undefined));
    await produce(bootstrap, own.input, all);
    // So few that the handler waits for it, beating.
    const worker = work(own, {}, "--limit-documents", "4");
    const began = performance.now();
    const joined = await joinedBy(own);
    await allDone(own, worker, 30);
    // The session has three seconds, the document seven.
    expect(performance.now() - began).toBeGreaterThan(5_000);
    expect(await membersOf(own)).toEqual(joined);
    await drained(worker);
    expect((await recordsIn(own, "documents")).length).toBe(30);
    expect(await lettersIn(own)).toEqual([]);
    await expectRecordsOf(own, all);
  }, 90_000);
});

/** The worker as the group first knew it. */
async function joinedBy(own: Awaited<ReturnType<typeof ground>>): Promise<string[]> {
  for (;;) {
    const members = await membersOf(own).catch(() => []);
    if (members.length > 0) return members;
  }
}
