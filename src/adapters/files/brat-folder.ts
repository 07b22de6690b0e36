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
  const names = new Map<string, number>();
  return (document) => writeBrat(join(directory, unusedName(bratName(document.id), names)), document);
}

/** A name that is used again in a run has `~2` put to it: `~` is in no name of ours. File systems may ignore case. */
function unusedName(name: string, names: Map<string, number>): string {
  const times = (names.get(name.toLowerCase()) ?? 0) + 1;
  names.set(name.toLowerCase(), times);
  return times === 1 ? name : `${name}~${times}`;
}

async function writeBrat(path: string, document: AnnotatedDocument): Promise<void> {
  const { txt, ann } = toBrat(document);
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
