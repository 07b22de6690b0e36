/** Where rejected documents are listed: a file with a line for each, or standard error. Never their text. */
import { openRecords, type RecordWriter } from "../adapters/files/output.js";
import type { Rejected } from "../pipeline/annotate.js";

export interface Rejections {
  /** The file, once it has been needed. */
  readonly file: string | undefined;
  add(rejected: Rejected): Promise<void>;
  close(): Promise<void>;
}

/** @param file made when the first document is rejected; undefined: standard error. */
export function rejections(
  file: string | undefined,
  append: boolean,
  report: (line: string) => void,
): Rejections {
  let writer: RecordWriter | undefined;
  return {
    get file() {
      return writer?.name;
    },
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
