/** `spanmill models inspect`: what a model folder holds, and whether it can work. */

import { readModelFolder } from "../adapters/model-folder/folder.js";
import { onnxFiles } from "../adapters/model-folder/onnx-file.js";
import { openTagger } from "../compose.js";
import type { InspectOptions } from "../config/options.js";
import { EXIT } from "../errors.js";
import type { Context } from "./context.js";

interface Inspection {
  readonly name: string;
  readonly directory: string;
  readonly architecture: string;
  readonly digest: string;
  readonly onnx: { readonly file: string; readonly available: readonly string[] };
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly lenses: readonly {
    readonly name: string;
    readonly scheme: string;
    readonly temperature: number;
    readonly labels: readonly string[];
  }[];
  readonly window: number;
  readonly usable_positions: number | null;
  readonly blank_before_word: string;
  readonly token_types: string;
  readonly files: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/**
 * Loads the model, so that what is printed is what will run.
 *
 * @throws SpanmillError MODEL_*
 */
export async function runInspect(
  directory: string,
  { dtype, json }: InspectOptions,
  { print }: Context,
): Promise<number> {
  const inspection = await inspect(directory, dtype === "quantized" ? "q8" : dtype);
  await print(json ? JSON.stringify(inspection) : describe(inspection));
  return EXIT.ok;
}

async function inspect(directory: string, dtype: string): Promise<Inspection> {
  const folder = await readModelFolder({ directory, dtype });
  const tagger = await openTagger({
    models: [{ directory }],
    dtype,
    schemes: {},
    decode: "constrained",
    threads: 1,
    columns: "lenses",
  });
  await tagger.close();
  const { manifest } = folder;
  const graph = tagger.graphs[0]!;
  return {
    name: folder.name,
    directory: manifest.directory,
    architecture: folder.architecture,
    digest: folder.digest,
    onnx: { file: manifest.onnxFile, available: onnxFiles(directory).map(({ file }) => file) },
    inputs: graph.inputs.map(({ name, type }) => `${name} (${type})`),
    outputs: graph.outputs.map(
      ({ name, type, labels }) => `${name} (${type}${labels === undefined ? "" : `, ${labels} labels`})`,
    ),
    lenses: manifest.lenses.map(({ name, scheme, temperature, labels }) => ({
      name,
      scheme,
      temperature,
      labels,
    })),
    window: manifest.window,
    usable_positions: folder.usablePositions ?? null,
    blank_before_word: manifest.blankBeforeWord,
    token_types: manifest.tokenTypes,
    files: folder.files,
    warnings: tagger.warnings,
  };
}

function describe(found: Inspection): string {
  const rows: [string, string][] = [
    ["model", found.name],
    ["folder", found.directory],
    ["architecture", found.architecture],
    ["digest", found.digest],
    ["ONNX file", `${found.onnx.file} (available: ${found.onnx.available.join(", ") || found.onnx.file})`],
    ["inputs", found.inputs.join(", ")],
    ["outputs", found.outputs.join(", ")],
    [
      "window",
      `${found.window} pieces, special tokens included; the encoder reads ${found.usable_positions ?? "any number"}`,
    ],
    ["words", found.blank_before_word === "always" ? "each read with a blank before it" : "read as written"],
    ["token types", found.token_types === "zeros" ? "zeros" : "the shape of each piece's word"],
    ...found.lenses.map(({ name, scheme, temperature, labels }): [string, string] => [
      `lens ${name}`,
      `${scheme === "none" ? "no scheme, a label for each word" : `scheme ${scheme}`}${temperature === 1 ? "" : `, temperature ${temperature}`}; ${labels.length} labels: ${labels.join(" ")}`,
    ]),
    ...Object.entries(found.files).map(([file, sum]): [string, string] => [file, `sha256 ${sum}`]),
    ...found.warnings.map((warning): [string, string] => ["warning", warning]),
  ];
  const width = Math.max(...rows.map(([key]) => key.length));
  return rows.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join("\n");
}
