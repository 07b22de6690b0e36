import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodes } from "../../src/config/exit-codes.js";
import { type Finished, type RunOptions, shell, spanmill, start } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();
const gold = join(folder, "gold.conll");
writeFileSync(gold, "Zoe B-PER\n");

const annotate = (input: string, ...args: string[]) =>
  spanmill(["annotate", "--model", MODEL, ...args], { input });

const worker = (input: string, args: readonly string[], options: RunOptions = {}) =>
  spanmill(["run", "--model", MODEL, "--threads", "1", ...args], {
    input,
    cwd: temporaryFolder(),
    ...options,
  });

/** A worker of a topic, whose clock steps back once it has joined its group. */
async function steppedBack(): Promise<Finished> {
  const { bootstrap } = await sharedKafka();
  const topic = await freshTopic(bootstrap);
  const kafka = ["--kafka-brokers", bootstrap, "--kafka-topics", topic, "--kafka-group", freshGroup()];
  const args = ["--source", "kafka", ...kafka, "--kafka-session-timeout", "6s"];
  const run = start(["run", "--model", MODEL, "--threads", "1", ...args], {
    preload: ["stepping-clock.js"],
    cwd: temporaryFolder(),
  });
  await run.until(({ stderr }) => stderr.includes('"event":"ready"'));
  run.process.kill("SIGUSR2");
  return run.finished;
}

/** A run for each status that the help and the README promise. */
const RUNS: Readonly<Record<number, () => Promise<Finished>>> = {
  0: () => annotate("Alice"),
  1: () =>
    spanmill(["annotate", "--model", MODEL], {
      input: "Alice",
      preload: ["throwing.js"],
      env: { THROWING: "record" },
    }),
  2: () => annotate("Alice", "--no-such-flag"),
  3: () => annotate("{\n", "--from", "jsonl"),
  4: () => spanmill(["annotate", "--model", folder], { input: "Alice" }),
  5: () => annotate("", join(folder, "nowhere.txt")),
  6: () => annotate("Alice", "-o", join(folder, "no/such/folder.jsonl")),
  7: () => annotate("broken"),
  8: () => spanmill(["evaluate", "--model", MODEL, gold, "--fail-under", "0.5"]),
  9: steppedBack,
  12: () => worker("not json\n".repeat(200), []),
  13: () => worker('{"text": "endless"}\n', ["--limit-task-deadline", "1s"], { preload: ["hanging.js"] }),
  130: async () => {
    const run = start(["annotate", "--model", MODEL, "--from", "lines"]);
    run.process.stdin.write("Alice\n");
    await run.until(({ stdout }) => stdout !== "");
    run.process.kill("SIGINT");
    return run.finished;
  },
  141: () => shell("set -o pipefail; (sleep 0.1; spanmill schema) | true"),
};

describe("exit status", () => {
  it("is documented, each and no other", () => {
    expect(Object.keys(RUNS).map(Number)).toEqual(exitCodes().map(({ status }) => status));
  });

  it.each(exitCodes().map(({ status, meaning }) => [status, meaning] as const))(
    "%i: %s",
    async (status) => {
      const finished = await RUNS[status]!();
      expect(finished.status, finished.stderr).toBe(status);
      if (status !== 0 && status !== 141) expect(finished.stderr).toMatch(/\S/);
      expect(finished.stderr).not.toMatch(/\n\s+at /);
    },
    240_000,
  );

  it("is 137 where a thread hangs in native code", async () => {
    const options = { preload: ["hanging.js"], env: { HANGING: "native" } };
    const { status, stderr } = await worker(
      '{"text": "endless"}\n',
      ["--limit-task-deadline", "1s"],
      options,
    );
    expect(status, stderr).toBe(137);
    expect(stderr).toContain('"event":"stopped","exit":13');
  });

  // The thread hangs for a minute, for which an ordinary exit would wait.
  it.each([
    ["at a second signal", "60s", 2],
    ["when the drain deadline has run out", "100ms", 1],
  ])(
    "is 130 %s, though a thread hangs in native code",
    async (_, deadline, signals) => {
      const args = ["run", "--model", MODEL, "--threads", "1", "--limit-drain-deadline", deadline];
      const run = start(args, {
        preload: ["hanging.js"],
        env: { HANGING: "native" },
        cwd: temporaryFolder(),
      });
      run.process.stdin.write('{"text": "endless"}\n');
      await run.until(({ stderr }) => stderr.includes('"event":"hanging"'));
      for (let count = 1; count <= signals; count++) {
        run.process.kill("SIGTERM");
        await run.until(({ stderr }) => stderr.includes(`"count":${count}`));
      }
      const { status, stderr } = await run.finished;
      expect(status, stderr).toBe(130);
      expect(stderr).toContain('"event":"stopped","exit":130');
    },
    30_000,
  );

  it("is that of the failure, though a thread hangs in native code", async () => {
    const args = ["run", "--model", MODEL, "--threads", "1", "--channel-dead-letters", "/dev/full"];
    const run = start(args, { preload: ["hanging.js"], env: { HANGING: "native" }, cwd: temporaryFolder() });
    run.process.stdin.write('{"text": "endless"}\n');
    await run.until(({ stderr }) => stderr.includes('"event":"hanging"'));
    run.process.stdin.write("not json\n");
    const { status, stderr } = await run.finished;
    expect(status, stderr).toBe(137);
    expect(stderr).toContain('"event":"stopped","exit":6');
  }, 30_000);
});
