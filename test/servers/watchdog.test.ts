import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { KAFKA_GIVEN } from "../support/servers/kafka.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { until } from "../support/servers/until.js";

const module = (name: string) => new URL(`../support/servers/${name}.js`, import.meta.url).href;

/** What a process prints that starts servers and then waits for its end, or goes by itself. */
async function run(script: string): Promise<{ lines: string[]; child: ReturnType<typeof spawn> }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line);
    if (line === "ready") break;
  }
  return { lines, child };
}

const START = `
  import { startKafka } from ${JSON.stringify(module("kafka"))};
  import { startRedis } from ${JSON.stringify(module("redis"))};
  const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  const { readFileSync, readlinkSync } = await import("node:fs");
  console.log(kafka.pid(1));
  console.log(redis.pid());
  console.log(readlinkSync("/proc/" + kafka.pid(1) + "/cwd"));
  console.log("ready");
`;

describe.skipIf(KAFKA_GIVEN || REDIS_GIVEN)(
  "servers (KAFKA_BOOTSTRAP and REDIS_URL unset)",
  { timeout: 300_000 },
  () => {
    const gone = (pid: number) => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    };

    it.each([
      ["is killed", `${START} process.stdin.resume();`, "SIGKILL"],
      ["is asked to end", `${START} process.stdin.resume();`, "SIGTERM"],
      ["ends without stopping them", `${START} process.exit();`, undefined],
      ["has nothing left to do", START, undefined],
    ] as const)("end when the process that started them %s", async (_, script, signal) => {
      const { lines, child } = await run(script);
      const [kafka, redis, folder] = [Number(lines[0]), Number(lines[1]), lines[2]!];
      expect(folder).toMatch(/spanmill-kafka-\w+\/broker-1$/);
      if (signal) child.kill(signal);
      await until("the process's end", () => child.exitCode !== null || child.signalCode !== null);
      await until("the servers' end", () => gone(kafka) && gone(redis), { withinMs: 60_000 });
      await until("the folder's end", () => !existsSync(folder), { withinMs: 60_000 });
    });
  },
);
