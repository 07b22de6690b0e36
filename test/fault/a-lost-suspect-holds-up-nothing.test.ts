/** A document that waits to run alone when its partition goes to another member is left to that one; the rest goes on. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memorySink } from "../../src/adapters/memory/sink.js";
import type { Source } from "../../src/ports/source.js";
import { ownJudgement } from "../support/fault/own-judgement.js";
import { openMember, produce, quickSource } from "../support/kafka-members.js";
import { scriptedTagger } from "../support/scripted-tagger.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";
import { startWorker } from "../support/worker-parts.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

// Nothing here is left to chance, and the worker is none of the processes that a scenario starts.
beforeEach(() => void ownJudgement(expect.getState().currentTestName ?? ""));

const tickets = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    value: JSON.stringify({ id: `t-${from + i}`, text: `ticket ${from + i}` }),
    partition: (from + i) % 2,
  }));

/** As after a process that did not end cleanly. A source knows its deliveries by identity. */
function unsure(plain: Source, narrowed: boolean): Source {
  const run: Source["run"] = (intake) =>
    plain.run({
      ...intake,
      take: (delivery) => intake.take(Object.assign(delivery, { unsure: true, narrowed })),
    });
  return { ...plain, run };
}

describe("a worker that loses a partition while its documents wait to run", () => {
  it.each([
    ["alone", true],
    ["among few", false],
  ])(
    "%s, leaves them to the new owner, and goes on with what it keeps and what it gets",
    async (_, narrowed) => {
      const [topic, group] = [await freshTopic(bootstrap, 2), freshGroup()];
      await produce(bootstrap, topic, tickets(0, 40));
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      const tagger = scriptedTagger(() => opened);
      const sink = memorySink();
      const source = unsure(quickSource(bootstrap, topic, group, { drainTimeout: 300 }), narrowed);
      const worker = startWorker({ source, sink, tagger });
      await until("all in flight", () => worker.status().documents === 40 && tagger.requests.length >= 1);
      const other = openMember(bootstrap, topic, group);
      await until("its half", () => other.intake.held.length === 20);
      open();
      await until("the worker's half", () => worker.status().documents === 0, { withinMs: 20_000 });
      const lost = worker.events.filter(({ kind }) => kind === "lost");
      expect(lost.length).toBeGreaterThanOrEqual(narrowed ? 19 : 12);
      expect(lost.length + sink.messages.length).toBe(40);
      expect(sink.messages.every(({ channel }) => channel === "documents")).toBe(true);

      await other.leave();
      // Half of the first ones, which the other one held and did not finish, and all of the new ones.
      await produce(bootstrap, topic, tickets(40, 60));
      const ids = () => new Set(sink.messages.map(({ value }) => JSON.parse(String(value)).document_id));
      await until("all", () => ids().size === 60, { withinMs: 40_000 });
      worker.drain();
      expect(await worker.ended).toEqual({ reason: "drained", abandoned: 0 });
    },
    120_000,
  );
});
