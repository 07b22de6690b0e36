import { isUtf8 } from "node:buffer";
import { openBytes } from "./bytes.js";
import { firstInvalidUtf8 } from "./utf8.js";

/** A file read as one document, or why it cannot be one. */
export type WholeText =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "rejected";
      readonly code: "DOCUMENT_TOO_LARGE" | "DOCUMENT_NOT_UTF8";
      /** What is wrong, with numbers and without text. */
      readonly reason: string;
    };

/**
 * Reads a file, or standard input for `-`, as one text: gzip unpacked, a byte order mark dropped, line ends
 * as they are. No more than `maxBytes` (unpacked) are held.
 *
 * @throws SpanmillError INPUT_NOT_FOUND, INPUT_IS_DIRECTORY, INPUT_UNREADABLE.
 */
export async function readText(path: string, maxBytes: number): Promise<WholeText> {
  const source = await openBytes(path);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of source.chunks) {
    length += chunk.length;
    if (length > maxBytes) {
      const reason = `the document has more than ${maxBytes} bytes, which is the limit`;
      return { kind: "rejected", code: "DOCUMENT_TOO_LARGE", reason };
    }
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) {
    const reason = `byte ${firstInvalidUtf8(bytes)} of the document, counted from 0, is not valid UTF-8`;
    return { kind: "rejected", code: "DOCUMENT_NOT_UTF8", reason };
  }
  const text = bytes.toString("utf8");
  return { kind: "text", text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text };
}
