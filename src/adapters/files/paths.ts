/** What can be said of paths before any of them is opened. */
import { existsSync, fstatSync, type Stats, statSync } from "node:fs";
import { resolve } from "node:path";
import { SpanmillError, systemCode } from "../../errors.js";
import { STDIN } from "./bytes.js";

/**
 * Checks that every input is there, `-` aside.
 *
 * @returns the summed size in bytes, undefined where it is not known.
 * @throws SpanmillError INPUT_NOT_FOUND, INPUT_IS_DIRECTORY, INPUT_UNREADABLE naming every input that is not.
 */
export function requireFiles(paths: readonly string[]): number | undefined {
  const problems: SpanmillError[] = [];
  let size: number | undefined = 0;
  for (const path of paths) {
    if (path === STDIN) {
      size = undefined;
      continue;
    }
    try {
      const stats = statSync(path);
      if (stats.isDirectory()) problems.push(isDirectory(path));
      size = size === undefined || !stats.isFile() ? undefined : size + stats.size;
    } catch (cause) {
      problems.push(missing(path, systemCode(cause)));
    }
  }
  if (problems.length === 0) return size === 0 ? undefined : size;
  throw new SpanmillError(problems[0]!.code, problems.map(({ message }) => message).join("\n"));
}

function isDirectory(path: string): SpanmillError {
  return new SpanmillError(
    "INPUT_IS_DIRECTORY",
    `${path} is a directory: name the files in it (${path.replace(/\/$/, "")}/*)`,
  );
}

function missing(path: string, code: string | undefined): SpanmillError {
  const isAbsent = code === "ENOENT" || code === "ENOTDIR";
  const what = isAbsent ? "does not exist" : `cannot be read (${code ?? "unknown"})`;
  return new SpanmillError(
    isAbsent ? "INPUT_NOT_FOUND" : "INPUT_UNREADABLE",
    `${path} ${what}: check its name and the folder you are in`,
  );
}

/**
 * Makes sure that nothing is written to a file that is read or written besides, whatever the names of the two are: it would be
 * destroyed, or grow for ever.
 *
 * @param written the path, `-` for standard output, and what messages call it.
 * @throws SpanmillError USAGE
 */
export function refuseSameFile(
  read: readonly string[],
  written: readonly { readonly name: string; readonly path: string }[],
): void {
  written.forEach(({ name, path }, i) => {
    const twin = written.slice(0, i).find((other) => isSameOutput(other.path, path));
    if (twin !== undefined) {
      throw new SpanmillError(
        "USAGE",
        `${twin.name} and ${name} are the same file: write to two different ones`,
      );
    }
    const target = identity(path, 1);
    const source = target === undefined ? undefined : read.find((input) => identity(input, 0) === target);
    if (source === undefined) return;
    throw new SpanmillError(
      "USAGE",
      `${name} is the same file as the input ${source}, which it would destroy: write to another one`,
    );
  });
}

/** By identity where they are there, by their full names where they are not yet. */
function isSameOutput(a: string, b: string): boolean {
  const [first, second] = [identity(a, 1), identity(b, 1)];
  if (first !== undefined || second !== undefined) return first === second;
  return a !== STDIN && b !== STDIN && !existsSync(a) && resolve(a) === resolve(b);
}

/**
 * The same for all names of a file. Undefined where it is no file, or none yet: devices and pipes may well be on both sides.
 *
 * @param standard what `-` stands for: 0 or 1.
 */
export function identity(path: string, standard: number): string | undefined {
  let stats: Stats;
  try {
    stats = path === STDIN ? fstatSync(standard) : statSync(path);
  } catch {
    return undefined;
  }
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
}
