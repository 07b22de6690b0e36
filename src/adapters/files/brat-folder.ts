/** A folder in brat's layout: two files a document. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AnnotatedDocument } from "../../dataset/document.js";
import { bratName, toBrat } from "../../dataset/write-brat.js";
import { SpanmillError, systemCode } from "../../errors.js";

/** @throws SpanmillError OUTPUT_UNWRITABLE, OUTPUT_FULL */
export async function writeBrat(directory: string, document: AnnotatedDocument): Promise<void> {
  const { txt, ann } = toBrat(document);
  const path = join(directory, bratName(document.id));
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(`${path}.txt`, txt);
    await writeFile(`${path}.ann`, ann);
  } catch (cause) {
    const code = systemCode(cause);
    throw new SpanmillError(
      code === "ENOSPC" ? "OUTPUT_FULL" : "OUTPUT_UNWRITABLE",
      `${path}.txt and .ann cannot be written (${code ?? "unknown"}): give --output a folder with room that you may write to`,
      { cause },
    );
  }
}
