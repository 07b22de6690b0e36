/** Checksums of a model folder: its identity in records and cache keys, and the guard against a changed file. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SpanmillError } from "../../errors.js";

/** Files that decide an answer, where the folder has them. */
const DECIDING = ["config.json", "tokenizer.json", "tokenizer_config.json", "spanmill.json"];

/**
 * @param expected sha256 by path, from `spanmill.json`.
 * @returns the sha256 of each deciding file, and one digest over them all.
 * @throws SpanmillError MODEL_CHECKSUM naming every file that differs or is gone.
 */
export async function digestFiles(
  directory: string,
  onnxFile: string,
  expected: Readonly<Record<string, string>> | undefined,
): Promise<{ digest: string; files: Record<string, string> }> {
  const deciding = [...DECIDING, onnxFile, `${onnxFile}_data`, `${onnxFile}.data`];
  const files: Record<string, string> = {};
  for (const file of [...deciding].sort()) {
    if (existsSync(join(directory, file))) files[file] = await sha256(join(directory, file));
  }
  await verify(directory, expected ?? {}, files);
  const digest = createHash("sha256")
    .update(JSON.stringify(Object.entries(files)))
    .digest("hex");
  return { digest, files };
}

async function verify(
  directory: string,
  expected: Readonly<Record<string, string>>,
  known: Readonly<Record<string, string>>,
): Promise<void> {
  const wrong: string[] = [];
  for (const [file, sum] of Object.entries(expected)) {
    const path = join(directory, file);
    if (!existsSync(path)) wrong.push(`${file} is missing`);
    else if ((known[file] ?? (await sha256(path))) !== sum) wrong.push(`${file} differs`);
  }
  if (wrong.length > 0) {
    throw new SpanmillError(
      "MODEL_CHECKSUM",
      `The files of ${directory} are not those that spanmill.json lists: ${wrong.join(", ")}. Fetch the model again, or, ` +
        "if the change is meant, write the new sha256 into spanmill.json",
    );
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw new SpanmillError("MODEL_BROKEN", `${path} cannot be read`, { cause });
  }
  return hash.digest("hex");
}
