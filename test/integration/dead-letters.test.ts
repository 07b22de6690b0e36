/** `spanmill dlq` on a real broker: what it lists, what it sends back, and what becomes of it. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { deadLetter } from "../../src/pipeline/dead-letters.js";
import { spanmill, start } from "../support/command.js";
import { EDITS, slowOutput } from "../support/fault/edits.js";
import { client, committed, produce } from "../support/kafka-members.js";
import { lookupFolder } from "../support/lookup-model.js";
import { type RawRecord, readTopic } from "../support/servers/raw-reader.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

async function pipeline() {
  const [input, documents, deadLetters] = await Promise.all([2, 1, 2].map((n) => freshTopic(bootstrap, n)));
  const names = { input: input!, documents: documents!, deadLetters: deadLetters!, group: freshGroup() };
  const kafka = ["--kafka-brokers", bootstrap, "--kafka-group", names.group];
  return { ...names, dlq: [...kafka, "--channel-dead-letters", names.deadLetters], kafka };
}
type Pipeline = Awaited<ReturnType<typeof pipeline>>;

/** Runs a worker until its group has so many offsets on record. */
async function work(
  { kafka, input, documents, deadLetters, group }: Pipeline,
  upTo: number,
  more: string[] = [],
) {
  const worker = start([
    ...["run", "--source", "kafka", "--sink", "kafka", "--kafka-topics", input, ...kafka],
    ...["--channel-documents", documents, "--channel-dead-letters", deadLetters, "--channel-entities", ""],
    ...["--channel-pos", "", "--channel-chunks", "", "--model", MODEL, "--threads", "1"],
    ...["--kafka-commit-interval", "100ms", "--kafka-compression", "gzip", ...more],
  ]);
  await until(`${upTo} documents done`, async () => {
    const offsets = await Promise.all([0, 1].map((p) => committed(bootstrap, input, group, p)));
    return offsets.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0) >= upTo;
  });
  worker.process.kill("SIGTERM");
  expect(await worker.finished).toMatchObject({ status: 0 });
}

/** The one codec that the raw reader knows. */
const GZIP = { SPANMILL_KAFKA__COMPRESSION: "gzip" };

async function recordsOf(topic: string): Promise<readonly RawRecord[]> {
  return (await readTopic(bootstrap, topic)).records;
}

async function dlq(args: readonly string[]) {
  const { status, stdout, stderr } = await spanmill(["dlq", ...args, "--json"], { env: GZIP });
  return { status, stderr, told: stdout === "" ? undefined : JSON.parse(stdout) };
}

function header({ headers }: RawRecord, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1]?.toString();
}

const LONG = JSON.stringify({ id: "long", text: `Alice wrote from Berlin. ${"And so on. ".repeat(60)}` });

async function withThreeLetters(): Promise<Pipeline> {
  const own = await pipeline();
  await produce(bootstrap, own.input, [
    { key: "k", value: LONG, partition: 1, timestamp: "1700000000000", headers: { origin: "mail" } },
    { key: "b", value: "not json", partition: 0 },
    { key: "c", value: '{"text":5}', partition: 1 },
    { key: "d", value: '{"id":"short","text":"Bob"}', partition: 0 },
  ]);
  await work(own, 4, ["--max-document-size", "200"]);
  return own;
}

describe("dead letters in a file", () => {
  it("keep every byte of key, value and headers on the way back to Kafka", async () => {
    const own = await pipeline();
    const letter = {
      key: Buffer.from([0xfe, 0]),
      value: Buffer.from([0xff, 0x0a, 0x80]),
      headers: [
        // Spring's count of attempts.
        ["retry_topic-attempts", Buffer.from([0, 0, 1, 0xff])],
        ["zero", Buffer.from([0, 0, 0, 2])],
        ["origin", Buffer.from("Müller ✉")],
        ["empty", Buffer.alloc(0)],
      ] as const,
    };
    const { key, value } = letter;
    await produce(bootstrap, own.input, [
      { key, value, partition: 0, headers: Object.fromEntries(letter.headers) },
    ]);
    const file = join(folder, "letters.jsonl");
    await work(own, 1, [
      "--sink",
      "files",
      "--channel-documents",
      join(folder, "d.jsonl"),
      "--channel-dead-letters",
      file,
    ]);
    const other = await freshTopic(bootstrap);
    const replayed = await dlq(["replay", file, "--kafka-brokers", bootstrap, "--to-topic", other]);
    expect(replayed).toMatchObject({ status: 0, told: { sent: 1 } });
    const [back] = await recordsOf(other);
    expect({ key: back!.key, value: back!.value }).toEqual({ key, value });
    const names = letter.headers.map(([name]) => name as string);
    expect(back!.headers.filter(([name]) => names.includes(name))).toEqual(letter.headers);
  }, 60_000);
});

describe("dead letters on a topic", () => {
  it("that are sent back when the cause is mended become records with their first revision, each once", async () => {
    const own = await withThreeLetters();
    const listed = await dlq(["list", ...own.dlq]);
    expect(listed.told.counts).toEqual({
      read: 3,
      chosen: 3,
      foreign: 0,
      byCode: { DOCUMENT_FIELD_MISSING: 1, DOCUMENT_NOT_JSON: 1, DOCUMENT_TOO_LARGE: 1 },
    });
    const [long] = listed.told.letters.filter(({ code }: { code: string }) => code === "DOCUMENT_TOO_LARGE");
    expect(long).toMatchObject({ from: { topic: own.input, partition: 1, offset: "0" }, bytes: LONG.length });
    const shown = await spanmill(["dlq", "show", long.place, ...own.dlq, "--value"]);
    expect(shown.stdout).toBe(LONG);

    const some = ["replay", ...own.dlq, "--code", "DOCUMENT_TOO_LARGE"];
    const trial = await dlq([...some, "--dry-run"]);
    expect(trial).toMatchObject({ status: 0, told: { dryRun: true, sent: 1, chosen: 1, read: 3 } });
    expect(await recordsOf(own.input)).toHaveLength(4);

    const first = await dlq(some);
    expect(first).toMatchObject({ status: 0, told: { sent: 1, sentTo: { [own.input]: 1 }, complete: true } });
    const second = await dlq(some);
    expect(second).toMatchObject({ status: 0, told: { sent: 0, read: 0, memory: first.told.memory } });
    const replayed = (await recordsOf(own.input)).filter((one) => header(one, "spanmill.original-revision"));
    expect(replayed.map(({ key, value }) => [String(key), String(value)])).toEqual([["k", LONG]]);
    expect(header(replayed[0]!, "origin")).toBe("mail");

    await work(own, 5);
    const records = (await recordsOf(own.documents)).map(({ value }) => JSON.parse(String(value)));
    expect(records.map(({ document_id }) => document_id).toSorted()).toEqual(["long", "short"]);
    const { revision } = records.find(({ document_id }) => document_id === "long");
    expect(revision).toBe("001700000000000-0000000001-0000000000000000000");
    const [written] = (await recordsOf(own.documents)).filter(({ value }) =>
      String(value).includes('"long"'),
    );
    expect(header(written!, "ce_time")).toBe(new Date(1_700_000_000_000).toISOString());
    expect(await recordsOf(own.deadLetters)).toHaveLength(3);
  }, 120_000);

  it("are chosen anew by each choice: what one replay passes over, another sends", async () => {
    const own = await withThreeLetters();
    const sent = async (...more: string[]) => (await dlq(["replay", ...own.dlq, ...more])).told.sent;
    expect(await sent("--code", "DOCUMENT_TOO_LARGE")).toBe(1);
    expect(await sent("--code", "DOCUMENT_NOT_JSON")).toBe(1);
    expect(await sent()).toBe(3);
    expect(await sent()).toBe(0);
    expect(await sent("--again")).toBe(3);
    expect(await sent("--max-failures", "1")).toBe(0);
    const other = await freshTopic(bootstrap);
    expect(await sent("--to-topic", other)).toBe(3);
    expect(await recordsOf(other)).toHaveLength(3);
    expect((await recordsOf(own.input)).length).toBe(4 + 8);
  }, 120_000);

  it("that fail again and again are left in the end", async () => {
    const own = await pipeline();
    await produce(bootstrap, own.input, [{ key: "b", value: "not json", partition: 0 }]);
    await work(own, 1);
    const sent: number[] = [];
    for (let round = 1; round <= 3; round++) {
      const { told } = await dlq(["replay", ...own.dlq]);
      sent.push(told.sent);
      if (told.sent > 0) await work(own, 1 + round);
      else expect(told.failedTooOften).toBe(1);
    }
    expect(sent).toEqual([1, 1, 0]);
    const letters = await recordsOf(own.deadLetters);
    expect(letters.map((letter) => header(letter, "spanmill.failures"))).toEqual(["1", "2", "3"]);
    expect(new Set(letters.map((letter) => header(letter, "spanmill.original-revision"))).size).toBe(1);
  }, 120_000);

  it("are read without a trace: no group is left, and messages of others are passed over", async () => {
    const own = await withThreeLetters();
    await produce(bootstrap, own.deadLetters, [{ value: "from elsewhere", partition: 1 }]);
    expect((await dlq(["list", ...own.dlq, "--origin", own.input])).told.counts).toMatchObject({
      read: 4,
      chosen: 3,
      foreign: 1,
    });
    const admin = client(bootstrap).admin();
    await admin.connect();
    const { groups } = await admin.listGroups();
    await admin.disconnect();
    expect(groups.map(({ groupId }) => groupId).filter((name) => name.startsWith(own.group))).toEqual([
      own.group,
    ]);
  }, 120_000);

  it("are read to their end behind markers of transactions", async () => {
    const own = await withThreeLetters();
    await produce(bootstrap, own.deadLetters, [{ value: "from elsewhere", partition: 0 }], freshGroup());
    expect((await dlq(["list", ...own.dlq])).told.counts).toMatchObject({ read: 4, foreign: 1 });
  }, 120_000);

  it("cannot be read where there are none, and the message says what to do", async () => {
    const absent = await dlq(["list", "--kafka-brokers", bootstrap, "--channel-dead-letters", "absent"]);
    expect(absent).toMatchObject({ status: 5, stderr: expect.stringContaining("No such topic") });
    const own = await withThreeLetters();
    const gone = await dlq(["show", "0/99", ...own.dlq]);
    expect(gone).toMatchObject({ status: 5, stderr: expect.stringContaining("there is no such message") });
    const nowhere = await dlq(["replay", ...own.dlq, "--to-topic", "absent"]);
    expect(nowhere).toMatchObject({ status: 6, stderr: expect.stringContaining("absent") });
    expect((await dlq(["replay", ...own.dlq])).told.sent).toBe(3);
  }, 120_000);
});

/** Letters as a worker writes them, of documents `0` to `count - 1` on a topic of its own. */
async function manyLetters(count: number): Promise<Pipeline> {
  const own = await pipeline();
  const failure = { code: "DOCUMENT_NOT_JSON", reason: "no", stage: "VALUE_CONVERTER", attempts: 0 } as const;
  const reporter = { source: "/s", version: "0", pipelineDigest: "d" };
  const letters = Array.from({ length: count }, (_, i) => {
    const place = { topic: own.input, partition: i % 2, offset: String(i) };
    const source = {
      place,
      key: Buffer.from(`k${i}`),
      value: Buffer.from(`${i}`),
      headers: [],
      timestamp: i,
    };
    const { key = null, value = null, headers } = deadLetter(source, failure, reporter, 0);
    return { key, value, headers: Object.fromEntries(headers), partition: i % 2 };
  });
  for (let at = 0; at < count; at += 500) {
    await produce(bootstrap, own.deadLetters, letters.slice(at, at + 500));
  }
  return own;
}

describe("a replay that is cut short", () => {
  const COUNT = 4_000;
  /** So slow that the signal comes before the last one. */
  const replay = ({ dlq }: Pipeline) =>
    start(["dlq", "replay", ...dlq, "--json"], {
      preload: ["fault/edit-source.js"],
      env: { ...GZIP, [EDITS]: JSON.stringify([slowOutput(500)]) },
    });

  async function valuesOf({ input }: Pipeline): Promise<string[]> {
    return (await recordsOf(input)).map(({ value }) => String(value));
  }

  function underWay(own: Pipeline): Promise<unknown> {
    return until("some documents", async () => (await valuesOf(own)).length > 0, { everyMs: 5 });
  }

  it("by kill -9 is gone on with: nothing is lost, and only the last few go out twice", async () => {
    const own = await manyLetters(COUNT);
    const first = replay(own);
    await underWay(own);
    first.process.kill("SIGKILL");
    await first.finished;
    let before = (await valuesOf(own)).length;
    let isSettled = false;
    expect(before).toBeLessThan(COUNT);
    // The member that was killed is missed after its session.
    const second = await until(
      "the next replay",
      async () => {
        const tried = await dlq(["replay", ...own.dlq]);
        if (tried.status === 0) return tried;
        expect(tried.stderr).toContain("Another process is at the same work");
        // The broker may have appended what the process that was killed had sent.
        if (!isSettled) before = (await valuesOf(own)).length;
        isSettled = true;
        return false;
      },
      { withinMs: 60_000, everyMs: 500 },
    );
    const values = await valuesOf(own);
    expect(new Set(values).size).toBe(COUNT);
    expect(values.length).toBe(before + second.told.sent);
    expect(values.length - COUNT).toBeLessThanOrEqual(200);
  }, 180_000);

  it("by Ctrl-C says so, and the next one sends the rest and nothing twice", async () => {
    const own = await manyLetters(COUNT);
    const first = replay(own);
    await underWay(own);
    first.process.kill("SIGINT");
    const { status, stdout } = await first.finished;
    expect(status).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ complete: false });
    const second = await dlq(["replay", ...own.dlq]);
    expect(JSON.parse(stdout).sent + second.told.sent).toBe(COUNT);
    expect((await valuesOf(own)).toSorted()).toEqual(
      Array.from({ length: COUNT }, (_, i) => `${i}`).toSorted(),
    );
  }, 180_000);
});
