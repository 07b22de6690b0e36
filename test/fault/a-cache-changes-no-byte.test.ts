/** I7, whole workers: with no cache, with one in the process, with Redis, with both, the same records byte for byte. */
import { beforeAll, describe, expect, it } from "vitest";
import { blocksOf, TELL_BLOCKS } from "../support/fault/blocks.js";
import { readCommitted } from "../support/fault/committed.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { sharedKafka, sharedRedis } from "../support/servers/shared.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";

let bootstrap: string;
let redis: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
  ({ url: redis } = await sharedRedis());
}, 180_000);

const DOCUMENTS = repetitions(1_500, 20_000);
const CHANNELS = ["documents", "entities", "dead-letters"] as const;

describe("a cache", () => {
  it.each(["memory", "redis", "both"])(
    "%s, cold and warm: the records are those of a worker without any",
    async (kind) => {
      const prefix = `bytes-${process.pid}-${Date.now()}:`;
      const run = await openScenario(`cache ${kind}`, {
        bootstrap,
        settings: {
          ...{ "cache.kind": "none", "redis.url": redis, "redis.prefix": prefix, "redis.timeout": "5s" },
          "kafka.session-timeout": "15s",
        },
      });
      run.start();
      await run.feed(DOCUMENTS);
      await run.outputs(DOCUMENTS);

      /** What another group makes of the same input, by other topics. */
      const other = async () => {
        const group = freshGroup();
        const [documents, entities, deadLetters] = await Promise.all(
          [2, 2, 1].map((partitions) => freshTopic(bootstrap, partitions)),
        );
        const settings = {
          ...{ "kafka.group": group, "cache.kind": kind },
          ...{ "channel.documents": documents!, "channel.entities": entities! },
          "channel.dead-letters": deadLetters!,
        };
        const worker = run.start({ settings, edits: [TELL_BLOCKS] });
        await until(
          "all committed",
          async () => {
            const committed = await readCommitted(bootstrap, group, run.input, 3);
            return [...committed.values()].reduce((sum, offset) => sum + offset, 0n) === BigInt(DOCUMENTS);
          },
          { withinMs: 60_000 },
        );
        await run.terminate(worker);
        const [mine, bare] = await Promise.all([
          linesOf(bootstrap, [documents!, entities!, deadLetters!]),
          linesOf(
            bootstrap,
            CHANNELS.map((channel) => run.topics[channel]),
          ),
        ]);
        expect(mine).toHaveLength(bare.length);
        expect(mine.filter((line, i) => line !== bare[i]).length).toBe(0);
        return blocksOf(worker.log());
      };
      const cold = await other();
      expect(cold.cached).toBeGreaterThan(0);
      const warm = await other();
      if (kind !== "memory") expect(warm.computed).toBeLessThan(cold.computed / 2);
      expect((await run.finish()).violations).toEqual([]);
    },
    repetitions(180_000, 600_000),
  );
});

/** When a document failed, which differs whatever the cache. */
const TIMES: ReadonlySet<string> = new Set(["spanmill.failed-at", "spanmill.first-failure-at"]);

/** Records of each topic, whole but for their offsets and times; sorted. */
async function linesOf(bootstrap: string, topics: readonly string[]): Promise<string[]> {
  const read = await Promise.all(topics.map((topic) => readTopic(bootstrap, topic)));
  return read.flatMap(({ records }, channel) =>
    records
      .map(({ partition, key, value, headers }) =>
        JSON.stringify([
          CHANNELS[channel],
          partition,
          key?.toString("latin1"),
          value?.toString("latin1"),
          headers.flatMap(([name, content]) => (TIMES.has(name) ? [] : [name, content?.toString("latin1")])),
        ]),
      )
      .sort(),
  );
}
