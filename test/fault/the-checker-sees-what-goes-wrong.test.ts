/** A mutant for each invariant that turns the checker red, so that a green run means something. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Invariant } from "../support/fault/check.js";
import { type Edit, slowOutput } from "../support/fault/edits.js";
import type { FaultReport } from "../support/fault/report.js";
import { openScenario, type ScenarioOptions } from "../support/fault/scenario.js";
import { sharedKafka } from "../support/servers/shared.js";
import { until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

interface Mutation {
  readonly edits: readonly Edit[];
  /** Whether the worker is killed, and another one finishes; and which is edited. */
  readonly kill?: "first" | "second" | "both";
  readonly inFlight?: number;
  readonly limits?: ScenarioOptions["limits"];
  readonly settings?: ScenarioOptions["settings"];
  /** `DOCUMENTS` unless said. */
  readonly documents?: number;
  /** All outputs come all the same, and are waited for first. */
  readonly complete?: true;
}

const DOCUMENTS = 300;

async function judge(
  name: string,
  { edits, kill, inFlight = 60, limits = {}, settings = {}, documents = DOCUMENTS, complete }: Mutation,
): Promise<FaultReport> {
  const run = await openScenario(name, {
    bootstrap,
    counts: false,
    inFlight,
    limits,
    settings,
    partitions: 2,
  });
  await run.feed(documents);
  const worker = run.start(kill === "second" ? {} : { edits });
  if (kill !== undefined) {
    await run.outputs(run.random.between(30, 150));
    if (kill === "second") await until("all committed", () => run.observer.lag() === 0);
    await run.kill(worker);
    await run.feed(50);
    run.start(kill === "first" ? {} : { edits });
  }
  if (complete) await run.outputs(documents);
  return run.finish();
}

function seen({ violations }: FaultReport): Invariant[] {
  return [...new Set(violations.map(({ invariant }) => invariant))].sort();
}

/** Not even wrong: what is done too early is done visibly too early. */
const SLOW_OUTPUT = slowOutput(250);

/** Not even wrong either: each producer's third batch is refused before it is sent. */
const REFUSED_BATCH: Edit = {
  file: "src/adapters/kafka/producers.js",
  find: "const answer = await holder.producer.send({",
  put: 'if ((holder.sends = (holder.sends ?? 0) + 1) === 3) throw new Error("refused"); const answer = await holder.producer.send({',
};

describe("what is not wrong", () => {
  it("is green: a slow output, a refused batch, a kill", async () => {
    const report = await judge("control", { edits: [SLOW_OUTPUT, REFUSED_BATCH], kill: "first" });
    expect(seen(report)).toEqual([]);
  }, 180_000);
});

const MUTANTS: readonly (Mutation & { readonly what: string; readonly red: readonly Invariant[] })[] = [
  {
    what: "offsets are committed before the acknowledgement",
    edits: [
      SLOW_OUTPUT,
      {
        file: "src/adapters/kafka/tracker.js",
        find: "return queue[head]?.offset ?? next;",
        put: "return next;",
      },
    ],
    kill: "first",
    // So many that the kill comes before the last of them.
    documents: 1_500,
    red: ["I1", "I2"],
  },
  {
    what: "the answer of a send is not looked at",
    edits: [
      REFUSED_BATCH,
      {
        file: "src/adapters/kafka/lane.js",
        find: 'if (outcome.kind === "kept") {',
        put: 'if (outcome.kind === "kept" || outcome.kind === "passing") {',
      },
      {
        file: "src/adapters/kafka/lane.js",
        find: 'if (outcome.kind !== "passing") {',
        put: "{",
      },
    ],
    red: ["I1", "I2"],
  },
  {
    what: "an offset is skipped",
    edits: [
      {
        file: "src/adapters/kafka/handover.js",
        find: "if (!tracker.alreadySeen(offset)) {",
        put: "if (!tracker.alreadySeen(offset) && offset !== 41n) {",
      },
    ],
    red: ["I1", "I2"],
  },
  {
    what: "a document is handed over and never done",
    edits: [
      {
        file: "src/pipeline/worker.js",
        find: "delivery.done();",
        put: 'if (place.offset !== "41") delivery.done();',
      },
    ],
    complete: true,
    limits: { settleMs: 8_000 },
    red: ["I5"],
  },
  {
    what: "blocks get each other's answers",
    edits: [
      {
        file: "src/pipeline/block-cache.js",
        find: "flight.resolve(tagged[i]);",
        put: "flight.resolve(tagged[(i + 1) % tagged.length]);",
      },
    ],
    red: ["I4"],
  },
  {
    what: "a record says which process wrote it, so what comes twice has other bytes",
    edits: [
      {
        file: "src/document/messages.js",
        find: "value: Buffer.from(JSON.stringify(value)),",
        put: "value: Buffer.from(JSON.stringify({ ...value, pid: process.pid })),",
      },
    ],
    kill: "both",
    // So that a kill always finds work that is acknowledged and not committed.
    settings: { "kafka.commit-interval": "5s" },
    red: ["I3", "I4"],
  },
  {
    what: "a batch is sent twice for no reason",
    edits: [
      {
        file: "src/adapters/kafka/producers.js",
        find: "const addressed = messages.map(",
        put: "const addressed = [...messages, ...messages].map(",
      },
    ],
    red: ["I3"],
  },
  {
    what: "what is committed is read again",
    edits: [
      {
        file: "src/adapters/kafka/positions.js",
        find: "committed: BigInt(record.offset),",
        put: "committed: 0n,",
      },
    ],
    kill: "second",
    red: ["I2", "I3"],
  },
  {
    what: "a lane sends the last one first",
    edits: [{ file: "src/adapters/kafka/lane.js", find: "waiting.push({", put: "waiting.unshift({" }],
    red: ["order"],
  },
  {
    what: "descriptors leak",
    edits: [
      {
        file: "src/adapters/kafka/handover.js",
        find: "tracker.add(offset, bytes);",
        put: 'tracker.add(offset, bytes); process.getBuiltinModule("node:fs").openSync("/dev/null");',
      },
    ],
    red: ["I6"],
  },
  {
    what: "memory leaks",
    edits: [
      {
        file: "src/adapters/kafka/handover.js",
        find: "tracker.add(offset, bytes);",
        put: "tracker.add(offset, bytes); (globalThis.leak ??= []).push(Buffer.alloc(3 << 20, 1));",
      },
    ],
    red: ["I6"],
  },
  {
    what: "timers leak",
    edits: [
      {
        file: "src/adapters/kafka/handover.js",
        find: "tracker.add(offset, bytes);",
        put: "tracker.add(offset, bytes); for (let i = 0; i < 4; i++) setTimeout(() => {}, 3_600_000);",
      },
    ],
    red: ["I6"],
  },
  {
    what: "what leaves is still counted as in flight",
    edits: [{ file: "src/pipeline/flight.js", find: "bytes -= size;", put: "" }],
    // So that what is kept back by mistake is soon more than all that may be there.
    inFlight: 2,
    red: ["I6"],
  },
  {
    what: "what a lane has sent still counts as waiting",
    edits: [{ file: "src/adapters/kafka/lane.js", find: "bytes -= entry.bytes;", put: "" }],
    inFlight: 4,
    red: ["I6"],
  },
];

describe("a mutant", () => {
  it.each(MUTANTS)(
    "is seen: $what",
    async ({ what, red, ...mutation }) => {
      const report = await judge(what, mutation);
      expect(seen(report)).toEqual([...red].sort());
    },
    180_000,
  );
});

/** Far over the bound, whatever else may explain a part of it. */
const HELD = 900;

describe("a worker that holds more than its bound", () => {
  it("is seen, however long it sleeps: the others did meanwhile what it sends when it wakes", async () => {
    const lanesOpen = join(temporaryFolder(), "lanes-open");
    const run = await openScenario("the bound of documents is ignored", {
      ...{ bootstrap, counts: false, inFlight: 20, partitions: 2 },
    });
    await run.feed(HELD);
    const worker = run.start({ edits: greedy(lanesOpen) });
    await worker.started.until(({ stderr }) => stderr.includes("holds all"));
    await run.sleep(worker, async () => {
      run.start();
      await run.outputs(HELD);
      await until("all committed", () => run.observer.lag() === 0);
      writeFileSync(lanesOpen, "");
    });
    const twice = () => run.observer.copies.length >= 3 * HELD;
    await until("what it held", twice);
    const report = await run.finish();
    // What it held may have been seen as well, in its metrics; and a part of it may be over the bound of its rejoining.
    const again = report.violations.filter(({ invariant }) => invariant !== "I6").map(({ what }) => what);
    const over = (event: string) => new RegExp(`^\\d+ documents in flight came again after "${event}", over`);
    expect(again).toContainEqual(expect.stringMatching(over("SIGSTOP worker-1")));
    for (const what of again) expect(what).toMatch(over(".*"));
  }, 180_000);
});

/** Takes all there is, and sends nothing before the file is there. */
function greedy(lanesOpen: string): Edit[] {
  return [
    {
      file: "src/pipeline/flight.js",
      find: "room: () => documents < limit.documents",
      put: "room: () => true",
    },
    {
      file: "src/pipeline/flight.js",
      find: "documents++;",
      put: `if (++documents === ${HELD}) process.stderr.write("holds all\\n");`,
    },
    {
      file: "src/adapters/kafka/lane.js",
      find: "await Promise.resolve();",
      put: `while (!process.getBuiltinModule("node:fs").existsSync(${JSON.stringify(lanesOpen)}))
        await new Promise((go) => setTimeout(go, 20));`,
    },
  ];
}
