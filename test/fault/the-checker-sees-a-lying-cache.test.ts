/** I7's mutants: workers whose cached answers are wrong turn the checker red, so that a green run means something. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, TELL_BLOCKS } from "../support/fault/blocks.js";
import type { Invariant } from "../support/fault/check.js";
import { faultDocuments } from "../support/fault/documents.js";
import type { Edit } from "../support/fault/edits.js";
import { openScenario } from "../support/fault/scenario.js";
import { steadyInput } from "../support/fault/steady.js";
import { config, lookupFolder } from "../support/lookup-model.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { sharedKafka } from "../support/servers/shared.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const KEY_WITHOUT_PIPELINE: Edit = {
  file: "src/pipeline/block-key.js",
  find: 'pipeline, "\\n", JSON.stringify(input)',
  put: "JSON.stringify(input)",
};
const KEY_WITHOUT_TEXT: Edit = {
  file: "src/pipeline/block-key.js",
  find: '["text", block.text]',
  put: '["text", block.text.length]',
};
const SEAL_UNCHECKED: Edit = {
  file: "src/pipeline/block-value.js",
  find: "if (!value.subarray(1, HEAD_BYTES).equals(sealOf(digest, key, body)))",
  put: "if (false)",
};

/** The folders have one name, as the versions of one model do. */
const OLD = lookupFolder();
const NEW = lookupFolder({
  "config.json": config(["O", "B-PERSON", "I-PERSON", "B-PLACE", "I-PLACE", "B-GROUP", "I-GROUP"]),
});

describe.skipIf(REDIS_GIVEN)("a cache (skipped with the Redis of REDIS_URL)", () => {
  let redis: ControlledRedis;
  beforeAll(async () => {
    redis = await controlledRedis();
  }, 180_000);
  afterAll(() => redis.stop());

  /** Two models one after the other, then every value under the key of another. */
  const judge = async (name: string, edits: readonly Edit[]): Promise<Invariant[]> => {
    await redis.control.flushall();
    const run = await openScenario(name, {
      bootstrap,
      counts: false,
      models: [OLD, NEW],
      settings: { "cache.kind": "redis", "redis.url": redis.url, "redis.timeout": "5s" },
    });
    const { feed, done, cacheIsUsed } = steadyInput(run);
    const documents = faultDocuments(run.random, 100_000, 100_200, 3);
    for (const model of [OLD, NEW]) {
      const worker = run.start({ settings: { model }, edits: [TELL_BLOCKS, ...edits] });
      await cacheIsUsed(worker);
      await feed(documents);
      await done();
      if (model === NEW) {
        const keys = await redis.control.keys("*");
        const values = await redis.control.mgetBuffer(keys);
        for (const [i, key] of keys.entries()) await redis.control.set(key, values[(i + 1) % keys.length]!);
        await feed(documents);
        await done();
      }
      expect(blocksOf(worker.log()).cached).toBeGreaterThan(0);
      await run.terminate(worker);
    }
    const { violations } = await run.finish();
    return [...new Set(violations.map(({ invariant }) => invariant))].sort();
  };

  it("that is right is green", async () => {
    expect(await judge("honest cache", [])).toEqual([]);
  }, 180_000);

  it.each<readonly [string, Edit]>([
    ["whose keys leave out the pipeline", KEY_WITHOUT_PIPELINE],
    ["whose keys are alike for texts that differ", KEY_WITHOUT_TEXT],
    ["whose values are believed unseen", SEAL_UNCHECKED],
  ])(
    "%s is seen",
    async (what, edit) => {
      expect(await judge(what, [edit])).toEqual(["I4"]);
    },
    180_000,
  );
});
