/**
 * The composition root: what a user asked for becomes ports wired to adapters. Nothing else imports both.
 */
import { BUILT_IN_MODEL } from "./adapters/model-folder/built-in.js";
import { type ModelFolder, readModelFolder } from "./adapters/model-folder/folder.js";
import { openPool } from "./adapters/threads/pool.js";
import { runtimeIdentity } from "./adapters/threads/runtime.js";
import { SpanmillError } from "./errors.js";
import type { Tagger } from "./ports/tagger.js";
import type { GraphDescription } from "./tagging/protocol.js";
import type { Scheme } from "./tagging/schemes.js";

export interface ModelSource {
  readonly directory: string;
  /** Lenses to take from the folder, or the name of its only one; undefined: all. */
  readonly lenses?: readonly string[] | undefined;
}

export interface TaggerSettings {
  /** Empty: the built-in model. */
  readonly models: readonly ModelSource[];
  readonly dtype: string;
  /** Lenses wanted; undefined: all that the models have. */
  readonly lenses?: readonly string[] | undefined;
  /** Declared schemes by lens name; `*` for every lens. */
  readonly schemes: Readonly<Record<string, Scheme>>;
  readonly decode: "constrained" | "argmax";
  /** Undefined: as many as the process may use. */
  readonly threads?: number | undefined;
  /** Ask for words, and labels and scores per word: always, or only where a lens has no spans. */
  readonly columns: "always" | "lenses";
  /** Ask for what scores would be without temperature, too. */
  readonly uncalibrated?: boolean;
}

/**
 * Opens a tagger. It has loaded its models in at least one thread when the promise resolves.
 *
 * @throws SpanmillError USAGE, MODEL_*
 */
export async function openTagger(
  settings: TaggerSettings,
): Promise<Tagger & { graphs: readonly GraphDescription[] }> {
  const folders = pickLenses(await readFolders(settings), settings.lenses);
  const models = folders.map(({ manifest }) => manifest);
  const wordLens = models.some((model) => model.lenses.some(({ scheme }) => scheme === "none"));
  const { decode, uncalibrated = false, threads } = settings;
  const columns = settings.columns === "always" || wordLens;
  const pool = openPool({ models, decode, columns, uncalibrated }, { threads });
  try {
    const { graphs, warnings } = await pool.describe();
    return {
      models: folders.map(({ name, digest, manifest }) => ({ name, digest, lenses: manifest.lenses })),
      runtime: runtimeIdentity(),
      warnings: [...folders.flatMap((folder) => folder.warnings), ...warnings],
      graphs,
      threads: pool.threads,
      tag: pool.tag,
      close: pool.close,
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

async function readFolders({ models, dtype, schemes }: TaggerSettings): Promise<ModelFolder[]> {
  const sources = models.length === 0 ? [{ directory: BUILT_IN_MODEL }] : models;
  return Promise.all(
    sources.map(({ directory, lenses }) =>
      readModelFolder({ directory, dtype, schemes, ...(lenses === undefined ? {} : { lenses }) }),
    ),
  );
}

/**
 * Leaves the wanted lenses, and only the models that have one. A lens comes from one model, and models have
 * different names, by which records call them.
 */
function pickLenses(folders: readonly ModelFolder[], wanted: readonly string[] | undefined): ModelFolder[] {
  const available = folders.flatMap(({ manifest }) => manifest.lenses.map(({ name }) => name));
  const unknown = wanted?.filter((name) => !available.includes(name)) ?? [];
  if (unknown.length > 0) {
    throw new SpanmillError(
      "USAGE",
      `No model has the lens ${unknown.join(", ")}; there are ${available.join(", ")}`,
    );
  }
  const picked = folders
    .map((folder) => ({
      ...folder,
      manifest: {
        ...folder.manifest,
        lenses: folder.manifest.lenses.filter(({ name }) => wanted?.includes(name) ?? true),
      },
    }))
    .filter(({ manifest }) => manifest.lenses.length > 0);
  const lens = repeated(picked.flatMap(({ manifest }) => manifest.lenses.map(({ name }) => name)));
  if (lens !== undefined) {
    throw new SpanmillError(
      "USAGE",
      `Two models have the lens ${lens}: name them apart (--model ${lens}-2=DIR), or take it from one of them (--model LENS=DIR)`,
    );
  }
  const model = repeated(picked.map(({ name }) => name));
  if (model !== undefined) {
    throw new SpanmillError(
      "USAGE",
      `Two models are called ${model}, and records could not tell them apart: take several lenses of one folder with ` +
        `--model LENS,LENS=DIR; name another model in its spanmill.json ({"format": 1, "name": "${model}-2"}), or rename its folder`,
    );
  }
  return picked;
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}
