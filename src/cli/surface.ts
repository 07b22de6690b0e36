/** How much of the text is in a record, as the command line says it. */
import { readFileSync } from "node:fs";
import type { AnnotateOptions } from "../config/options.js";
import { type SurfaceWriter, surfaceWriter } from "../document/surface.js";
import { SpanmillError } from "../errors.js";

/** @throws SpanmillError CONFIG_INVALID */
export function surfaceOf(
  { text, includeText }: Pick<AnnotateOptions, "text" | "includeText">,
  key: Buffer | undefined,
): SurfaceWriter {
  return surfaceWriter({
    default: text.otherwise,
    labels: Object.fromEntries(text.byName),
    wholeText: includeText,
    ...(key === undefined ? {} : { key }),
  });
}

/** @throws SpanmillError CONFIG_INVALID */
export function readHmacKey(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    // The very bytes, but for the line feed that editors put at the end.
    const key = readFileSync(path);
    return key.at(-1) === 0x0a ? key.subarray(0, key.at(-2) === 0x0d ? -2 : -1) : key;
  } catch (cause) {
    throw new SpanmillError(
      "CONFIG_INVALID",
      "--hmac-key-file cannot be read: check its path and its rights",
      {
        cause,
      },
    );
  }
}
