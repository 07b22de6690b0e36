/** A folder in brat's layout: two files a document. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AnnotatedDocument } from "../../dataset/document.js";
import { bratName, toBrat } from "../../dataset/write-brat.js";
import { SpanmillError, systemCode } from "../../errors.js";

/**
 * Makes the folder where it is not there.
 *
 * @throws SpanmillError OUTPUT_UNWRITABLE, OUTPUT_FULL
 */
export async function openBrat(directory: string): Promise<(document: AnnotatedDocument) => Promise<void>> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw unwritable(directory, cause);
  }
  return (document) => writeBrat(directory, document);
}

async function writeBrat(directory: string, document: AnnotatedDocument): Promise<void> {
  const { txt, ann } = toBrat(document);
  const path = join(directory, bratName(document.id));
  try {
    await writeFile(`${path}.txt`, txt);
    await writeFile(`${path}.ann`, ann);
  } catch (cause) {
    throw unwritable(`${path}.txt and .ann`, cause);
  }
}

function unwritable(what: string, cause: unknown): SpanmillError {
  const code = systemCode(cause);
  return new SpanmillError(
    code === "ENOSPC" || code === "EDQUOT" ? "OUTPUT_FULL" : "OUTPUT_UNWRITABLE",
    `${what} cannot be written (${code ?? "unknown"}): give --output a folder with room that you may write to`,
    { cause },
  );
}
