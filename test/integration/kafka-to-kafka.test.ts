/** `spanmill run` as its users run it, from a real broker to a real broker, read back by Kafka's protocol alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type RunOptions, type Started, spanmill, start } from "../support/command.js";
import { EDITS, slowOutput } from "../support/fault/edits.js";
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
  readonly group: string;
  readonly documents: string;
  readonly entities: string;
  readonly pos: string;
  readonly deadLetters: string;
  readonly config: string;
}

/** Fresh topics and a group, and the configuration file that names them. */
async function pipeline(): Promise<Pipeline> {
  const [input, documents, entities, pos, deadLetters] = await Promise.all(
    [3, 2, 2, 1, 1].map((partitions) => freshTopic(bootstrap, partitions)),
  );
  const names = {
    input: input!,
    documents: documents!,
    entities: entities!,
    pos: pos!,
    deadLetters: deadLetters!,
  };
  const group = freshGroup();
  const config = join(folder, `${group}.yaml`);

  writeFileSync(
    config,
    `source: kafka
sink: kafka
model: ${MODEL}
threads: 1
kafka:
  brokers: [${bootstrap}]
  group: ${group}
  topics: [${names.input}]
  session-timeout: 6s
  commit-interval: 100ms
  compression: gzip
channel:
  documents: ${names.documents}
  entities: ${names.entities}
  pos: ${names.pos}
  chunks: ""
  dead-letters: ${names.deadLetters}
`,
  );
  return { ...names, group, config };
}

/** A process that ends before the test asks for it fails the test with what it said. */
function run({ config }: Pipeline, args: readonly string[] = [], options: RunOptions = {}): Started {
  const started = start(["run", "--config", config, ...args], options);
  ended = undefined;
  void started.finished.then(({ stderr }) => {
    ended = stderr;
  });
  return started;
}

let ended: string | undefined;

function stillRuns(): void {
  if (ended !== undefined) throw new GaveUp(`the worker ended: ${ended}`);
}

function tickets(from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) => ({
    key: `k${from + i}`,
    value: JSON.stringify({ id: `t-${from + i}`, text: `Alice wrote ${from + i} letters from Berlin.` }),
    partition: (from + i) % 3,
  }));
}

async function recordsOf(topic: string): Promise<readonly RawRecord[]> {
  return (await readTopic(bootstrap, topic)).records;
}

async function idsOf(topic: string): Promise<string[]> {
  return (await recordsOf(topic)).map(({ value }) => JSON.parse(String(value)).document_id);
}

/** Kept when the topic has records of so many documents. */
function arrived(topic: string, documents: number): Promise<unknown> {
  const ask = async () => {
    stillRuns();
    return new Set(await idsOf(topic)).size >= documents;
  };
  return until(`${documents} documents in a topic`, ask, { withinMs: 45_000, everyMs: 100 });
}

async function committedIn({ input, group }: Pipeline): Promise<number> {
  const offsets = await Promise.all([0, 1, 2].map((p) => committed(bootstrap, input, group, p)));
  return offsets.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

describe("documents of a topic", () => {
  it("come out as records on every topic that is on; a restart reads none again", async () => {
    const own = await pipeline();
    await produce(bootstrap, own.input, tickets(0, 30));
    const first = run(own);
    await Promise.all([own.documents, own.entities, own.pos].map((topic) => arrived(topic, 30)));
    first.process.kill("SIGTERM");
    expect(await first.finished).toMatchObject({ status: 0, stdout: "" });
    expect(await committedIn(own)).toBe(30);

    await produce(bootstrap, own.input, tickets(30, 33));
    const second = run(own);
    await arrived(own.pos, 33);
    second.process.kill("SIGTERM");
    expect(await second.finished).toMatchObject({ status: 0 });
    for (const topic of [own.documents, own.entities, own.pos]) {
      const ids = await idsOf(topic);
      expect(ids.toSorted()).toEqual(Array.from({ length: 33 }, (_, i) => `t-${i}`).toSorted());
    }
    const [record] = await recordsOf(own.entities);
    const body = JSON.parse(String(record!.value));
    const labels = body.lenses.ner.spans.map(({ label }: { label: string }) => label);
    expect(labels).toEqual(["PER", "LOC"]);
    expect(String(record!.key)).toBe(`k${body.document_id.slice(2)}`);
    expect(record!.headers.map(([name]) => name)).toContain("ce_type");
    const [words] = await recordsOf(own.pos);
    expect(JSON.parse(String(words!.value)).words.start.length).toBeGreaterThan(5);
    expect(await recordsOf(own.deadLetters)).toEqual([]);
  }, 90_000);

  it("are all there after kill -9 in the middle, and what comes twice is byte for byte the same", async () => {
    const own = await pipeline();
    const count = 3_000;
    await produce(bootstrap, own.input, tickets(0, count));
    // So slow that it is killed before the last one.
    const first = run(own, ["--limit-documents", "100"], {
      preload: ["fault/edit-source.js"],
      env: { [EDITS]: JSON.stringify([slowOutput(250)]) },
    });
    await until(
      "some records",
      async () => {
        stillRuns();
        return (await recordsOf(own.documents)).length > 0;
      },
      { everyMs: 10, withinMs: 25_000 },
    );
    first.process.kill("SIGKILL");
    await first.finished;
    const before = (await recordsOf(own.documents)).length;
    expect(before).toBeLessThan(count);
    const second = run(own);
    await arrived(own.documents, count);
    await until("all committed", async () => (await committedIn(own)) === count);
    second.process.kill("SIGTERM");
    expect(await second.finished).toMatchObject({ status: 0 });
    for (const topic of [own.documents, own.entities, own.pos]) {
      const records = await recordsOf(topic);
      const byId = new Map<string, string>();
      for (const { value } of records) {
        const text = String(value);
        const { record_id } = JSON.parse(text);
        expect(byId.get(record_id) ?? text).toBe(text);
        byId.set(record_id, text);
      }
      expect(byId.size).toBe(count);
    }
  }, 180_000);

  it("that cannot be read are dead letters, with the very bytes that came", async () => {
    const own = await pipeline();
    const bad = Buffer.from([0x7b, 0xff, 0x00, 0x0a]);
    const headers = { origin: "mail" };
    await produce(bootstrap, own.input, [
      { key: "bad", value: bad, headers, partition: 0 },
      { key: "worse", value: '{"id":"x","text":5}', partition: 0 },
      ...tickets(0, 3),
    ]);
    const worker = run(own);
    await arrived(own.documents, 3);
    await until("all committed", async () => (await committedIn(own)) === 5);
    worker.process.kill("SIGTERM");
    const { status, stderr } = await worker.finished;
    expect(status).toBe(0);
    const letters = await recordsOf(own.deadLetters);
    const told = letters.map(({ key, headers }) => [
      String(key),
      String(headers.find(([name]) => name === "spanmill.error-code")?.[1]),
    ]);
    expect(told.toSorted()).toEqual([
      ["bad", "DOCUMENT_NOT_UTF8"],
      ["worse", "DOCUMENT_FIELD_MISSING"],
    ]);
    const letter = letters.find(({ key }) => String(key) === "bad")!;
    expect(letter.value).toEqual(bad);
    expect(letter.headers.find(([name]) => name === "origin")?.[1]).toEqual(Buffer.from("mail"));
    expect(stderr).toContain('"event":"dead-letter"');
    expect(await idsOf(own.documents)).toHaveLength(3);
  }, 90_000);
});

describe("--dry-run", () => {
  it("tells what there is, joins no group and reads nothing", async () => {
    const own = await pipeline();
    await produce(bootstrap, own.input, tickets(0, 4));
    const { status, stdout } = await spanmill(["run", "--config", own.config, "--dry-run", "--json"]);
    const { checks } = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(checks[0]).toEqual({
      check: "source",
      status: "ok",
      finding: `topic ${own.input}: 3 partitions, 4 messages unread by group ${own.group}`,
    });
    expect(checks.map(({ check }: { check: string }) => check)).toEqual(
      expect.arrayContaining(["model", "cache", "sink"]),
    );
    expect(await recordsOf(own.documents)).toEqual([]);
    expect(await committedIn(own)).toBe(0);
  }, 60_000);

  it("warns of topics whose settings do not go with the worker's", async () => {
    const own = await pipeline();
    const other = await freshTopic(bootstrap, 1, { config: { "compression.type": "zstd" } });
    const same = await freshTopic(bootstrap, 1, { config: { "compression.type": "gzip" } });
    const small = await freshTopic(bootstrap, 1, { config: { "max.message.bytes": "20000" } });
    const dryRun = async (...flags: string[]) => {
      const { stdout } = await spanmill(["run", "--config", own.config, "--dry-run", "--json", ...flags]);
      return JSON.parse(stdout).checks.filter(({ status }: { status: string }) => status === "warning");
    };
    const topics = ["--channel-documents", other, "--channel-entities", same];
    expect(await dryRun(...topics, "--channel-dead-letters", small)).toMatchObject([
      {
        check: "sink",
        finding: expect.stringMatching(`${other} .* zstd .* gzip.*--kafka-compression to zstd`),
      },
      { check: "sink", finding: expect.stringMatching(`dead letters .* ${small} .*--max-document-size`) },
    ]);
    expect(await dryRun("--max-document-size", "1000kB")).toEqual([]);
  }, 60_000);

  it("has every codec read what it wrote, and names the one whose library does not load", async () => {
    const own = await pipeline();
    const dryRun = async (env: Record<string, string>) => {
      const args = ["run", "--config", own.config, "--dry-run", "--json"];
      const { status, stdout } = await spanmill(args, { env });
      const { checks } = JSON.parse(stdout);
      return { status, codecs: checks.find(({ check }: { check: string }) => check === "codecs") };
    };
    const finding = expect.stringContaining("gzip, snappy, lz4, zstd");
    expect(await dryRun({})).toEqual({ status: 0, codecs: { check: "codecs", status: "ok", finding } });
    // Has these libraries look for a build that is not there.
    const without = { NAPI_RS_FORCE_WASI: "error" };
    expect(await dryRun(without)).toMatchObject({
      status: 5,
      codecs: {
        status: "failed",
        code: "KAFKA_CODEC_MISSING",
        finding: expect.stringMatching(/snappy .*lz4/),
      },
    });
    const { status, stderr } = await spanmill(["run", "--config", own.config], { env: without });
    expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining("KAFKA_CODEC_MISSING") });
  }, 60_000);

  it("finds all that is wrong in one go", async () => {
    const own = await pipeline();
    const { status, stdout } = await spanmill([
      ...["run", "--config", own.config, "--dry-run", "--json", "--kafka-topics", "absent-in"],
      ...["--channel-entities", "absent-out", "--label-only", "PERSON"],
    ]);
    const failed = JSON.parse(stdout).checks.filter(({ status }: { status: string }) => status === "failed");
    expect(failed.map(({ check, code }: { check: string; code: string }) => [check, code])).toEqual([
      ["source", "KAFKA_CONSUMER_FAILED"],
      ["model", "USAGE"],
      ["sink", "SINK_TOPIC_MISSING"],
    ]);
    expect(status).toBe(5);
  }, 60_000);
});
