/**
 * Values framed by Confluent's serialisers: a zero byte, four bytes of schema id, the payload. The payload of a JSON
 * Schema is JSON text; those of Avro and Protobuf need their schema, which is not fetched.
 * (Their newer form puts the schema's name into a header and leaves the value alone: nothing to do.)
 */

type Payload =
  | { readonly bytes: Buffer }
  | { readonly code: "DOCUMENT_SCHEMA_UNSUPPORTED"; readonly reason: string };

const FRAME_BYTES = 5;

export function unframed(value: Buffer, format: "json" | "text"): Payload {
  if (value[0] !== 0) return { bytes: value };
  if (value.length < FRAME_BYTES)
    return format === "text" ? { bytes: value } : unsupported("a zero byte opens it");
  const schema = `it is framed by a schema registry (schema id ${value.readUInt32BE(1)})`;
  if (format === "text")
    return unsupported(`${schema}, where plain text is expected: set the input format to json`);
  const bytes = value.subarray(FRAME_BYTES);
  if (opensJson(bytes)) return { bytes };
  return unsupported(`${schema} and holds Avro or Protobuf; only JSON Schema payloads can be read`);
}

function unsupported(reason: string): Payload {
  return { code: "DOCUMENT_SCHEMA_UNSUPPORTED", reason };
}

/** Avro's and Protobuf's first bytes may be a brace too; such a payload then is no JSON, and is called that. */
function opensJson(bytes: Buffer): boolean {
  let at = 0;
  while (at < bytes.length && JSON_BLANKS.has(bytes[at]!)) at++;
  return JSON_OPENERS.has(bytes[at] ?? 0);
}

const JSON_BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
/** Of an object, a list, a string: the worker reads objects alone, and says what else it finds. */
const JSON_OPENERS = new Set([0x7b, 0x5b, 0x22]);
