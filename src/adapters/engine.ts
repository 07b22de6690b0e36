/**
 * Loads model folders into an engine, in the thread that will run it: tokenizers and sessions meet the stages
 * here and nowhere else.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SpanmillError } from "../errors.js";
import type { EngineSettings, GraphDescription, LensManifest, ModelManifest } from "../tagging/protocol.js";
import { labelSet } from "../tagging/schemes.js";
import { type Engine, engine, type Lens, type LoadedModel } from "../tagging/tag.js";
import { wordTokenizer } from "./huggingface/tokenizer.js";
import { openSession } from "./onnx/session.js";
import { probeSchemes } from "./probe.js";

export interface OpenedEngine extends Engine {
  readonly graphs: readonly GraphDescription[];
  readonly warnings: readonly string[];
}

/** @throws SpanmillError MODEL_BROKEN, MODEL_UNSUPPORTED, MODEL_LABELS */
export async function openEngine(settings: EngineSettings): Promise<OpenedEngine> {
  const models: LoadedModel[] = [];
  const graphs: GraphDescription[] = [];
  for (const manifest of settings.models) {
    const { model, graph } = await loadModel(manifest);
    models.push(model);
    graphs.push(graph);
  }
  const { decode: strategy, columns, uncalibrated = false } = settings;
  const opened = engine(models, { strategy, columns, uncalibrated });
  return { ...opened, graphs, warnings: await probeSchemes(models) };
}

async function loadModel(manifest: ModelManifest): Promise<{ model: LoadedModel; graph: GraphDescription }> {
  const read = (file: string) =>
    JSON.parse(readFileSync(join(manifest.directory, file), "utf8")) as Record<string, unknown>;
  let config: Record<string, unknown> = {};
  try {
    config = read("tokenizer_config.json");
  } catch {
    // Optional; the folder was checked on the main thread.
  }
  const tokenizer = wordTokenizer(read("tokenizer.json"), config, {
    blankBeforeWord: manifest.blankBeforeWord,
  });
  const file = join(manifest.directory, manifest.onnxFile);
  const session = await openSession(file, tokenizer);
  const { graph } = session;
  const { window, tokenTypes } = manifest;
  if (tokenTypes === "word_shapes") requireTokenTypes(graph, file);
  const lenses = manifest.lenses.map((lens) => resolveLens(lens, graph, file));
  return { model: { tokenizer, encoder: session, lenses, window, tokenTypes }, graph };
}

function requireTokenTypes(graph: GraphDescription, file: string): void {
  const inputs = graph.inputs.map((input) => input.name);
  if (inputs.includes("token_type_ids")) return;
  throw new SpanmillError(
    "MODEL_UNSUPPORTED",
    `spanmill.json feeds word shapes as token types, but ${file} has no input token_type_ids; it has ${inputs.join(", ")}. ` +
      "Export the model with that input, or leave token_types out of spanmill.json",
  );
}

function resolveLens(lens: LensManifest, graph: GraphDescription, file: string): Lens {
  const output = resolveOutput(lens, graph, file);
  if (output.labels !== undefined && output.labels !== lens.labels.length) {
    throw new SpanmillError(
      "MODEL_BROKEN",
      `${file} scores ${output.labels} labels at output ${output.name}, but lens ${lens.name} lists ${lens.labels.length}: id2label ` +
        "and the ONNX file are not of the same model",
    );
  }
  if (output.type !== "float32") {
    throw new SpanmillError(
      "MODEL_UNSUPPORTED",
      `${file} gives output ${output.name} as ${output.type}, not float32: choose another file with --dtype`,
    );
  }
  return {
    name: lens.name,
    output: output.name,
    labelSet: labelSet(lens.labels, lens.scheme),
    temperature: lens.temperature,
  };
}

function resolveOutput(
  lens: LensManifest,
  graph: GraphDescription,
  file: string,
): GraphDescription["outputs"][number] {
  const wanted = lens.output ?? (graph.outputs.length === 1 ? graph.outputs[0]?.name : "logits");
  const output = graph.outputs.find((candidate) => candidate.name === wanted);
  if (output !== undefined) return output;
  throw new SpanmillError(
    "MODEL_BROKEN",
    `${file} has no output ${wanted} for lens ${lens.name}; it has ${graph.outputs.map((candidate) => candidate.name).join(", ")}. ` +
      "Name the right one in spanmill.json",
  );
}
