/** Records that came in parts, put together again by the schema's words and not by the code under test. Pure. */
import { isDeepStrictEqual } from "node:util";
import { CHANNELS, type Copy, type Input } from "./history.js";

// biome-ignore lint/suspicious/noExplicitAny: records are compared whole; a schema holds their shape.
type Json = any;

export function isInParts({ expected }: Input): boolean {
  return expected.kind === "record" && expected.inParts === true;
}

export function partOf({ value }: Copy): number | undefined {
  return read(value).part;
}

/** Of the copies on one channel. */
export function hasAllParts(copies: readonly Copy[]): boolean {
  const { parts } = read(copies[0]?.value ?? null);
  return parts > 1 && new Set(copies.map(partOf)).size === parts;
}

/** A copy for each channel, as if it had come whole but for its name; letters as they are. */
export function joinedOf(input: Input, copies: readonly Copy[]): Copy[] {
  return CHANNELS.flatMap((channel) => {
    const same = copies.filter((copy) => copy.channel === channel);
    if (channel === "dead-letters" || same.length === 0) return same;
    const parts = new Map(same.map((copy) => [partOf(copy), read(copy.value)]));
    const inTurn = [...parts].toSorted(([a = 0], [b = 0]) => a - b).map(([, part]) => part);
    const names = new Set(inTurn.map(({ record_id }) => record_id));
    const { part: _, parts: __, ...whole } = inTurn.reduce((a, b) => join(a, b));
    const value = names.size === parts.size ? Buffer.from(JSON.stringify(whole)) : null;
    const strange = same.find(({ key }) => key === null || input.key?.equals(key) === false);
    return [{ ...(strange ?? same[0]!), value }];
  });
}

/** Lists one after the other; all else is the same in all parts, or shows as wrong. */
function join(a: Json, b: Json, key = ""): Json {
  if (key === "record_id" || key === "part") return a;
  if (Array.isArray(a) && GROWS.has(key)) return [...a, ...b];
  if (typeof a !== "object" || a === null || Array.isArray(a)) return isDeepStrictEqual(a, b) ? a : { a, b };
  return Object.fromEntries(Object.keys(a).map((name) => [name, join(a[name], b[name], name)]));
}

const GROWS = new Set(["segments", "ranges", "spans"]);

function read(value: Buffer | null): Json {
  try {
    return JSON.parse(String(value)) ?? {};
  } catch {
    return {};
  }
}
