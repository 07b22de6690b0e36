/** What an operator sees of a worker on a real broker, from joining to its end: probes, metrics, log. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type RunOptions, records, type Started, start } from "../support/command.js";
import { type Family, parseExposition, sampleOf } from "../support/exposition.js";
import { committed, produce } from "../support/kafka-members.js";
import { lookupFolder } from "../support/lookup-model.js";
import { type RawRecord, readTopic } from "../support/servers/raw-reader.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { GaveUp, until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

interface Pipeline {
  readonly input: string;
  readonly output: string;
  readonly deadLetters: string;
  readonly group: string;
  readonly config: string;
}

async function pipeline(more = ""): Promise<Pipeline> {
  const [input, output, deadLetters] = (await Promise.all(
    [2, 1, 1].map((partitions) => freshTopic(bootstrap, partitions)),
  )) as [string, string, string];
  const group = freshGroup();
  const config = join(folder, `${group}.yaml`);
  writeFileSync(
    config,
    `source: kafka
sink: kafka
model: ${MODEL}
threads: 1
kafka: { brokers: ["${bootstrap}"], group: ${group}, topics: [${input}], session-timeout: 6s, commit-interval: 100ms, compression: gzip }
channel: { documents: ${output}, entities: "", pos: "", chunks: "", dead-letters: ${deadLetters} }
probes: { port: 0 }
${more}
`,
  );
  return { input, output, deadLetters, group, config };
}

interface Observed extends Started {
  readonly lines: () => ReturnType<typeof records>;
  readonly ask: (path: string) => Promise<{ status: number; text: string }>;
  readonly metrics: () => Promise<readonly Family[]>;
}

/** A worker whose probes answer. */
async function observed(
  { config }: Pipeline,
  { args = [], ...options }: RunOptions & { readonly args?: readonly string[] } = {},
): Promise<Observed> {
  const started = start(["run", "--config", config, ...args], options);
  let said = "";
  started.process.stderr.on("data", (more: string) => {
    said += more;
  });
  const lines = () => records(said.slice(0, said.lastIndexOf("\n") + 1));
  await started.until(({ stderr }) => stderr.includes('"event":"probes-open"'));
  const { port } = lines().find(({ event }) => event === "probes-open");
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const metrics = async () => parseExposition((await ask("/metrics")).text);
  return { ...started, lines, ask, metrics };
}

/** Kept when the probe answers so; a worker that ends before fails the wait. */
function answers(worker: Observed, path: string, status: number, reason?: string): Promise<unknown> {
  let ended: string | undefined;
  void worker.finished.then(({ stderr }) => {
    ended = stderr;
  });
  return until(`${path} to be ${status} ${reason ?? ""}`, async () => {
    if (ended !== undefined) throw new GaveUp(`the worker ended: ${ended}`);
    const found = await worker.ask(path);
    return found.status === status && (reason === undefined || found.text.includes(`"${reason}"`));
  });
}

async function committedIn({ input, group }: Pipeline): Promise<number> {
  const offsets = await Promise.all([0, 1].map((p) => committed(bootstrap, input, group, p)));
  return offsets.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

function tickets(count: number) {
  return Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    value: JSON.stringify({ id: `t-${i}`, text: "Alice wrote from Berlin." }),
    partition: i % 2,
  }));
}

describe("a worker's life", () => {
  it("shows in probes, metrics and log, from joining to its end", async () => {
    const own = await pipeline();
    await produce(bootstrap, own.input, [...tickets(8), { value: "not json", partition: 0 }]);
    const held = join(folder, `${own.group}.go`);
    const worker = await observed(own, { preload: ["held-threads.js"], env: { HELD: held } });
    // Probes answer before models are loaded, and say what is missing.
    expect(worker.lines().map(({ event }) => event)).not.toContain("started");
    expect((await worker.ask("/livez")).status).toBe(200);
    const early = await worker.ask("/readyz");
    expect(early.status).toBe(503);
    expect(JSON.parse(early.text).reasons).toContain("group-joining");
    writeFileSync(held, "");

    await answers(worker, "/readyz", 200);
    await until("all committed", async () => (await committedIn(own)) === 9);
    await until("heartbeats", async () => (await read(worker, "kafka_heartbeats_total"))! > 0);
    expect(JSON.parse((await worker.ask("/livez")).text)).toEqual({ status: "ok", reasons: [] });
    const families = await worker.metrics();
    const value = (name: string, labels: Record<string, string> = {}) =>
      sampleOf(families, `spanmill_${name}`, labels);
    expect(value("documents_total", { outcome: "record" })).toBe(8);
    expect(value("documents_total", { outcome: "dead-letter" })).toBe(1);
    expect(value("dead_letters_total", { code: "DOCUMENT_NOT_JSON" })).toBe(1);
    expect(value("messages_total")).toBe(9);
    expect(value("spans_total", { lens: "ner", label: "PER" })).toBe(8);
    expect(value("kafka_messages_taken_total", { topic: own.input })).toBe(9);
    expect(value("kafka_partitions_assigned")).toBe(2);
    for (const [partition, end] of [
      ["0", 5],
      ["1", 4],
    ] as const) {
      expect(value("kafka_watermark_offset", { topic: own.input, partition })).toBe(end);
      expect(value("kafka_lag_messages", { topic: own.input, partition })).toBe(0);
    }
    expect(value("kafka_heartbeat_age_seconds")).toBeLessThan(6);
    expect(value("lane_messages", { topic: own.output, partition: "0" })).toBe(0);
    expect(value("producer_renewals_total")).toBe(0);
    // One text in all documents: it is computed once, whoever asked first.
    expect(value("blocks_total", { outcome: "computed" })).toBe(1);
    expect(
      (value("blocks_total", { outcome: "cached" }) ?? 0) +
        (value("blocks_total", { outcome: "joined" }) ?? 0),
    ).toBe(7);
    expect(value("cache_entries")).toBe(1);
    expect(value("cache_lookups_total", { tier: "memory", result: "miss" })).toBe(1);
    expect(value("in_flight_documents")).toBe(0);
    expect(value("main_loop_late_seconds")).toBeLessThan(10);
    expect(families.find(({ name }) => name === "spanmill_build_info")?.samples[0]?.labels.pipeline).toMatch(
      /^[0-9a-f]{64}$/,
    );

    worker.process.kill("SIGTERM");
    const { status, stderr } = await worker.finished;
    expect(status).toBe(0);
    const told = records(stderr).map(({ event }) => event);
    const once = ["probes-open", "started", "ready", "signal", "worker-draining", "worker-ended", "stopped"];
    expect(told.filter((event) => once.includes(event))).toEqual(once);
    expect(records(stderr).at(-1)).toMatchObject({ event: "stopped", exit: 0 });
    await expect(worker.ask("/livez")).rejects.toThrow();
  }, 120_000);

  it("is not ready while it drains, goes on living, and ends with 130 at a second signal", async () => {
    const own = await pipeline();
    const args = ["--limit-drain-deadline", "60s"];
    const worker = await observed(own, { args, preload: ["hanging.js"] });
    await answers(worker, "/readyz", 200);
    await produce(bootstrap, own.input, [{ value: '{"text": "endless"}' }]);
    await until("a document in flight", async () => (await read(worker, "in_flight_documents")) === 1);
    worker.process.kill("SIGTERM");
    await answers(worker, "/readyz", 503, "draining");
    expect((await worker.ask("/livez")).status).toBe(200);
    expect(await read(worker, "draining")).toBe(1);
    worker.process.kill("SIGTERM");
    const { status, stderr } = await worker.finished;
    expect(status).toBe(130);
    expect(records(stderr).filter(({ event }) => event === "signal")).toMatchObject([
      { signal: "SIGTERM", count: 1 },
      { signal: "SIGTERM", count: 2 },
    ]);
    const [ended] = records(stderr).filter(({ event }) => event === "worker-ended");
    expect(ended).toMatchObject({ reason: "stopped", abandoned: 1 });
    expect(records(stderr).at(-1)).toMatchObject({ event: "stopped", exit: 130 });
    expect(await committedIn(own)).toBe(0);
  }, 120_000);
});

describe("no word of a document", () => {
  it("is in the log, the metrics, or the headers of dead letters", async () => {
    const own = await pipeline("log: { level: debug }\nmax-document-size: 64KiB");
    const headers = { [CANARY]: CANARY, tracestate: `${CANARY}=${CANARY}` };
    const bearing = (value: string | Buffer | null) => ({ key: CANARY, value, headers, partition: 0 });
    const bad = [
      CANARY,
      `{"${CANARY}": "${CANARY}`,
      `{"text": ["${CANARY}"]}`,
      `{"text": {"${CANARY}": 1}, "id": "${CANARY}"}`,
      Buffer.from(`{"text": "${CANARY}\xff"}`, "latin1"),
      `{"id": "${CANARY}", "text": "${CANARY.repeat(9_000)}"}`,
      // Its scores are no numbers.
      `{"id": "${CANARY}", "text": "${CANARY} broken"}`,
    ];
    const good = [`{"id": "${CANARY}", "text": "Alice ${CANARY} Berlin"}`, null];
    await produce(bootstrap, own.input, [...bad, ...good].map(bearing));
    const worker = await observed(own);
    await answers(worker, "/readyz", 200);
    await until("all committed", async () => (await committedIn(own)) === bad.length + good.length);
    const metrics = (await worker.ask("/metrics")).text;
    const probes = (await worker.ask("/readyz")).text + (await worker.ask("/livez")).text;
    worker.process.kill("SIGTERM");
    const { status, stderr, stdout } = await worker.finished;
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    for (const [where, said] of Object.entries({ stderr, metrics, probes }))
      expect(said.match(new RegExp(`.{0,80}${CANARY}`, "i")), where).toBeNull();
    expect(records(stderr).filter(({ event }) => event === "document-done")).toHaveLength(9);

    const letters = (await readTopic(bootstrap, own.deadLetters)).records;
    expect(letters).toHaveLength(bad.length);
    for (const letter of letters) {
      expect(ownHeaders(letter)).not.toContain(CANARY);
      // What came is handed on as it came, or nobody could replay it.
      expect(String(letter.key)).toBe(CANARY);
      expect(letter.headers.filter(([name]) => name === CANARY)).toHaveLength(1);
    }
    // The same words are in the records, or this test could not fail.
    const [record] = (await readTopic(bootstrap, own.output)).records;
    expect(String(record!.value)).toContain(CANARY);
  }, 120_000);
});

const CANARY = "zqxcanary";

/** Those that spanmill adds, names and values. */
function ownHeaders({ headers }: RawRecord): string {
  const theirs = [CANARY, "tracestate"];
  return JSON.stringify(
    headers.filter(([name]) => !theirs.includes(name)).map(([name, value]) => [name, String(value)]),
  );
}

async function read(worker: Observed, name: string): Promise<number | undefined> {
  return sampleOf(await worker.metrics(), `spanmill_${name}`);
}
