/**
 * A model folder on disk: found, checked and described, without loading the model. All that is missing is named
 * at once.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { complaint, placeOf } from "../../complaint.js";
import { SpanmillError, systemCode } from "../../errors.js";
import type { LensManifest, ModelManifest } from "../../tagging/protocol.js";
import { detectScheme, type Scheme } from "../../tagging/schemes.js";
import { WORD_SHAPES } from "../../tagging/shapes.js";
import { refuseWhatDiffers, usualBlankBeforeWord } from "../huggingface/tokenizer.js";
import { digestFiles } from "./digest.js";
import { type FolderManifest, folderManifest, MANIFEST_KEYS } from "./manifest.js";
import { chooseOnnxFile } from "./onnx-file.js";
import { lackOfTokenizer } from "./tokenizer-file.js";

type Json = Record<string, unknown>;

export interface ModelRequest {
  readonly directory: string;
  /** `auto`, or one of the names that transformers.js uses. */
  readonly dtype: string;
  /** Names the folder's single lens, or picks among several; undefined: all, by their own names. */
  readonly lenses?: readonly string[];
  /** Declared schemes by lens name; `*` for every lens. */
  readonly schemes?: Readonly<Record<string, Scheme>>;
}

export interface ModelFolder {
  readonly name: string;
  readonly manifest: ModelManifest;
  /** sha256 over the files that decide an answer. */
  readonly digest: string;
  readonly files: Readonly<Record<string, string>>;
  /** Positions the encoder can read, special tokens included; undefined where the folder does not say. */
  readonly usablePositions: number | undefined;
  readonly architecture: string;
  readonly warnings: readonly string[];
}

/** Window of a model that does not state its own: token classifiers are tuned on windows about as long. */
const FOREIGN_WINDOW = 128;

/**
 * @throws SpanmillError MODEL_NOT_FOUND, MODEL_INCOMPLETE, MODEL_BROKEN, MODEL_CHECKSUM, MODEL_LABELS,
 * MODEL_UNSUPPORTED
 */
export async function readModelFolder(request: ModelRequest): Promise<ModelFolder> {
  const directory = resolve(request.directory);
  requireDirectory(directory);
  const manifest = readManifest(directory);
  const onnx = chooseOnnxFile(directory, request.dtype, manifest.onnx);
  requireFiles(directory, onnx?.file);

  const config = readJson(directory, "config.json");
  const tokenizer = readJson(directory, "tokenizer.json");
  const tokenizerConfig = readJson(directory, "tokenizer_config.json", {});
  refuseWhatDiffers(tokenizer);
  const architecture = requireArchitecture(directory, config, manifest);
  const lenses = pickLenses(directory, readLenses(directory, config, manifest), request);
  const usablePositions = positions(config, tokenizerConfig);
  const { digest, files } = await digestFiles(directory, onnx!.file, manifest.files);

  return {
    name: manifest.name ?? basename(directory),
    digest,
    files,
    usablePositions,
    architecture,
    warnings: warningsOf(lenses),
    manifest: {
      directory,
      onnxFile: onnx!.file,
      lenses,
      window: windowSize(directory, manifest, usablePositions),
      blankBeforeWord: manifest.blank_before_word ?? usualBlankBeforeWord(tokenizer),
      tokenTypes: tokenTypes(directory, config, manifest),
    },
  };
}

function requireDirectory(directory: string): void {
  if (!existsSync(directory)) {
    throw new SpanmillError(
      "MODEL_NOT_FOUND",
      `There is no model folder ${directory}: give --model the folder that holds config.json and tokenizer.json`,
    );
  }
  if (!statSync(directory).isDirectory()) {
    throw new SpanmillError(
      "MODEL_NOT_FOUND",
      `${directory} is a file: give --model the folder that holds it, with config.json and tokenizer.json`,
    );
  }
}

function requireFiles(directory: string, onnx: string | undefined): void {
  const missing: string[] = [];
  const lacks = (file: string) => !existsSync(join(directory, file));
  if (lacks("config.json")) missing.push("config.json (architecture and labels)");
  const tokenizer = lackOfTokenizer(directory);
  if (tokenizer !== undefined) missing.push(tokenizer);
  if (onnx === undefined) {
    missing.push(
      "onnx/model.onnx, or a variant such as onnx/model_quantized.onnx (export it with " +
        "`optimum-cli export onnx --task token-classification`)",
    );
  } else if (lacks(onnx)) {
    missing.push(`${onnx} (named in spanmill.json)`);
  }
  if (missing.length > 0) {
    throw new SpanmillError("MODEL_INCOMPLETE", `${directory} cannot work: it lacks ${missing.join("; ")}`);
  }
}

function readJson(directory: string, file: string, absent?: Json): Json {
  const path = join(directory, file);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (absent !== undefined && systemCode(cause) === "ENOENT") return absent;
    throw new SpanmillError("MODEL_BROKEN", `${path} cannot be read (${systemCode(cause) ?? "unknown"})`, {
      cause,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  } catch {}
  throw new SpanmillError(
    "MODEL_BROKEN",
    `${path} is not a JSON object: it is cut off or is a Git LFS pointer; fetch it again`,
  );
}

function readManifest(directory: string): FolderManifest {
  const parsed = folderManifest.safeParse(readJson(directory, "spanmill.json", { format: 1 }));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${placeOf(issue)} ${complaint(issue, MANIFEST_KEYS)}`);
  throw new SpanmillError("MODEL_BROKEN", `${join(directory, "spanmill.json")}: ${problems.join("; ")}`);
}

function requireArchitecture(directory: string, config: Json, manifest: FolderManifest): string {
  const architectures = Array.isArray(config.architectures) ? config.architectures.map(String) : [];
  const architecture = architectures.find((name) => name.endsWith("ForTokenClassification"));
  if (architecture !== undefined) return architecture;
  if (manifest.lenses !== undefined) return architectures[0] ?? "spanmill";
  throw new SpanmillError(
    "MODEL_UNSUPPORTED",
    `config.json in ${directory} names ${architectures.length === 0 ? "no architecture" : architectures.join(", ")}; ` +
      "only models called ...ForTokenClassification label words",
  );
}

function readLenses(directory: string, config: Json, manifest: FolderManifest): LensManifest[] {
  if (manifest.lenses === undefined) {
    const labels = labelsOf(directory, config);
    const scheme = detectScheme(labels);
    return [{ name: usualLensName(labels, scheme), output: undefined, labels, scheme, temperature: 1 }];
  }
  return Object.entries(manifest.lenses).map(([name, lens]) => {
    const labels = lens.labels ?? labelsOf(directory, config);
    const scheme = lens.scheme ?? detectScheme(labels);
    return { name, output: lens.output, labels, scheme, temperature: lens.temperature };
  });
}

function labelsOf(directory: string, config: Json): string[] {
  const map = config.id2label;
  const entries = typeof map === "object" && map !== null ? Object.entries(map) : [];
  const labels = entries.map((_, i) => (map as Json)[String(i)]);
  if (labels.length === 0 || labels.some((label) => typeof label !== "string" || label === "")) {
    throw new SpanmillError(
      "MODEL_INCOMPLETE",
      `config.json in ${directory} has ${labels.length === 0 ? "no id2label" : "an id2label with gaps"}: give it every label, ` +
        'numbered from "0" in the order of the logits',
    );
  }
  return labels as string[];
}

/** The name of a single lens that has none: parts of speech, phrase chunks, or else named entities. */
function usualLensName(labels: readonly string[], scheme: Scheme): string {
  if (scheme === "none") return "pos";
  const types = labels.filter((label) => label !== "O").map((label) => label.replace(/^[A-Z][-_]/, ""));
  return types.every((type) => CHUNK_TYPES.has(type)) ? "chunk" : "ner";
}

const CHUNK_TYPES = new Set(["NP", "VP", "PP", "ADJP", "ADVP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"]);

function pickLenses(
  directory: string,
  found: readonly LensManifest[],
  request: ModelRequest,
): LensManifest[] {
  const declare = (lens: LensManifest): LensManifest => {
    const scheme = request.schemes?.[lens.name] ?? request.schemes?.["*"];
    return scheme === undefined ? lens : { ...lens, scheme };
  };
  const wanted = request.lenses;
  if (wanted === undefined) return found.map(declare);
  if (found.length === 1 && wanted.length === 1) return [declare({ ...found[0]!, name: wanted[0]! })];
  return wanted.map((name) => {
    const lens = found.find((candidate) => candidate.name === name);
    if (lens !== undefined) return declare(lens);
    throw new SpanmillError(
      "USAGE",
      `${directory} has no lens ${name}; it has ${found.map((candidate) => candidate.name).join(", ")}`,
    );
  });
}

/** Families whose position embedding keeps rows for padding: positions start after the padding index. */
const OFFSET_POSITIONS = new Set([
  "roberta",
  "xlm-roberta",
  "xlm-roberta-xl",
  "camembert",
  "longformer",
  "mpnet",
  "data2vec-text",
  "roberta-prelayernorm",
  "xmod",
]);

function positions(config: Json, tokenizerConfig: Json): number | undefined {
  const rows = config.max_position_embeddings;
  const padding = typeof config.pad_token_id === "number" ? config.pad_token_id : 1;
  const offset = OFFSET_POSITIONS.has(String(config.model_type)) ? padding + 1 : 0;
  const encoder = typeof rows === "number" && rows > offset ? rows - offset : undefined;
  const stated = tokenizerConfig.model_max_length;
  // Absent limits are written as 1e30 by the Python library.
  const tokenizer = typeof stated === "number" && stated > 0 && stated < 1e6 ? stated : undefined;
  if (encoder === undefined) return tokenizer;
  return tokenizer === undefined ? encoder : Math.min(encoder, tokenizer);
}

function windowSize(directory: string, manifest: FolderManifest, usable: number | undefined): number {
  if (manifest.window === undefined) return Math.min(FOREIGN_WINDOW, usable ?? FOREIGN_WINDOW);
  if (usable !== undefined && manifest.window > usable) {
    throw new SpanmillError(
      "MODEL_BROKEN",
      `spanmill.json in ${directory} asks for windows of ${manifest.window} pieces, but the encoder reads ${usable}`,
    );
  }
  return manifest.window;
}

function tokenTypes(directory: string, config: Json, manifest: FolderManifest): ModelManifest["tokenTypes"] {
  const rows = config.type_vocab_size;
  if (manifest.token_types !== "word_shapes") return "zeros";
  if (typeof rows === "number" && rows >= WORD_SHAPES.length) return "word_shapes";
  throw new SpanmillError(
    "MODEL_BROKEN",
    `spanmill.json in ${directory} feeds word shapes as token types, which needs type_vocab_size ${WORD_SHAPES.length} or more, ` +
      `but config.json says ${typeof rows === "number" ? rows : "none"}: the model was not trained with word shapes; ` +
      "leave token_types out, or give config.json the size of its token-type table",
  );
}

function warningsOf(lenses: readonly LensManifest[]): string[] {
  return lenses
    .filter((lens) => lens.labels.every((label) => /^LABEL_\d+$/.test(label)))
    .map(
      (lens) =>
        `the labels of lens ${lens.name} are placeholders (LABEL_0, ...): give config.json the real names in id2label`,
    );
}
