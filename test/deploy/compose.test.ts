/** deploy/compose.yaml cannot be run without Docker; what can be said about it without is said here. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseCommandLine } from "../../src/cli/command-line.js";
import type { RunOptions } from "../../src/config/options.js";
import { outputsOf } from "../../src/config/worker-outputs.js";
import { composeSecrets } from "../support/compose-secrets.js";

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
  readonly deploy: { readonly resources: { readonly limits: Readonly<Record<string, unknown>> } };
}

const compose = parse(readFileSync("deploy/compose.yaml", "utf8"), { strict: true, uniqueKeys: true });
const services: Readonly<Record<string, Service>> = compose.services;
const { worker, kafka, topics, redis } = services as Record<string, Service> & {
  worker: Service;
  kafka: Service;
  topics: Service;
  redis: Service;
};

/** What the worker of the compose file is started with, through the whole command line: table, file, lint. */
function workerOptions(): RunOptions {
  const mounts = new Map(
    (worker.volumes ?? []).map((volume) => volume.split(":").slice(0, 2).toReversed() as [string, string]),
  );
  const readFile = (path: string) => readFileSync(join("deploy", mounts.get(path)!), "utf8");
  const command = parseCommandLine(worker.command!, worker.environment ?? {}, readFile, "0");
  if (command.name !== "run") throw new Error(`the worker is started as ${command.name}`);
  return command.options;
}

describe("deploy/compose.yaml", () => {
  it("starts the worker with settings that pass its own checks", () => {
    expect(workerOptions()).toMatchObject({ source: "kafka", sink: "kafka", cacheKind: "both" });
  });

  it("finds the image's own variables known, and asks the probes for its health", () => {
    const text = readFileSync("Dockerfile", "utf8").replaceAll(/^#.*$/gm, "");
    const variables = [...text.matchAll(/\b(SPANMILL_\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]);
    const command = parseCommandLine(["run"], Object.fromEntries(variables), () => "", "0");
    expect(command).toMatchObject({ options: { probesPort: 9464, probesHost: "127.0.0.1" } });
  });

  it("creates every topic that the worker names", () => {
    const options = workerOptions();
    const [, created] = /for topic in (.*); do/.exec(topics.command![0]!)!;
    expect(created!.split(" ").toSorted()).toEqual(
      [...options.kafkaTopics, ...Object.values(outputsOf(options))].toSorted(),
    );
  });

  it("calls servers by the names and ports of its services", () => {
    const { kafkaBrokers, redisUrl } = workerOptions();
    expect(kafkaBrokers).toEqual(["kafka:9092"]);
    expect(kafka.environment!.KAFKA_ADVERTISED_LISTENERS).toContain("INTERNAL://kafka:9092");
    expect(new URL(redisUrl!).hostname in services).toBe(true);
  });

  it("mounts what exists, and gives the worker each secret that its settings name", () => {
    for (const { volumes = [] } of Object.values(services)) {
      for (const [source] of volumes.map((volume) => volume.split(":"))) {
        if (source!.startsWith(".")) expect(existsSync(join("deploy", source!)), source).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
    const named = Object.entries(workerOptions())
      .filter(([key, value]) => /(password|username|key)File$/i.test(key) && value !== undefined)
      .map(([, value]) => String(value));
    expect(named).toEqual(worker.secrets!.map((name) => `/run/secrets/${name}`));
    expect(redis.secrets).toEqual(worker.secrets);
  });

  it("says how to make each secret, which git then does not see", () => {
    const made = [composeSecrets(), composeSecrets()];
    const secrets: Record<string, { file: string }> = compose.secrets;
    for (const { file } of Object.values(secrets)) {
      const path = join("deploy", file.replace(/\$\{\w+:-(.*?)\}/, "$1"));
      const contents = made.map((folder) => readFileSync(join(folder, basename(path)), "utf8"));
      expect(contents[0]).toMatch(/^[\w+/]{24}\n$/);
      expect(contents[0]).not.toBe(contents[1]);
      const rules = readFileSync(join(dirname(path), ".gitignore"), "utf8").split("\n");
      expect(rules).toContain("*");
      expect(rules).not.toContain(`!${basename(path)}`);
    }
  });

  it("waits for what must be there first", () => {
    expect(worker.depends_on).toMatchObject({
      kafka: { condition: "service_healthy" },
      topics: { condition: "service_completed_successfully" },
    });
    expect(topics.depends_on).toMatchObject({ kafka: { condition: "service_healthy" } });
    for (const service of [kafka, redis]) expect(service.healthcheck).toBeDefined();
  });

  it("gives nobody more than is needed", () => {
    for (const [name, service] of Object.entries(services)) {
      expect(service.image, name).not.toMatch(/:latest$/);
      expect(service.cap_drop, name).toEqual(["ALL"]);
      expect(service.security_opt, name).toContain("no-new-privileges:true");
      expect(Object.keys(service.deploy.resources.limits), name).toEqual(["cpus", "memory", "pids"]);
      for (const port of service.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    }
    expect([worker.read_only, redis.read_only]).toEqual([true, true]);
  });

  it("leaves the worker longer than it takes to drain", () => {
    const { limitDrainDeadline } = workerOptions();
    expect(Number.parseInt(worker.stop_grace_period!, 10) * 1000).toBeGreaterThan(limitDrainDeadline);
  });
});
