/** Puts a model folder on disk, whole or not at all. */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { describeForeign, SpanmillError, systemCode } from "../../errors.js";

/**
 * Writes the files into a new folder beside the wanted one and, when all are on the disk, gives it the wanted name.
 * An older model there is replaced: until the last moment it is whole, and it stays where anything fails. Files in its
 * folder that are none of the model's own (notes, a recipe) move into the new one.
 *
 * @param files bytes by path inside the folder; `spanmill.json` must be one of them.
 * @throws SpanmillError OUTPUT_FULL, OUTPUT_UNWRITABLE
 */
export async function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const state = { kept: "Nothing was written there" };
  try {
    const older = await look(folder);
    if (older !== undefined) state.kept = "The model that is there is as it was";
    // A link to a folder stays a link.
    const target = older === undefined ? resolve(folder) : await realpath(folder);
    await mkdir(dirname(target), { recursive: true });
    const beside = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString("hex")}`);
    const [fresh, gone] = [`${beside}.new`, `${beside}.old`];
    try {
      await writeAll(fresh, files);
      if (older === undefined) await rename(fresh, target);
      else await replace(target, fresh, gone);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
      throw error;
    }
    if (older !== undefined) {
      state.kept = `The new model is there; what is left of the old folder is in ${gone}`;
      await carryOver(gone, target, new Set([...older, ...files.keys()]));
      await rm(gone, { recursive: true });
    }
  } catch (error) {
    throw outputError(folder, error, state.kept);
  }
}

/**
 * Whether `writeFolder` could write there now; what is missing of the path to it is made.
 *
 * @throws SpanmillError OUTPUT_FULL, OUTPUT_UNWRITABLE
 */
export async function checkFolder(folder: string): Promise<void> {
  try {
    const target = (await look(folder)) === undefined ? resolve(folder) : await realpath(folder);
    await mkdir(dirname(target), { recursive: true });
    await rmdir(await mkdtemp(join(dirname(target), `.${basename(target)}.`)));
  } catch (error) {
    throw outputError(folder, error, "Nothing was written there");
  }
}

/** @returns the paths of a model's own files where one is there; undefined where nothing is, or an empty folder. */
async function look(folder: string): Promise<readonly string[] | undefined> {
  const found: Stats | undefined = await stat(folder).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  if (!found.isDirectory()) {
    throw new SpanmillError("OUTPUT_UNWRITABLE", `${folder} is a file: name a folder for the model`);
  }
  const names = await readdir(folder);
  if (names.length === 0) return [];
  if (!names.includes("spanmill.json")) {
    throw new SpanmillError(
      "OUTPUT_UNWRITABLE",
      `${folder} holds files, but no model that spanmill wrote: name a new folder for the model, or empty this one`,
    );
  }
  return ["spanmill.json", ...(await listedFiles(join(folder, "spanmill.json")))];
}

/** A manifest that cannot be read lists nothing: then the old files are kept where no new one has their name. */
async function listedFiles(manifest: string): Promise<string[]> {
  try {
    const parsed = JSON.parse(await readFile(manifest, "utf8")) as { readonly files?: unknown };
    return Object.keys((parsed?.files ?? {}) as object);
  } catch {
    return [];
  }
}

async function writeAll(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(folder);
  for (const [file, bytes] of files) {
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    // Flushed, so that a power cut after the renaming finds no empty files.
    await writeFile(path, bytes, { flush: true });
  }
}

async function replace(target: string, fresh: string, gone: string): Promise<void> {
  await rename(target, gone);
  try {
    await rename(fresh, target);
  } catch (error) {
    await rename(gone, target);
    throw error;
  }
}

async function carryOver(from: string, to: string, own: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const file = relative(from, path);
    if (entry.isDirectory() || own.has(file.replaceAll("\\", "/"))) continue;
    await mkdir(dirname(join(to, file)), { recursive: true });
    await rename(path, join(to, file));
  }
}

const FULL: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left; make room",
  EDQUOT: "the disk quota is used up; make room",
  EFBIG: "a file has reached the size limit of the system (ulimit -f); raise it",
};

const UNWRITABLE: Readonly<Record<string, string>> = {
  EACCES: "permission is denied; check the rights of the folder it is in",
  EPERM: "permission is denied; check the rights of the folder it is in",
  EROFS: "its file system is read-only; choose another place",
  ENOTDIR: "a part of its path is not a folder; check the path",
  EBUSY: "it is in use, perhaps as a mount point; name a folder inside it",
};

function outputError(folder: string, error: unknown, kept: string): SpanmillError {
  if (error instanceof SpanmillError) return error;
  const code = systemCode(error) ?? "";
  const reason = FULL[code] ?? UNWRITABLE[code] ?? describeForeign(error);
  return new SpanmillError(
    FULL[code] === undefined ? "OUTPUT_UNWRITABLE" : "OUTPUT_FULL",
    `The model ${folder} cannot be written: ${reason}. ${kept}`,
    { cause: error },
  );
}
