/** A worker's parts, each opened, looked at and closed: no group is joined, nothing is read or written. */
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import { openTagger } from "../compose.js";
import { SpanmillError, systemCode } from "../errors.js";
import type { Finding, Look } from "./finding.js";
import { lookAtCodecs, lookAtKafkaSink, lookAtKafkaSource } from "./kafka-check.js";
import { openCache, openSource, taggerSettingsOf, workerSettings } from "./worker.js";
import type { CacheEvent, WorkerHooks, WorkerSetup } from "./worker-setup.js";

/** Never rejects for what it looks at: all that is wrong is found in one go. */
export async function checkWorker(setup: WorkerSetup, hooks: WorkerHooks): Promise<readonly Finding[]> {
  return [
    ...(await checked("source", () => lookAtSource(setup, hooks))),
    ...(usesKafka(setup) ? await checked("codecs", lookAtCodecs) : []),
    ...(await checked("model", () => lookAtModel(setup))),
    ...(await checked("cache", () => lookAtCache(setup, hooks))),
    ...(await checked("sink", () => lookAtSink(setup, hooks))),
  ];
}

function usesKafka({ source, sink }: WorkerSetup): boolean {
  return source.kind === "kafka" || sink.kind === "kafka";
}

async function checked(check: Finding["check"], look: () => Promise<Look>): Promise<Finding[]> {
  try {
    return (await look()).map((finding) => ({ check, ...finding }));
  } catch (error) {
    if (!(error instanceof SpanmillError)) throw error;
    return [{ check, status: "failed", finding: error.message, error }];
  }
}

async function lookAtSource({ source, input }: WorkerSetup, hooks: WorkerHooks): Promise<Look> {
  switch (source.kind) {
    case "kafka":
      return lookAtKafkaSource(source, hooks);
    case "files":
      await openSource(source, input.maxDocumentSize, hooks);
      return [{ status: "ok", finding: `files: ${source.paths.length}` }];
    case "stdin":
      return [{ status: "ok", finding: "standard input" }];
  }
}

async function lookAtModel(setup: WorkerSetup): Promise<Look> {
  const tagger = await openTagger(taggerSettingsOf(setup));
  try {
    const { record } = workerSettings(setup, tagger);
    const models = tagger.models.map(
      ({ name, lenses }) => `${name} with ${lenses.map((lens) => lens.name).join(", ")}`,
    );
    return [
      {
        status: "ok",
        finding: `${models.join("; ")}; ${tagger.threads} threads; pipeline ${record.pipeline.digest.slice(0, 12)}`,
      },
      ...tagger.warnings.map((finding) => ({ status: "warning" as const, finding })),
    ];
  } finally {
    await tagger.close();
  }
}

async function lookAtCache({ cache: setup }: WorkerSetup, hooks: WorkerHooks): Promise<Look> {
  if (setup.kind === "none" || setup.kind === "memory") return [{ status: "ok", finding: setup.kind }];
  let hear!: (event: CacheEvent) => void;
  const heard = new Promise<CacheEvent>((resolve) => {
    hear = resolve;
  });
  const tell: WorkerHooks["tell"] = (event) => {
    if (event.from === "cache" && (event.kind === "state" || event.kind === "trouble")) hear(event);
    hooks.tell(event);
  };
  const cache = openCache(setup, { ...hooks, tell });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), REDIS_WAIT);
  });
  try {
    await cache.get([randomBytes(32)]);
    const state = await Promise.race([heard, late]);
    return state?.kind === "state" && state.state === "closed"
      ? [{ status: "ok", finding: "Redis answers" }]
      : [
          {
            status: "warning",
            finding: `Redis does not answer${state?.kind === "trouble" ? ` (${state.code})` : ""}; the worker would run without it`,
          },
        ];
  } finally {
    clearTimeout(timer);
    await cache.close();
  }
}

/** Milliseconds. */
const REDIS_WAIT = 3_000;

async function lookAtSink({ sink: setup, input }: WorkerSetup, hooks: WorkerHooks): Promise<Look> {
  switch (setup.kind) {
    case "kafka":
      return lookAtKafkaSink(setup, input.maxDocumentSize, hooks);
    // To open a file would empty it.
    case "files":
    case "stdout":
      return Object.entries(setup.outputs).map(([channel, path]) => {
        if (path !== "-") requireWritable(path);
        return { status: "ok", finding: `${channel} to ${path === "-" ? "standard output" : path}` };
      });
  }
}

function requireWritable(path: string): void {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw new SpanmillError(
      "OUTPUT_UNWRITABLE",
      `${path} cannot be written (${systemCode(error) ?? "unknown"}): check its folder and rights`,
    );
  }
}
