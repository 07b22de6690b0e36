/** A document that waits to run alone when its partition goes to another member is left to that one; the rest goes on. */
import { beforeAll, describe, expect, it } from "vitest";
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

const tickets = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({
    value: JSON.stringify({ id: `t-${from + i}`, text: `ticket ${from + i}` }),
    partition: (from + i) % 2,
  }));

/** As after a process that did not end cleanly. A source knows its deliveries by identity. */
function unsure(plain: Source): Source {
  const run: Source["run"] = (intake) =>
    plain.run({ ...intake, take: (delivery) => intake.take(Object.assign(delivery, { unsure: true })) });
  return { ...plain, run };
}

describe("a worker that loses a partition while its documents wait to run alone", () => {
  it("leaves them to the new owner, and goes on with what it keeps and what it gets", async () => {
    // An even number, half of them in each partition.
    const first = 2 * ownJudgement("a lost suspect").between(15, 30);
    const [topic, group] = [await freshTopic(bootstrap, 2), freshGroup()];
    await produce(bootstrap, topic, tickets(0, first));
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const tagger = scriptedTagger(() => opened);
    const sink = memorySink();
    const source = unsure(quickSource(bootstrap, topic, group, { drainTimeout: 300 }));
    const worker = startWorker({ source, sink, tagger });
    await until("all in flight", () => worker.status().documents === first && tagger.requests.length === 1);
    const other = openMember(bootstrap, topic, group);
    await until("its half", () => other.intake.held.length === first / 2);
    open();
    await until("the worker's half", () => worker.status().documents === 0, { withinMs: 20_000 });
    const lost = worker.events.filter(({ kind }) => kind === "lost");
    expect(lost.length).toBeGreaterThanOrEqual(first / 2 - 1);
    expect(lost.length + sink.messages.length).toBe(first);
    expect(sink.messages.every(({ channel }) => channel === "documents")).toBe(true);

    await other.leave();
    // Half of the first ones, which the other one held and did not finish, and all of the new ones.
    await produce(bootstrap, topic, tickets(first, first + 20));
    const ids = () => new Set(sink.messages.map(({ value }) => JSON.parse(String(value)).document_id));
    await until("all", () => ids().size === first + 20, { withinMs: 40_000 });
    worker.drain();
    expect(await worker.ended).toEqual({ reason: "drained", abandoned: 0 });
  }, 120_000);
});
