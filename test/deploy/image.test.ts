/**
 * The image's file set, made by the script that the Dockerfile runs, in a folder where nothing else can be found. What
 * runs out of it has the user and the empty environment of a container.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { records, surfaces } from "../support/command.js";
import { composeSecrets } from "../support/compose-secrets.js";
import { produce } from "../support/kafka-members.js";
import { installedRedis } from "../support/servers/installed.js";
import { freePorts } from "../support/servers/ports.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { GaveUp, until } from "../support/servers/until.js";
import { watchProcess } from "../support/servers/watchdog.js";
import { temporaryFolder } from "../support/temporary.js";

const MOST_MEGABYTES = 250;

const FOLDER = temporaryFolder();
const IMAGE = join(FOLDER, "app");
const MAIN = join(IMAGE, "dist/src/main.js");
/** The one place that the container's user may write to. */
const DATA = join(FOLDER, "data");

const DOCKERFILE = readFileSync("Dockerfile", "utf8");
const [, USER] = /^USER (\d+):\d+$/m.exec(DOCKERFILE)!;
const CONTAINER = {
  cwd: DATA,
  env: {} as Record<string, string>,
  ...(process.getuid?.() === 0 ? { uid: Number(USER), gid: Number(USER) } : {}),
};

const children: ChildProcess[] = [];

beforeAll(() => {
  execFileSync(process.execPath, ["scripts/image-files.mjs", IMAGE]);
  mkdirSync(DATA);
  chmodSync(FOLDER, 0o755);
  chmodSync(DATA, 0o777);
});

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

function node(...args: string[]) {
  return promisify(execFile)(process.execPath, args, CONTAINER);
}

describe("the image's file set", () => {
  it(`has at most ${MOST_MEGABYTES} MB with the model, starts, and ends at SIGTERM`, () => {
    const args = ["scripts/image-size.mjs", IMAGE, "--starts", "1"];
    const report = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
    expect(report.megabytes.files).toBeLessThan(MOST_MEGABYTES);
    expect(report.milliseconds["start to ready"]).toBeGreaterThan(0);
  });

  it("labels files with the built-in model", async () => {
    writeFileSync(
      join(DATA, "in.jsonl"),
      `${JSON.stringify({ id: "a", text: "Katrin Vogel lives in Berlin." })}\n`,
    );
    await node(MAIN, "run", "in.jsonl", "--sink", "files");
    const [record] = records(readFileSync(join(DATA, "documents.jsonl"), "utf8"));
    expect(Object.keys(record.lenses)).toEqual(["ner", "pos", "chunk"]);
    expect(surfaces(record)).toEqual(expect.arrayContaining(["Katrin Vogel/PER", "Berlin/LOC"]));
    for (const name of ["entities", "pos", "chunks"]) {
      expect(records(readFileSync(join(DATA, `${name}.jsonl`), "utf8"))).toHaveLength(1);
    }
  });

  it("holds all that any of its modules imports, and the codecs", async () => {
    const program = `
      const { readdirSync } = await import("node:fs");
      const root = ${JSON.stringify(IMAGE)};
      let modules = 0;
      for (const file of readdirSync(root + "/dist/src", { recursive: true })) {
        if (!file.endsWith(".js") || file === "main.js") continue;
        await import(root + "/dist/src/" + file);
        modules++;
      }
      const { portable } = await import(root + "/dist/src/adapters/kafka/zstd.js");
      const squeezed = await portable().compress(Buffer.alloc(1000, "a"));
      console.log(modules > 150 && squeezed.length < 100);
      process.exit();`;
    expect((await node("--input-type=module", "-e", program)).stdout).toBe("true\n");
  });

  it("holds the native parts of this platform alone, and neither types, maps nor sources", () => {
    const files = readdirSync(IMAGE, { recursive: true }).map(String);
    const own = [`/${process.platform}/${process.arch}/`, `${process.platform}-${process.arch}`];
    const native = files.filter((file) => /\.(node|dll|dylib)$|\.so(\.\d+)*$/.test(file));
    expect(native.length).toBeGreaterThan(2);
    expect(native.filter((file) => !own.some((part) => file.includes(part)))).toEqual([]);
    expect(files.filter((file) => /cuda|tensorrt|\.map$|\.[cm]?ts$/i.test(file))).toEqual([]);
    expect(existsSync(join(IMAGE, "node_modules/onnxruntime-node"))).toBe(true);
    const foreign = ["typescript", "vitest", "@huggingface/transformers", "adm-zip", "@types"];
    expect(foreign.filter((name) => existsSync(join(IMAGE, "node_modules", name)))).toEqual([]);
  });

  it("is refused in a folder that holds something", () => {
    expect(() =>
      execFileSync(process.execPath, ["scripts/image-files.mjs", "src"], { stdio: "pipe" }),
    ).toThrow("not empty");
  });
});

describe("the Dockerfile", () => {
  it("asks the probe for the container's health", async () => {
    const [, line] = /^HEALTHCHECK [\s\S]*?CMD (\[.*\])$/m.exec(DOCKERFILE)!;
    const [, ...args] = JSON.parse(line!) as [string, ...string[]];
    const statusAt = (port: number) =>
      promisify(execFile)(process.execPath, args, { env: { SPANMILL_PROBES__PORT: String(port) } }).then(
        () => 0,
        ({ code }) => code,
      );
    const answers = { "/livez": 200 };
    const server = createServer(({ url }, response) => {
      response.writeHead(answers[url as "/livez"] ?? 404).end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const statuses = [await statusAt(port)];
    answers["/livez"] = 503;
    statuses.push(await statusAt(port));
    await new Promise((done) => server.close(done));
    expect([...statuses, await statusAt(port)]).toEqual([0, 1, 1]);
  });

  // As process 1 Node could not end itself by a signal, which it does while models load and where a thread hangs.
  it("has an init before Node, no shell, and no root", () => {
    expect(DOCKERFILE).toMatch(
      /^ENTRYPOINT \["\/usr\/bin\/tini", "--", "node", "\/app\/dist\/src\/main\.js"\]$/m,
    );
    expect(DOCKERFILE).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(Number(USER)).toBeGreaterThan(0);
    expect(DOCKERFILE.match(/^ARG NODE_IMAGE=(.*)$/m)?.[1]).toMatch(/^node:24-[a-z-]+$/);
  });
});

describe("the image with the settings of deploy/worker.yaml", () => {
  it("reads Kafka, asks the Redis of deploy/compose.yaml with its password, and writes every topic", async () => {
    const [{ bootstrap }, redis] = await Promise.all([sharedKafka(), composeRedis()]);
    const names = ["documents", "entities", "pos", "chunks", "dead-letters"];
    // The broker squeezes anew, so that records are read back without the worker's codec.
    const config = { "compression.type": "gzip" };
    const [input, ...outputs] = await Promise.all(
      ["input", ...names].map(() => freshTopic(bootstrap, 2, { config })),
    );
    const channels = names.map((name, at) => [
      `SPANMILL_CHANNEL__${name.replaceAll("-", "_").toUpperCase()}`,
      outputs[at]!,
    ]);
    const ticket = { id: "T-1", text: "The parcel from Leeds did not arrive." };
    await produce(bootstrap, input!, [
      { value: JSON.stringify(ticket) },
      { value: "not json", partition: 1 },
    ]);

    const worker = spawn(process.execPath, [MAIN, "run", "--config", resolve("deploy/worker.yaml")], {
      ...CONTAINER,
      env: {
        SPANMILL_KAFKA__BROKERS: bootstrap,
        SPANMILL_KAFKA__TOPICS: input!,
        SPANMILL_KAFKA__GROUP: freshGroup(),
        SPANMILL_REDIS__URL: `redis://127.0.0.1:${redis.port}/0`,
        SPANMILL_REDIS__PASSWORD_FILE: redis.passwordFile,
        ...Object.fromEntries(channels),
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.push(worker);
    let said = "";
    worker.stderr.setEncoding("utf8").on("data", (more: string) => {
      said += more;
    });
    const ended = new Promise((done) => worker.once("close", done));
    for (const topic of outputs) {
      await until("a record in each topic", async () => {
        if (worker.exitCode !== null) throw new GaveUp(`the worker ended: ${said}`);
        return (await readTopic(bootstrap, topic)).records.length === 1;
      });
    }
    expect(await redis.keys()).toBeGreaterThan(0);
    worker.kill("SIGTERM");
    expect(await ended).toBe(0);
  }, 180_000);
});

/** The Redis of deploy/compose.yaml by its own command, on a port and with paths of this machine. */
async function composeRedis() {
  const { services } = parse(readFileSync("deploy/compose.yaml", "utf8"));
  const { redis: program } = await installedRedis();
  const [port] = await freePorts(1);
  // Where the container's user may read it.
  const passwordFile = join(FOLDER, "redis-password");
  copyFileSync(join(composeSecrets(), "redis-password"), passwordFile);
  const [script] = services.redis.command as [string];
  const command = script
    .replaceAll("$$", "$")
    .replaceAll("/tmp/", `${FOLDER}/`)
    .replaceAll("/run/secrets/redis-password", passwordFile)
    .replace("exec redis-server", `exec ${program}`);
  const [shell, ...flags] = services.redis.entrypoint as [string, ...string[]];
  const place = `--port ${port} --bind 127.0.0.1 --dir ${FOLDER}`;
  const server = spawn(shell, [...flags, command.replace(" --save", ` ${place} --save`)], {
    stdio: "ignore",
  });
  children.push(server);
  const { gone } = watchProcess(server.pid!);
  server.once("exit", gone);
  const ask = (...words: string[]) =>
    promisify(execFile)("redis-cli", ["-p", String(port), ...words], {
      env: { ...process.env, REDISCLI_AUTH: readFileSync(passwordFile, "utf8").trim() },
    }).then(({ stdout }) => stdout.trim());
  await until("an answer of Redis", async () => (await ask("ping").catch(() => "")) === "PONG");
  return { port, passwordFile, keys: async () => Number(await ask("dbsize")) };
}
