/**
 * `npm run bench -- [NAME...] [--rounds N] [--scale X] [--model DIR] [--json FILE]`: answers one question after the
 * other, each in a process of its own, so that none inherits the heap, the threads or the warm code of another.
 */
import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { processorFamily, runtimeVersion } from "../../src/adapters/threads/runtime.js";
import { switchOffTelemetry } from "../../src/adapters/threads/telemetry.js";
import { type Bench, type Figure, figureLine, median, type Settings } from "./harness.js";

/** In the order of the report. */
const NAMES = [
  "bare-loop",
  "transformers-js",
  "three-pipelines",
  "linear",
  "memory",
  "main-thread",
  "splitter",
  "start-up",
  "window-length",
  "export-forms",
  "products",
  "model-size",
  "training-step",
  "join-to",
  "kafka-to-kafka",
  "kafka-cached",
  "kafka-latency",
  "kafka-soak",
] as const;

const USAGE = `npm run bench -- [NAME...] [--rounds N] [--scale X] [--model DIR] [--json FILE]
benchmarks: ${NAMES.join(", ")}
--scale makes every text longer or shorter; named benchmarks run although they are slow
--model is the built-in model by default, and a Hugging Face folder where a benchmark needs one
training-step runs PyTorch beside it where python3 has it; SPANMILL_BENCH_PYTHON names another Python`;

/** First argument of a process that runs one benchmark. */
const CHILD = "one-benchmark";

const PYTHON = "SPANMILL_BENCH_PYTHON";

/** What the command line says; each benchmark has its own model where that says none. */
type Asked = Omit<Settings, "model"> & { readonly model?: string };

switchOffTelemetry();
if (process.argv[2] === CHILD) await runOne(process.argv[3]!, JSON.parse(process.argv[4]!) as Settings);
else await runAll();

async function runAll(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      scale: { type: "string", default: "1" },
      model: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const settings: Asked = {
    rounds: Number(values.rounds),
    scale: Number(values.scale),
    ...(values.model === undefined ? {} : { model: resolve(values.model) }),
    python: process.env[PYTHON] || "python3",
  };
  // The spanmill of a benchmark would refuse a variable that is no option of it.
  delete process.env[PYTHON];
  const unknown = positionals.find((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) return wrong(`no benchmark is called ${unknown}; there are ${NAMES.join(", ")}`);
  if (!(settings.rounds >= 1) || !(settings.scale > 0))
    return wrong("--rounds takes 1 or more, --scale more than 0");
  const machine = `Node ${process.version}, ONNX Runtime ${runtimeVersion()}, ${process.platform}-${process.arch}-${processorFamily()}, ${availableParallelism()} processors`;
  console.log(`${machine}\nmedian (smallest - largest of the rounds); a ratio is taken in each round`);
  const results: Record<string, Figure[]> = {};
  for (const name of positionals.length > 0 ? positionals : NAMES) {
    results[name] = await runInProcess(name, settings, positionals.length > 0);
  }
  if (values.json !== undefined) {
    const figures = Object.entries(results).flatMap(([bench, all]) =>
      all.map((figure) => ({ bench, ...figure, median: median(figure.values) })),
    );
    writeFileSync(values.json, `${JSON.stringify({ machine, settings, figures }, null, 2)}\n`);
  }
}

function wrong(message: string): void {
  console.error(`bench: ${message}`);
  process.exitCode = 2;
}

async function runInProcess(name: string, asked: Asked, named: boolean): Promise<Figure[]> {
  const { bench } = (await import(`./${name}.js`)) as { bench: Bench };
  const settings: Settings = { model: bench.model ?? BUILT_IN_MODEL, ...asked };
  console.log(`\n${name}: ${bench.question}`);
  const reason = bench.missing() ?? (bench.slow && !named ? "it is slow: name it to run it" : undefined);
  if (reason !== undefined) {
    console.log(`  skipped: ${reason}`);
    return [];
  }
  const figures: Figure[] = [];
  const child = fork(import.meta.filename, [CHILD, name, JSON.stringify(settings)]);
  child.on("message", (figure: Figure) => {
    figures.push(figure);
    console.log(figureLine(figure));
  });
  const status = await new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
  if (status !== 0) {
    console.log(`  failed: the process ended with ${status}`);
    process.exitCode = 1;
  }
  return figures;
}

async function runOne(name: string, settings: Settings): Promise<void> {
  const { bench } = (await import(`./${name}.js`)) as { bench: Bench };
  await bench.run(settings, (figure) => process.send!(figure));
  process.disconnect();
}
