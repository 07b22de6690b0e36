/** Row 11 of the fault table: the disk of the only broker is full, of which it dies; then there is room again. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { slowOutput } from "../support/fault/edits.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { until } from "../support/servers/until.js";

const TIMES = repetitions(1, 6);
const disk = KAFKA_GIVEN ? undefined : smallDisk(96);

describe.skipIf(disk === undefined)("a small disk (skipped where none can be mounted)", () => {
  const filler = join(disk ?? "", "filler");
  let kafka: KafkaServer;
  beforeAll(async () => {
    // Indexes are written by way of memory, where a full disk ends the Java process at once.
    kafka = await startKafka({ dataDirectory: disk!, properties: { "log.index.size.max.bytes": "65536" } });
  }, 180_000);
  afterAll(async () => {
    await kafka?.stop();
    execFileSync("umount", ["-l", disk!]);
    rmSync(disk!, { recursive: true });
  });

  it(
    `is full, ${TIMES} times: what is not written is not committed, and the worker goes on when there is room`,
    async () => {
      const run = await openScenario("the broker's disk is full", { bootstrap: kafka.bootstrap });
      // Much is left to do when the disk is full.
      const worker = run.start({ edits: [slowOutput(250)] });
      for (let time = 1; time <= TIMES; time++) {
        const before = run.observer.complete();
        await run.feed(2_000);
        await run.outputs(before + run.random.between(1, 400));
        const act = async () => {
          fill(filler);
          await until("the broker's end", () => kafka.pid(1) === undefined);
          expect(run.observer.complete()).toBeLessThan(before + 2_000);
          rmSync(filler);
          await kafka.restart(1);
        };
        await run.fault("coordinator-loss", "the broker's disk is full", act, "broker's disk full");
        await run.outputs(before + 2_000);
      }
      expect(worker.log()).toMatch(/"event":"send-(retry|stalled)"/);
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(worker.ended()?.status).toBe(0);
    },
    repetitions(300_000, 600_000),
  );
});

/** @returns the folder; undefined where this process may not mount */
function smallDisk(megabytes: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "spanmill-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", folder], { stdio: "ignore" });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let size = 1 << 20; size >= 1; ) {
      try {
        if (writeSync(file, Buffer.alloc(size)) < size) size >>= 1;
      } catch (error) {
        if ((error as { code?: unknown }).code !== "ENOSPC") throw error;
        size >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}
