/** House rules that a machine can check. ARCHITECTURE.md says why they are. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Source {
  /** Path from the root, `src/tagging/decode.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly { readonly from: string; readonly typeOnly: boolean }[];
}

const sources: Source[] = ["src", "workers"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((file) => join(folder, String(file)))
    .filter((path) => path.endsWith(".ts"))
    .map(read),
);

function read(path: string): Source {
  const text = readFileSync(join(ROOT, path), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const dynamic = text.matchAll(/\bimport\("([^"]+)"\)/g);
  return {
    path,
    text,
    imports: [
      ...[...statements].map(([, type, from]) => ({
        from: resolve(path, from!),
        typeOnly: type !== undefined,
      })),
      ...[...dynamic].map(([, from]) => ({ from: resolve(path, from!), typeOnly: false })),
    ],
  };
}

/** A relative import as a path from the root, a package as its name. */
function resolve(path: string, from: string): string {
  if (!from.startsWith(".")) return from;
  return relative(ROOT, join(ROOT, dirname(path), from)).replace(/\.js$/, ".ts");
}

/** `src/tagging/decode.ts` is in the room `tagging`, `src/errors.ts` in `errors`. */
function room(path: string): string {
  return path.split("/")[1]!.replace(/\.ts$/, "");
}

const GROUND = ["complaint", "errors", "nearest", "offsets", "whitespace"];

/** What each room may import beside itself; `room:type` allows types alone. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  nearest: [],
  complaint: ["nearest"],
  whitespace: [],
  offsets: [],
  version: [],
  terminal: [],
  tagging: GROUND,
  ports: ["tagging:type"],
  document: [...GROUND, "tagging:type", "ports:type"],
  dataset: [...GROUND, "document", "tagging", "adapters:type"],
  evaluation: [...GROUND, "document", "dataset", "tagging"],
  training: [...GROUND, "tagging", "document", "dataset", "evaluation", "adapters", "config"],
  pipeline: ["errors", "document", "ports:type", "tagging:type"],
  config: [...GROUND, "tagging", "document"],
  adapters: [...GROUND, "tagging", "document", "dataset", "pipeline:type", "ports:type", "training:type"],
  compose: ["errors", "adapters", "document", "pipeline", "ports:type", "tagging:type"],
  cli: [
    ...GROUND,
    "adapters",
    "compose",
    "config",
    "dataset",
    "document",
    "evaluation",
    "pipeline",
    "ports:type",
    "tagging",
    "terminal",
    "training",
  ],
  index: [...GROUND, "compose", "document", "pipeline", "tagging:type", "version"],
  main: ["errors", "adapters", "cli", "document", "version"],
};

/** Each in one place only, so that it can be replaced. */
const VENDORS: Readonly<Record<string, string>> = {
  "onnxruntime-node": "src/adapters/onnx/",
  kafkajs: "src/adapters/kafka/",
  "@huggingface/tokenizers": "src/adapters/huggingface/",
  protobufjs: "src/training/graph/",
  "protobufjs/light.js": "src/training/graph/",
  ioredis: "src/adapters/redis/",
  "lru-cache": "src/",
  "string-width": "src/",
  commander: "src/cli/",
  yaml: "src/config/",
  zod: "src/",
  pino: "src/adapters/log/",
  "prom-client": "src/adapters/metrics/",
  "@opentelemetry/api": "src/adapters/telemetry/",
};

describe("the tree", () => {
  it("lets every room import only what stands below it", () => {
    const wrong = sources
      .filter(({ path }) => path.startsWith("src/"))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ from }) => from.startsWith("src/") && room(from) !== room(path))
          .filter(({ from, typeOnly }) => {
            const allowed = MAY_IMPORT[room(path)] ?? [];
            return !allowed.includes(room(from)) && !(typeOnly && allowed.includes(`${room(from)}:type`));
          })
          .map(({ from }) => `${path} imports ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it("has no circles", () => {
    const graph = new Map(sources.map(({ path, imports }) => [path, imports.map(({ from }) => from)]));
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path))
        throw new Error(`a circle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(done.size).toBeGreaterThan(80);
  });

  it("never imports the threads' entry", () => {
    expect(
      sources.filter(
        ({ path, imports }) =>
          path.startsWith("src/") && imports.some(({ from }) => from.startsWith("workers/")),
      ),
    ).toEqual([]);
  });

  it("knows each library in one place", () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ from }) => VENDORS[from] !== undefined && !path.startsWith(VENDORS[from]))
        .map(({ from }) => `${path} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps Piscina to the pool and the threads' entry", () => {
    const users = sources.filter(({ imports }) => imports.some(({ from }) => from === "piscina"));
    expect(users.map(({ path }) => path).sort()).toEqual([
      "src/adapters/threads/pool.ts",
      "workers/tagger.ts",
    ]);
  });

  it("keeps what is pure free of Node, hashes and paths aside", () => {
    const wrong = sources
      .filter(({ path }) =>
        /^src\/(tagging|document|dataset|evaluation|terminal|training\/graph|pipeline|ports)\//.test(path),
      )
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ from }) => from.startsWith("node:") && from !== "node:crypto" && from !== "node:path")
          .map(({ from }) => `${path} imports ${from}`),
      );
    expect(wrong).toEqual([]);
  });

  it("reads the environment at the edge alone", () => {
    const users = sources.filter(({ text }) => /\bprocess\.env\b/.test(text));
    expect(users.map(({ path }) => path).sort()).toEqual([
      "src/adapters/threads/telemetry.ts",
      "src/cli/doctor.ts",
      "src/main.ts",
    ]);
  });

  it("has files that can be read in one sitting", () => {
    const long = sources
      .map(({ path, text }) => ({ path, lines: text.split("\n").length }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });

  it("has no drawer for the unsorted", () => {
    expect(
      sources.filter(({ path }) => /(^|\/)(utils?|helpers?|types|common|misc)(\/|\.ts$)/.test(path)),
    ).toEqual([]);
  });
});
