/** Where rejected documents are listed: a file with a line for each, or standard error. Never their text. */
import { rmSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { openRecords, type RecordWriter } from "../adapters/files/output.js";
import type { AnnotateOptions } from "../config/options.js";
import { SpanmillError, systemCode } from "../errors.js";
import type { Rejected } from "../pipeline/annotate.js";

export interface Rejections {
  /** The file, where there is one. */
  readonly file: string | undefined;
  add(rejected: Rejected): Promise<void>;
  close(): Promise<void>;
}

/**
 * The list beside the output: OUTPUT.errors.jsonl, or errors.jsonl in the folder of brat. None beside standard
 * output, a device or a pipe.
 */
export function listBeside({ output, to }: Pick<AnnotateOptions, "output" | "to">): string | undefined {
  if (output === undefined) return undefined;
  if (to === "brat") return join(output, "errors.jsonl");
  const stats = statsOf(output);
  return stats === undefined || stats.isFile() ? `${output}.errors.jsonl` : undefined;
}

/**
 * A list that was asked for is always made, so that whoever waits for it finds it. The one beside the output is made
 * with the first document that is rejected, and that of an earlier run is removed, so that there is one exactly where
 * something is missing. A run that goes on with an earlier one (--skip, --append) adds to its list.
 *
 * @throws SpanmillError OUTPUT_UNWRITABLE
 */
export async function openRejections(
  options: AnnotateOptions,
  report: (line: string) => void,
): Promise<Rejections> {
  const file = options.errors ?? listBeside(options);
  const append = options.append || options.skip > 0;
  let writer: RecordWriter | undefined;
  if (options.errors !== undefined) writer = await openRecords(options.errors, { append });
  else if (file !== undefined && !append) removeStale(file);
  return {
    file,
    async add({ source, position, id, code, reason }) {
      if (file === undefined) {
        report(`${source}:${position}: ${code}: ${reason}\n`);
        return;
      }
      writer ??= await openRecords(file, { append });
      const line = { source, position, ...(id === undefined ? {} : { document_id: id }), code, reason };
      await writer.write(`${JSON.stringify(line)}\n`);
    },
    close: async () => writer?.close(),
  };
}

function removeStale(file: string): void {
  if (!statsOf(file)?.isFile()) return;
  try {
    rmSync(file);
  } catch (cause) {
    throw new SpanmillError(
      "OUTPUT_UNWRITABLE",
      `${file}, the list of an earlier run, cannot be removed (${systemCode(cause)}): name another with --errors`,
      { cause },
    );
  }
}

/** Undefined also where the path cannot be: whoever opens it says so. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
