/** A document that its thread or the whole process dies of goes to the dead letters; no other does, and none is lost. */
import { beforeAll, describe, expect, it } from "vitest";
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

/** Neighbours on all sides, some of them before it in its partition and some behind. */
async function withCulprit(word: string): Promise<{ own: Ground; all: Ticket[] }> {
  const own = await ground(bootstrap);
  const all = tickets(COUNT, (n) => (n === CULPRIT ? `Alice wrote ${word} from Berlin.` : undefined));
  await produce(bootstrap, own.input, all);
  return { own, all };
}

async function expectCulpritAside(own: Ground, all: readonly Ticket[]): Promise<void> {
  expect(await lettersIn(own)).toMatchObject([
    {
      key: `k${CULPRIT}`,
      value: Buffer.from(all[CULPRIT]!.value),
      code: "DOCUMENT_POISON",
      topic: own.input,
      place: `${CULPRIT % 3}/${Math.floor(CULPRIT / 3)}`,
    },
  ]);
  await expectRecordsOf(
    own,
    all.filter((_, n) => n !== CULPRIT),
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
  it("is set aside after three deaths: one among others, two alone", async () => {
    const { own, all } = await withCulprit("deadlyabort");
    const ends = await workThrough(own, COUNT);
    expect(ends).toEqual([134, 134, 134]);
    await expectCulpritAside(own, all);
  }, 150_000);
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
