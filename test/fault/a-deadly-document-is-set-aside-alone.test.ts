/** A document that its thread or the whole process dies of goes to the dead letters; no other does, and none is lost. */
import { beforeAll, describe, expect, it } from "vitest";
import { abortIn, EDITS } from "../support/fault/edits.js";
import { produce } from "../support/kafka-members.js";
import { sharedKafka } from "../support/servers/shared.js";
import { until } from "../support/servers/until.js";
import {
  allDone,
  drained,
  expectRecordsOf,
  type Ground,
  ground,
  work,
  workThrough,
} from "../support/watched-processes.js";
import { lettersIn, positions, recordsIn, type Ticket, tickets } from "../support/worker-processes.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const COUNT = 90;
const CULPRIT = 40;

/** Neighbours on all sides, some of them before it in its partition and some behind; or none. */
async function withCulprit(
  word: string,
  { count, culprit } = { count: COUNT, culprit: CULPRIT },
): Promise<{ own: Ground; all: Ticket[] }> {
  const own = await ground(bootstrap);
  const all = tickets(count, (n) => (n === culprit ? `Alice wrote ${word} from Berlin.` : undefined));
  await produce(bootstrap, own.input, all);
  return { own, all };
}

async function expectCulpritAside(own: Ground, all: readonly Ticket[], culprit = CULPRIT): Promise<void> {
  expect(await lettersIn(own)).toMatchObject([
    {
      key: `k${culprit}`,
      value: Buffer.from(all[culprit]!.value),
      code: "DOCUMENT_POISON",
      topic: own.input,
      place: `${culprit % 3}/${Math.floor(culprit / 3)}`,
    },
  ]);
  await expectRecordsOf(
    own,
    all.filter((_, n) => n !== culprit),
  );
}

describe("a document that kills its thread", () => {
  it.each([
    ["by ending it", "deadlyexit", {}],
    ["out of its memory", "deadlyheap", { HEAP_MB: "48" }],
  ])(
    "%s is set aside, and the process lives on",
    async (_, word, env: Record<string, string>) => {
      const { own, all } = await withCulprit(word);
      const worker = work(own, env);
      await allDone(own, worker, COUNT);
      await drained(worker);
      await expectCulpritAside(own, all);
    },
    90_000,
  );
});

describe("a document that kills the process", () => {
  it("is set aside after four deaths: one among all, one among few, two alone", async () => {
    const { own, all } = await withCulprit("deadlyabort");
    const ends = await workThrough(own, COUNT);
    expect(ends).toEqual([134, 134, 134, 134]);
    await expectCulpritAside(own, all);
  }, 150_000);

  const reading = abortIn(
    "src/document/extract/message.js",
    "export function extractMessage(value, format, limit) {",
    'value.includes("deadlymain")',
  );
  const building = abortIn(
    "src/document/build-record.js",
    "export function buildRecord(document, tagged, settings) {",
    'document.text.includes("deadlymain")',
  );
  it.each([
    ["as it is read, among others", reading, { count: COUNT, culprit: CULPRIT, deaths: 4 }],
    // With nobody who runs alone after it, nothing but the end of its own run takes it off record.
    ["as its record is built, with nobody beside it", building, { count: 1, culprit: 0, deaths: 3 }],
  ])(
    "on the main thread, %s, is set aside no later",
    async (_, edit, { deaths, ...place }) => {
      const { own, all } = await withCulprit("deadlymain", place);
      const ends = await workThrough(own, place.count, { [EDITS]: JSON.stringify([edit]) });
      expect(ends).toEqual(Array(deaths).fill(134));
      await expectCulpritAside(own, all, place.culprit);
    },
    150_000,
  );
});

describe("a document that hangs its thread", () => {
  it("ends the process past the deadline, is found out, and the rest goes on", async () => {
    const { own, all } = await withCulprit("deadlyhang");
    const ends = await workThrough(own, COUNT, {}, "--limit-task-deadline", "1s");
    expect(ends.length).toBeGreaterThanOrEqual(2);
    expect(ends.length).toBeLessThanOrEqual(3);
    // Where the thread could not be waited for, the end was forced.
    for (const status of ends) expect([13, 137]).toContain(status);
    await expectCulpritAside(own, all);
  }, 150_000);
});

describe("a process that is killed from outside", () => {
  it("again and again sets nothing aside", async () => {
    const own = await ground(bootstrap);
    const all = tickets(600);
    await produce(bootstrap, own.input, all);
    for (let kill = 1; kill <= 3; kill++) {
      const before = (await recordsIn(own, "documents")).length;
      const worker = work(own);
      // In the midst of what the one before had in its hands.
      const some = async () => (await recordsIn(own, "documents")).length > before;
      await until("some records", some, { withinMs: 40_000, everyMs: 10 });
      await own.run.kill(worker.worker);
    }
    expect((await positions(own)).reduce((a, b) => a + b)).toBeLessThan(600);
    const last = work(own);
    await allDone(own, last, 600);
    await drained(last);
    expect(await lettersIn(own)).toEqual([]);
    await expectRecordsOf(own, all);
  }, 150_000);
});
