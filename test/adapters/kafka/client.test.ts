import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Kafka, KafkaJSError, logLevel } from "kafkajs";
import { describe, expect, test } from "vitest";
import { openKafka } from "../../../src/adapters/kafka/client.js";
import { type KafkaLogLine, kafkaErrorFacts, logThrough } from "../../../src/adapters/kafka/log.js";
import { quietIdleConnections } from "../../../src/adapters/kafka/timers.js";
import { sharedKafka } from "../../support/servers/shared.js";

const CANARY = "Canary Öztürk of Exampletown";

describe("the timers of kafkajs", () => {
  test("are where the mending expects them, and are mended once", () => {
    expect(quietIdleConnections).not.toThrow();
    expect(quietIdleConnections).not.toThrow();
  });

  test("an idle connection wakes far less often than unmended", async () => {
    const { brokers } = await sharedKafka();
    const unmended = await wakes(brokers, false, { fired: 200, ms: 0 });
    expect(unmended.fired).toBeGreaterThanOrEqual(200);
    const mended = await wakes(brokers, true, { fired: 0, ms: unmended.ms });
    expect(mended.fired).toBeLessThan(unmended.fired / 10);
  }, 180_000);

  /** How many timers of an idle client fire, and in what time, in a process of its own; at least so many, or so long. */
  async function wakes(
    brokers: readonly string[],
    mend: boolean,
    least: { readonly fired: number; readonly ms: number },
  ): Promise<typeof least> {
    const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
    const script = `
      const { Kafka } = await import("kafkajs");
      const { quietIdleConnections } = await import(${at("../../../src/adapters/kafka/timers.js")});
      if (${mend}) quietIdleConnections();
      const admin = new Kafka({ brokers: ${JSON.stringify(brokers)}, logLevel: 0 }).admin();
      await admin.connect();
      await admin.describeCluster();
      let fired = 0;
      const original = globalThis.setTimeout;
      globalThis.setTimeout = (call, wait) => original(() => { fired++; call(); }, wait);
      // What was set before goes on by itself, and sets the next through the counter.
      const from = performance.now();
      const past = () => performance.now() - from;
      while (fired < ${least.fired} || past() < ${least.ms}) await new Promise((resolve) => original(resolve, 20));
      console.log(JSON.stringify({ fired, ms: past() }));
      process.exit(0);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      cwd: process.cwd(),
    });
    return JSON.parse(stdout);
  }
});

describe("what kafkajs logs", () => {
  test("is passed on by kind and closed fields, and never in its own words", () => {
    const lines: KafkaLogLine[] = [];
    const log = logThrough((line) => lines.push(line))(logLevel.INFO);
    const entry = (message: string, extra: object) =>
      log({
        namespace: "Consumer",
        level: logLevel.ERROR,
        label: "ERROR",
        log: { timestamp: "", message, ...extra },
      });
    entry(`Error when calling eachBatch ${CANARY}`, {
      topic: "in",
      partition: 3,
      error: new Error(CANARY),
      stack: CANARY,
      value: Buffer.from(CANARY),
      groupId: CANARY,
    });
    entry(`${CANARY}`, { error: "This server is not the leader for that topic-partition", retryCount: 2 });
    entry("Limiting retries for the idempotent producer may invalidate EoS guarantees", {});
    expect(lines).toEqual([
      { level: "error", kind: "handler-failed", part: "Consumer", fields: { topic: "in", partition: 3 } },
      {
        level: "error",
        kind: "other",
        part: "Consumer",
        fields: { retryCount: 2, code: "NOT_LEADER_FOR_PARTITION" },
      },
    ]);
  });

  test("errors are told by names and codes, not by messages", () => {
    const root = Object.assign(new Error(CANARY), {
      name: "KafkaJSProtocolError",
      type: "NOT_ENOUGH_REPLICAS",
      code: 19,
      retriable: true,
      broker: CANARY,
    });
    const facts = kafkaErrorFacts(new KafkaJSError(CANARY, { cause: root } as never));
    expect(JSON.stringify(facts)).not.toContain("Canary");
    expect(facts).toMatchObject({ code: "NOT_ENOUGH_REPLICAS", retryable: true });
  });

  test("a broker that is not there is named", async () => {
    const lines: KafkaLogLine[] = [];
    const connection = { brokers: ["127.0.0.1:1"], clientId: "spanmill-test" };
    const kafka = await openKafka(connection, (line) => lines.push(line));
    const admin = kafka.admin({ retry: { retries: 0 } });
    await expect(Promise.race([admin.connect(), once(lines)])).resolves.toBe("told");
    await admin.disconnect().catch(() => undefined);
    expect(lines[0]).toEqual({
      level: "error",
      kind: "connection-failed",
      part: "Connection",
      fields: { broker: "127.0.0.1:1", code: "ECONNREFUSED" },
    });
  });
});

describe("openKafka", () => {
  test("names the setting whose file cannot be read, and not its value: it may be the secret itself", async () => {
    const connection = { brokers: ["127.0.0.1:1"], clientId: "spanmill-test" };
    const sasl = {
      mechanism: "plain",
      usernameFile: "/nowhere/user",
      passwordFile: "/nowhere/pass",
    } as const;
    const opening = openKafka({ ...connection, sasl }, () => {});
    await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(opening).rejects.toThrow("kafka.sasl.username-file: the file cannot be read (ENOENT)");
    await expect(opening).rejects.not.toThrow("nowhere");
    await expect(openKafka(connection, () => {})).resolves.toBeInstanceOf(Kafka);
  });
});

async function once(lines: readonly unknown[]): Promise<string> {
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBeGreaterThan(0);
  return "told";
}
