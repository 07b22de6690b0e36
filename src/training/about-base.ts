/** What a base says of itself in its small files, long before its weights are read. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { folderManifest } from "../adapters/model-folder/manifest.js";
import { plainData, readYaml } from "../config/yaml.js";
import type { CardText } from "./recipe.js";

export interface AboutBase {
  /** Most pieces that the encoder reads at once, special tokens included; undefined where the folder does not say. */
  readonly positions: number | undefined;
  /** Undefined where spanmill did not make it. */
  readonly made: MadeBase | undefined;
}

export interface MadeBase {
  readonly name: string;
  readonly window: number | undefined;
  readonly wordShapes: boolean;
  /** That of its card. */
  readonly licence: CardText["licence"];
}

/** Never fails: what cannot be read here is told of by `readBase`. */
export function aboutBase(directory: string): AboutBase {
  const config = z.object({ max_position_embeddings: z.int().positive() });
  const stated = config.safeParse(json(join(directory, "config.json")));
  const manifest = folderManifest.safeParse(json(join(directory, "spanmill.json")));
  return {
    positions: stated.data?.max_position_embeddings,
    made: manifest.data && {
      name: manifest.data.name ?? basename(directory),
      window: manifest.data.window,
      wordShapes: manifest.data.token_types === "word_shapes",
      licence: licenceOf(join(directory, "README.md")),
    },
  };
}

const frontMatter = z.object({
  license: z.string().min(1),
  license_name: z.string().min(1).optional(),
  license_link: z.string().min(1).optional(),
});

function licenceOf(card: string): CardText["licence"] {
  const [, source] = /^---\n([\s\S]*?)\n---\n/.exec(text(card) ?? "") ?? [];
  const stated = frontMatter.safeParse(source === undefined ? undefined : plainData(readYaml(card, source)));
  if (!stated.success) return undefined;
  const { license: id, license_name: name, license_link: link } = stated.data;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    // A link into the base's folder would lead nowhere.
    ...(link === undefined || !/^https?:/.test(link) ? {} : { link }),
  };
}

function json(path: string): unknown {
  try {
    return JSON.parse(text(path) ?? "");
  } catch {
    return undefined;
  }
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
