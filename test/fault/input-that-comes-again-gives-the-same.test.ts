/** Row 21 of the fault table: the same documents once more, and in another order. */
import { beforeAll, expect, it } from "vitest";
import { blocksOf, TELL_BLOCKS } from "../support/fault/blocks.js";
import { faultDocuments } from "../support/fault/documents.js";
import { header } from "../support/fault/history.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { steadyInput } from "../support/fault/steady.js";
import { sharedKafka, sharedRedis } from "../support/servers/shared.js";

let bootstrap: string;
let redis: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
  ({ url: redis } = await sharedRedis());
}, 180_000);

const TIMES = repetitions(4, 20);
const DOCUMENTS = 500;

it(
  `${DOCUMENTS} documents, ${TIMES} times, by workers new and old: the same answers, from the cache`,
  async () => {
    const run = await openScenario("input again", {
      bootstrap,
      settings: {
        ...{ "cache.kind": "both", "redis.url": redis, "redis.timeout": "5s" },
        "redis.prefix": `again-${process.pid}-${Date.now()}:`,
        "kafka.session-timeout": "15s",
      },
    });
    const { feed, done, cacheIsUsed } = steadyInput(run);
    const documents = faultDocuments(run.random, 100_000, 100_000 + DOCUMENTS, 3);
    let worker = run.start({ edits: [TELL_BLOCKS] });
    await cacheIsUsed(worker);
    const rates: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      if (time > 1 && time % 2 === 0) {
        // What it remembers itself is gone, what Redis has is not.
        await run.terminate(worker);
        worker = run.start({ edits: [TELL_BLOCKS] });
        await cacheIsUsed(worker);
      }
      const before = worker.log();
      await feed(time === 0 ? documents : run.random.shuffled(documents));
      await done();
      const { cached, computed, joined } = blocksOf(worker.log(), before);
      rates.push((cached + joined) / (cached + joined + computed));
    }
    expect(rates[0]).toBeLessThan(0.6);
    for (const rate of rates.slice(1)) expect(rate).toBe(1);
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.duplicates).toEqual({});

    const answers = new Map<string, Set<string>>();
    for (const copy of run.observer.copies) {
      if (copy.channel === "dead-letters") continue;
      const { document_id, revision, record_id, ...answer } = JSON.parse(String(copy.value));
      expect(header(copy, "spanmill.revision")).toBe(revision);
      expect(header(copy, "spanmill.record-id")).toBe(record_id);
      const name = `${copy.channel} ${document_id}`;
      answers.set(name, (answers.get(name) ?? new Set()).add(JSON.stringify(answer)));
    }
    expect(answers.size).toBeGreaterThan(DOCUMENTS);
    expect([...answers.values()].filter(({ size }) => size !== 1)).toEqual([]);
  },
  repetitions(180_000, 600_000),
);
