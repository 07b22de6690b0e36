import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { records, type Started, spanmill, start, surfaces } from "../support/command.js";
import { type Family, parseExposition, sampleOf } from "../support/exposition.js";
import { lookupFolder } from "../support/lookup-model.js";
import type { RecordedSpan } from "../support/recorded-spans.js";
import { sharedRedis } from "../support/servers/shared.js";
import { until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

const RUN = ["run", "--model", lookupFolder(), "--threads", "1"];
const folder = temporaryFolder();

function line(id: string, text: string): string {
  return JSON.stringify({ id, text });
}

function read(path: string) {
  return records(readFileSync(path, "utf8"));
}

/** The lines of the log. */
const log = records;

describe("the worker on files", () => {
  it("reads files and writes a file a channel; dead letters keep the bytes that came", async () => {
    const cwd = temporaryFolder();
    const input = join(folder, "in.jsonl");
    writeFileSync(input, `${line("a", "Alice left Berlin")}\nnot json\n${line("b", "Bob")}\n`);
    const channels = ["--channel-chunks", "", "--layout", "rows"];
    const { status, stdout, stderr } = await spanmill([...RUN, input, "--sink", "files", ...channels], {
      cwd,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
    expect(read(join(cwd, "documents.jsonl")).map((row) => row.document_id)).toEqual(["a", "b"]);
    expect(read(join(cwd, "entities.jsonl")).map((row) => row.label)).toEqual(["PER", "LOC", "PER"]);
    expect(existsSync(join(cwd, "chunks.jsonl"))).toBe(false);
    const [letter] = read(join(cwd, "dead-letters.jsonl"));
    expect(Buffer.from(letter.value, "base64").toString()).toBe("not json");
    expect(Object.fromEntries(letter.headers)).toMatchObject({
      "spanmill.error-code": "DOCUMENT_NOT_JSON",
      "__connect.errors.topic": input,
      "__connect.errors.offset": "2",
    });
    const events = ["started", "ready", "dead-letter", "worker-ended", "stopped"];
    expect(log(stderr).map(({ event }) => event)).toEqual(events);
    expect(log(stderr)[0]).toMatchObject({ source: "files", sink: "files", cache: "memory", threads: 1 });
    expect(log(stderr).at(-1)).toMatchObject({ level: "info", service: "spanmill", exit: 0 });
    expect(stderr).not.toContain("not json");
  });

  it("reads standard input and writes standard output", async () => {
    const { status, stdout } = await spanmill(RUN, { input: `${line("a", "Alice left New York")}\n` });
    expect(status).toBe(0);
    expect(records(stdout).map(surfaces)).toEqual([["Alice/PER", "New York/LOC"]]);
  });

  it("reads subject and body from where the settings say, and publishes labels as they say", async () => {
    const config = join(folder, "fields.yaml");
    writeFileSync(
      config,
      "input: {subject: mail.subject, body: /mail/body, id: key}\nlabel: {only: [PER, LOC], rename: {LOC: PLACE}}\n",
    );
    const mail = { subject: "From Berlin", body: "Alice works at Acme." };
    const { stdout } = await spanmill([...RUN, "--config", config], {
      input: JSON.stringify({ key: 7, mail }),
    });
    const [record] = records(stdout);
    expect(record.document_id).toBe("7");
    expect(record.segments.map(({ kind }: { kind: string }) => kind)).toEqual(["subject", "body"]);
    expect(surfaces(record)).toEqual(["Berlin/PLACE", "Alice/PER"]);
  });

  it("stops at the first document that cannot be read where dead letters are off", async () => {
    const { status, stdout, stderr } = await spanmill([...RUN, "--channel-dead-letters", ""], {
      input: "not json\n",
    });
    expect({ status, stdout }).toEqual({ status: 12, stdout: "" });
    const failed = log(stderr).filter(({ level }) => level === "fatal");
    expect(failed).toMatchObject([{ event: "failed", code: "DEAD_LETTER_SHARE" }]);
    expect(failed[0].reason).toContain("DOCUMENT_NOT_JSON");
    expect(failed[0].reason).toContain("--channel-dead-letters");
    expect(log(stderr).at(-1)).toMatchObject({ event: "stopped", exit: 12 });
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "finishes what is in flight at %s and ends well",
    async (signal) => {
      const run = start(RUN);
      run.process.stdin.write(`${line("a", "Alice")}\n${line("b", "Bob")}\n`);
      await run.until(({ stdout }) => records(stdout.slice(0, stdout.lastIndexOf("\n") + 1)).length === 2);
      // Standard input stays open: only the signal can end it.
      run.process.kill(signal);
      const { status, stdout, stderr } = await run.finished;
      expect(status).toBe(0);
      expect(records(stdout)).toHaveLength(2);
      expect(log(stderr).slice(-4)).toMatchObject([
        { event: "signal", signal, count: 1 },
        { event: "worker-draining" },
        { event: "worker-ended", reason: "drained", abandoned: 0 },
        { event: "stopped", exit: 0 },
      ]);
    },
  );

  it("names a label that no model has before anything is written", async () => {
    const output = join(folder, "kept.jsonl");
    writeFileSync(output, "kept\n");
    const sink = ["--sink", "files", "--channel-documents", output, "--channel-entities", ""];
    const off = ["--channel-pos", "", "--channel-chunks", "", "--label-only", "PRE"];
    const { status, stderr } = await spanmill([...RUN, ...sink, ...off], { input: line("a", "Alice") });
    expect(status).toBe(2);
    expect(stderr).toContain("--label-only: no model has the label PRE; did you mean PER?");
    expect(readFileSync(output, "utf8")).toBe("kept\n");
  });
});

describe("the log of the worker", () => {
  it("has a line a document at debug, and of a failure alone at fatal", async () => {
    const input = `${line("a", "Alice")}\nnot json\n`;
    const events = async (level: string) => {
      const { stderr } = await spanmill([...RUN, "--log-level", level, "--instance", "w-7"], {
        input,
        cwd: folder,
      });
      return log(stderr);
    };
    const debug = await events("debug");
    expect(debug.filter(({ event }) => event === "document-done")).toHaveLength(2);
    expect(new Set(debug.map(({ instance }) => instance))).toEqual(new Set(["w-7"]));
    expect(await events("fatal")).toEqual([]);
  });

  it("tells of a signal that comes while the models are loaded, which ends the process at once", async () => {
    const run = start([...RUN, "--probes-port", "0"], {
      preload: ["held-threads.js"],
      env: { HELD: join(temporaryFolder(), "never") },
    });
    await run.until(({ stderr }) => stderr.includes('"event":"probes-open"'));
    run.process.kill("SIGTERM");
    const { status, stderr } = await run.finished;
    expect(status).toBe(130);
    expect(log(stderr).slice(1)).toMatchObject([
      { event: "signal", signal: "SIGTERM", count: 1 },
      { event: "stopped", exit: 130 },
    ]);
  });

  it("leaves a failure to plain text where it is silent", async () => {
    const args = ["--log-level", "silent", "--channel-dead-letters", ""];
    const { status, stderr } = await spanmill([...RUN, ...args], { input: "not json\n" });
    expect(status).toBe(12);
    expect(stderr).toMatch(/^spanmill: [^\n]*DOCUMENT_NOT_JSON[^\n]*\n$/);
  });

  it("tells a defect that nobody waits for by its place, once, and how the process ended", async () => {
    const { status, stderr } = await spanmill(RUN, {
      input: `${line("a", "Alice")}\n`,
      preload: ["throwing.js"],
      env: { THROWING: "later" },
    });
    expect(status).toBe(1);
    expect(log(stderr).filter(({ event }) => event === "failed")).toMatchObject([{ code: "INTERNAL" }]);
    expect(log(stderr).at(-1)).toMatchObject({ event: "stopped", exit: 1 });
    expect(stderr).not.toContain("Alice");
  });
});

describe("spans", () => {
  it.each([
    ["document", [[1], [1]]],
    ["batch", [[1]]],
    ["none", []],
  ] as const)("go to an SDK that the process has: %s", async (traces, ends) => {
    const file = join(folder, `${traces}.spans.json`);
    const { status } = await spanmill([...RUN, "--traces", traces], {
      input: `${line("a", "Alice")}\n${line("b", "Bob")}\n`,
      preload: ["recording-sdk.js"],
      env: { SPANS: file },
    });
    expect(status).toBe(0);
    const spans: RecordedSpan[] = JSON.parse(readFileSync(file, "utf8"));
    expect(spans.map(({ ends }) => [ends])).toEqual(ends);
    for (const { attributes, status } of spans) {
      expect(attributes).toMatchObject({ "messaging.system": "file" });
      expect(status).toEqual([]);
    }
  });
});

describe("a cache", () => {
  it("of both tiers is counted, and its state told", async () => {
    const { url } = await sharedRedis();
    const cache = ["--cache-kind", "both", "--redis-url", url, "--redis-prefix", `${randomUUID()}:`];
    const run = start([...RUN, ...cache, "--redis-timeout", "5s", "--probes-port", "0"]);
    await run.until(({ stderr }) => stderr.includes('"event":"redis-state"'));
    run.process.stdin.write(`${line("a", "Alice")}\n`);
    await run.until(({ stdout }) => records(stdout).length === 1);
    run.process.stdin.write(`${line("b", "Alice")}\n`);
    await run.until(({ stdout }) => stdout.endsWith("\n") && records(stdout).length === 2);
    let families: readonly Family[] = [];
    const value = (name: string, labels: Record<string, string>) =>
      sampleOf(families, `spanmill_${name}`, labels);
    // Nobody waits for what is written to the cache.
    await until("the answer in Redis", async () => {
      families = parseExposition(await (await ask(run, "/metrics")).text());
      return value("cache_writes_total", { tier: "redis", result: "written" }) === 1;
    });
    expect(value("cache_lookups_total", { tier: "memory", result: "miss" })).toBe(1);
    expect(value("cache_lookups_total", { tier: "memory", result: "hit" })).toBe(1);
    expect(value("cache_lookups_total", { tier: "redis", result: "miss" })).toBe(1);
    expect(value("cache_writes_total", { tier: "redis", result: "written" })).toBe(1);
    expect(value("redis_state", { state: "closed" })).toBe(1);
    run.process.stdin.end();
    expect(await run.finished).toMatchObject({ status: 0 });
  });

  it("that is away degrades the worker and does not stop it", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    const cache = ["--cache-kind", "redis", "--redis-url", `redis://127.0.0.1:${port}/0`];
    const run = start([...RUN, ...cache, "--probes-port", "0"]);
    await run.until(({ stderr }) => /"event":"redis-trouble","code":"ECONNREFUSED"/.test(stderr));
    await run.until(({ stderr }) => stderr.includes('"event":"ready"'));
    const ready = await ask(run, "/readyz");
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 200,
      body: { status: "degraded", reasons: ["redis-away"] },
    });
    run.process.stdin.end(`${line("a", "Alice")}\n`);
    const { status, stdout } = await run.finished;
    expect({ status, count: records(stdout).length }).toEqual({ status: 0, count: 1 });
  });
});

describe("probes", () => {
  it("that cannot listen end the run before anything is read or written", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const cwd = temporaryFolder();
    const args = ["--sink", "files", "--probes-port", String(port)];
    const { status, stderr } = await spanmill([...RUN, ...args], { input: line("a", "Alice"), cwd });
    taken.close();
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^spanmill: .*port ${port} \\(EADDRINUSE\\)`));
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("answer while documents come", async () => {
    const run = start([...RUN, "--probes-port", "0"]);
    await run.until(({ stderr }) => stderr.includes('"event":"ready"'));
    const ready = await ask(run, "/readyz");
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 200,
      body: { status: "ok", reasons: [] },
    });
    run.process.stdin.end(`${line("a", "Alice")}\n`);
    expect(await run.finished).toMatchObject({ status: 0 });
  });
});

/** Asks the probes of a process that has told where they are. */
async function ask(run: Started, path: string): Promise<Response> {
  let told = "";
  await run.until(({ stderr }) => {
    told = stderr;
    return true;
  });
  const { host, port } = log(told).find(({ event }) => event === "probes-open");
  return fetch(`http://${host}:${port}${path}`);
}
