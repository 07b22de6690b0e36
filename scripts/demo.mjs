#!/usr/bin/env node
/**
 * The pipeline to look at: a real Kafka and a real Redis, tickets, two workers, one of which is killed, and the proof that
 * no ticket is missing. Everything it starts is stopped again, however it ends.
 *
 *   npm run demo
 *   node scripts/demo.mjs [--tickets N] [--seed N] [--model DIR] [--folder DIR]     (build first)
 *
 * KAFKA_BOOTSTRAP and REDIS_URL in the environment replace the servers that it would start. The configuration and the
 * workers' logs stay in the folder, dist/demo unless said.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAIN = join(ROOT, "dist/src/main.js");
const PARTITIONS = 4;
/** Records that are shown. */
const SHOWN = 4;
/** Milliseconds without a new record or commit, after which the demo gives up. */
const PATIENCE = 120_000;

const { values: options } = parseArgs({
  options: {
    tickets: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    model: { type: "string", default: join(ROOT, "models/english") },
    folder: { type: "string", default: join(ROOT, "dist/demo") },
  },
});
const total = Number(options.tickets);
if (!Number.isInteger(total) || total < 10) fail("--tickets: a whole number from 10 on");
if (!existsSync(MAIN) || !existsSync(join(ROOT, "dist/test"))) fail("build first: npm run build");

const { startKafka } = await import("../dist/test/support/servers/kafka.js");
const { startRedis } = await import("../dist/test/support/servers/redis.js");
const { readTopic } = await import("../dist/test/support/servers/raw-reader.js");
const { watchProcess } = await import("../dist/test/support/servers/watchdog.js");
const { screen } = await import("./demo/screen.mjs");
const { makeTickets } = await import("./demo/tickets.mjs");
const { prove } = await import("./demo/proof.mjs");
const { grouped } = await import("../dist/src/terminal/numbers.js");
const { default: kafkajs } = await import("kafkajs");

const show = screen(process.stdout, process.env);
/** What is to be stopped, the newest first. */
const stops = [];
let isStopping = false;
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  process.on(signal, async () => {
    if (isStopping) return;
    show.step("stop", "everything that was started is stopped");
    await stopAll();
    process.exit(status);
  });
}

try {
  process.exitCode = await demo();
} catch (error) {
  // What is cut short by Ctrl-C fails, too.
  if (!isStopping) {
    show.erase();
    process.exitCode = 1;
    process.stderr.write(`demo: ${error.stderr || error.message}\n`);
  }
}
await stopAll();

async function demo() {
  show.step("demo", `${grouped(total)} tickets through Kafka, two workers, one of them killed`);
  const began = performance.now();
  show.step("servers", "Kafka and Redis are started (the first time they are fetched, some 45 MB)");
  const kafka = await startKafka();
  stops.push(() => kafka.stop());
  const redis = await startRedis();
  stops.push(() => redis.stop());
  show.more(`Kafka ${kafka.bootstrap}, Redis ${withoutPassword(redis.url)}, ${seconds(began)}`);

  const names = topicNames();
  const client = new kafkajs.Kafka({
    brokers: kafka.bootstrap.split(","),
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = client.admin();
  await admin.connect();
  stops.push(() => admin.disconnect());
  await createTopics(admin, names);
  show.step("topics", `${names.tickets} -> ${names.documents}, ${names.entities}, ${names.letters}`);
  const tickets = makeTickets(join(ROOT, "examples/tickets.jsonl"), total, Number(options.seed));
  await produce(client, names.tickets, tickets);
  show.step("tickets", `${grouped(total)} on ${names.tickets}, in ${PARTITIONS} partitions`);

  const config = writeConfig(kafka.bootstrap, redis.url, names);
  show.step("config", pretty(config));
  const workers = [1, 2].map((number) => startWorker(number, config));
  show.step("workers", `spanmill run --config ${pretty(config)}`);
  for (const { number, pid } of workers) show.more(`worker ${number}: pid ${pid}`);

  await runThem(admin, names, workers, kafka.bootstrap);
  const [survivor] = workers.filter(({ ended }) => ended() === undefined);
  const status = await survivor.end();
  show.step("end", `worker ${survivor.number} finished on SIGTERM with status ${status}`);
  return judge(tickets, (await readTopic(kafka.bootstrap, names.documents)).records, status);
}

/** Shows the counts, a few records, kills a worker in the middle, and returns when nothing is left to do. */
async function runThem(admin, names, workers, bootstrap) {
  let [shown, killed] = [false, false];
  let last = { at: performance.now(), state: "" };
  for (;;) {
    const state = await look(admin, names);
    const alive = workers.filter(({ ended }) => ended() === undefined);
    show.progress({ ...state, total, workers: `${alive.length} worker${alive.length === 1 ? "" : "s"}` });
    if (alive.length < (killed ? 1 : 2)) throw new Error(`a worker ended by itself:\n${logOf(workers)}`);
    if (!shown && state.records > 0) {
      shown = await showSome(bootstrap, names, state.records >= total / 4);
    }
    if (!killed && state.records >= total / 4) {
      killed = true;
      const [victim] = workers;
      victim.kill();
      show.step(
        "kill -9",
        `worker ${victim.number} (pid ${victim.pid}), with ${grouped(state.records)} records out`,
      );
      show.more(`the other takes over when the group misses it, after 6 s`);
    }
    if (killed && state.lag === 0) {
      show.erase();
      show.step("done", `nothing left to do, ${grouped(state.records)} records`);
      return;
    }
    const now = `${state.records} ${state.lag}`;
    if (now !== last.state) last = { at: performance.now(), state: now };
    if (performance.now() - last.at > PATIENCE) throw new Error(`no progress:\n${logOf(workers)}`);
    await pause(200);
  }
}

/** An independent reader: the protocol alone, and nothing of spanmill. */
function judge(tickets, records, status) {
  const values = records.map(({ value }) => value);
  const proof = prove(
    tickets.map(({ id }) => id),
    values,
  );
  const { missing, unknown, repeated, different } = proof;
  show.step(
    "proof",
    `${grouped(total - missing.length)} of ${grouped(total)} tickets have a record, ${missing.length || "none"} missing`,
  );
  show.more(
    repeated === 0
      ? "no record came twice"
      : `${grouped(repeated)} of ${grouped(values.length)} records are copies, ${different === 0 ? "all byte for byte the same" : `${different} of them DIFFERENT`}`,
  );
  const isProved = missing.length + unknown.length + different + status === 0;
  if (!isProved)
    show.step("FAILED", `missing ${missing.slice(0, 5).join(", ")}; logs in ${pretty(options.folder)}`);
  return isProved ? 0 : 1;
}

/** Records that are out, and tickets that are not committed yet. */
async function look(admin, { tickets, documents, group }) {
  const [ends, out, [committed]] = await Promise.all([
    admin.fetchTopicOffsets(tickets),
    admin.fetchTopicOffsets(documents),
    admin.fetchOffsets({ groupId: group, topics: [tickets] }),
  ]);
  const done = new Map(
    committed.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
  );
  return {
    records: out.reduce((sum, { high }) => sum + Number(high), 0),
    lag: ends.reduce((sum, { partition, high }) => sum + Number(high) - (done.get(partition) ?? 0), 0),
  };
}

/** @returns whether it did: not while there are few to choose from and more to come. */
async function showSome(bootstrap, { documents }, isLast) {
  const { records } = await readTopic(bootstrap, documents);
  const some = records
    .map(({ value }) => JSON.parse(value.toString()))
    .filter(({ lenses }) => (lenses.ner?.spans.length ?? 0) > 0)
    .sort((a, b) => Math.min(b.lenses.ner.spans.length, 3) - Math.min(a.lenses.ner.spans.length, 3));
  if (some.length < SHOWN && !isLast) return false;
  show.step("records", "names in some tickets, with label and score:");
  for (const record of some.slice(0, SHOWN)) show.record(record);
  return true;
}

/** Names of their own where the broker is somebody else's. */
function topicNames() {
  const own = process.env.KAFKA_BOOTSTRAP ? `demo-${randomUUID().slice(0, 8)}` : "demo";
  const [tickets, documents, entities, letters] = ["tickets", "documents", "entities", "dead-letters"].map(
    (name) => `${own}.${name}`,
  );
  return { tickets, documents, entities, letters, group: own };
}

async function createTopics(admin, { tickets, documents, entities, letters }) {
  const topics = [tickets, documents, entities, letters].map((topic) => ({
    topic,
    numPartitions: topic === letters ? 1 : PARTITIONS,
    replicationFactor: -1,
  }));
  await admin.createTopics({ topics, waitForLeaders: true });
}

async function produce(client, topic, tickets) {
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
  const producer = client.producer({ createPartitioner, allowAutoTopicCreation: false });
  await producer.connect();
  for (let at = 0; at < tickets.length; at += 500) {
    await producer.send({
      topic,
      messages: tickets.slice(at, at + 500).map(({ key, value }) => ({ key, value })),
    });
  }
  await producer.disconnect();
}

function writeConfig(bootstrap, redisUrl, { tickets, documents, entities, letters, group }) {
  mkdirSync(options.folder, { recursive: true });
  const file = join(resolve(options.folder), "worker.yaml");
  const config = `source: kafka
sink: kafka
model: ${JSON.stringify(resolve(options.model))}
threads: 1
kafka:
  brokers: [${bootstrap}]
  group: ${group}
  topics: [${tickets}]
  session-timeout: 6s
  compression: gzip            # which the reader of the proof knows
channel:
  documents: ${documents}
  entities: ${entities}
  pos: ""
  chunks: ""
  dead-letters: ${letters}
cache: { kind: both }
redis: { url: "${redisUrl}", prefix: "${group}:" }
limit: { documents: 100 }
`;
  writeFileSync(file, config, { mode: 0o600 });
  return file;
}

function startWorker(number, config) {
  const log = openSync(join(options.folder, `worker-${number}.log`), "w");
  const child = spawn(process.execPath, [MAIN, "run", "--config", config], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", log],
    // Ctrl-C is for the demo, which then ends its workers.
    detached: true,
  });
  const { gone } = watchProcess(child.pid);
  let status;
  const closed = new Promise((kept) => {
    child.on("close", (code, signal) => {
      gone();
      status = code ?? signal;
      kept(status);
    });
  });
  const kill = (signal = "SIGKILL") => status === undefined && child.kill(signal);
  stops.push(async () => {
    kill("SIGKILL");
    await closed;
  });
  return {
    number,
    pid: child.pid,
    ended: () => status,
    kill,
    end: async () => {
      kill("SIGTERM");
      return closed;
    },
  };
}

async function stopAll() {
  isStopping = true;
  for (const stop of stops.splice(0).reverse()) await stop().catch(() => {});
}

function logOf(workers) {
  return workers
    .flatMap(({ number }) =>
      readFileSync(join(options.folder, `worker-${number}.log`), "utf8")
        .trim()
        .split("\n")
        .slice(-3),
    )
    .join("\n");
}

function pretty(path) {
  const short = relative(process.cwd(), resolve(path));
  return short.startsWith("..") ? resolve(path) : short;
}

function withoutPassword(url) {
  return url.replace(/\/\/[^@/]*@/, "//");
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function fail(message) {
  process.stderr.write(`demo: ${message}\n`);
  process.exit(2);
}
