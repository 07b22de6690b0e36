/** Judges a run by the invariants I1 to I6. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { RawRecord } from "../servers/raw-reader.js";
import { checkDuplicates } from "./duplicates.js";
import type { Held } from "./held.js";
import { type Copy, type History, header, type Input, nameOf } from "./history.js";
import { hasAllParts, isInParts, joinedOf } from "./parts.js";
import type { Reference } from "./reference.js";
import type { Cause } from "./timeline.js";

export interface Limits {
  /** Most documents that one worker has in flight. */
  readonly inFlight: number;
  readonly settleMs: number;
  readonly rssMb: number;
  readonly descriptors: number;
  /** Of a worker's main thread at once. */
  readonly timers: number;
}

export const INVARIANTS = ["I1", "I2", "I3", "order", "I4", "I5", "I6", "end"] as const;
export type Invariant = (typeof INVARIANTS)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

export interface Verdict {
  readonly inputs: number;
  readonly records: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly wrong: number;
  /** Copies beyond the first, over all channels, by what they come from. */
  readonly duplicates: Readonly<Partial<Record<Cause | "untraced", number>>>;
  readonly violations: readonly Violation[];
}

export function check(history: History, reference: Reference, limits: Limits): Verdict {
  const violations: Violation[] = [];
  const say = (invariant: Invariant, what: string) => violations.push({ invariant, what });
  const groups = groupCopies(history, say);
  const lost = [...history.inputs].filter(
    ([name, input]) => !isComplete(input, groups.get(name)) && !history.gone?.has(name),
  );
  for (const [name] of lost) say("I1", `input ${name} has neither all its records nor a dead letter`);
  for (const name of history.unsafe) {
    if (!history.gone?.has(name)) say("I2", `input ${name} was committed before its output was there`);
  }
  checkNoFall(history, say);
  const models = modelsOf(history, say);
  const wrong = [...groups].flatMap(([name, copies]) => {
    const input = history.inputs.get(name)!;
    const whole = isInParts(input) ? joinedOf(input, copies) : copies;
    return whole.filter((copy) => !isRight(copy, input, reference, models));
  });
  for (const copy of wrong) say("I4", `${copy.channel} ${nameOf(copy)} is not what ${copy.input} must give`);
  checkOrder(history, say);
  const duplicates = checkDuplicates(history, groups, limits, say);
  const { settledMs, usage } = history;
  if (settledMs === undefined || settledMs > limits.settleMs) {
    say("I5", `lag did not reach 0 within ${limits.settleMs} ms`);
  }
  const most = { ...limits, ...mostHeld(history, groups, limits) };
  for (const [name, what] of Object.entries(USED) as [keyof typeof USED, string][]) {
    if (usage[name] > most[name]) say("I6", `a worker had ${usage[name]} ${what}, over ${most[name]}`);
  }
  for (const end of history.ends) say("end", end);
  const deadLetters = history.copies.filter(({ channel }) => channel === "dead-letters").length;
  const records = history.copies.length - deadLetters;
  const counts = { inputs: history.inputs.size, records, deadLetters, lost: lost.length };
  return { ...counts, wrong: wrong.length, duplicates, violations };
}

const USED = {
  rssMb: "MB",
  descriptors: "descriptors",
  timers: "timers",
  bytesInFlight: "bytes in flight",
  bytesInLanes: "bytes in lanes",
};

/** As many documents as may be in flight, each the largest, with what becomes of it. */
function mostHeld(
  { inputs }: History,
  groups: ReadonlyMap<string, readonly Copy[]>,
  { inFlight }: Limits,
): Pick<Held, "bytesInFlight" | "bytesInLanes"> {
  const largest = (sizes: readonly number[]) => sizes.reduce((most, size) => Math.max(most, size), 0);
  const outputs = [...groups.values()].map((copies) => copies.reduce((sum, copy) => sum + sizeOf(copy), 0));
  const most = inFlight * (largest([...inputs.values()].map(sizeOf)) + largest(outputs));
  return { bytesInFlight: most, bytesInLanes: most };
}

function sizeOf({ key, value, headers }: RawRecord): number {
  const ofHeaders = headers.reduce((sum, [name, content]) => sum + name.length + (content?.length ?? 0), 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders;
}

export type Say = (invariant: Invariant, what: string) => void;

/** What is committed stays so: who commits a smaller offset does it for a partition that is another's now. */
function checkNoFall({ samples }: History, say: Say): void {
  const highest = new Map<number, bigint>();
  for (const { committed } of samples) {
    for (const [partition, offset] of committed) {
      const before = highest.get(partition) ?? 0n;
      if (offset < before) say("I2", `the committed offset of ${partition} fell from ${before} to ${offset}`);
      highest.set(partition, offset);
    }
  }
}

/** Copies by the input that they come from, in the order of the log of each partition. */
function groupCopies({ inputs, copies }: History, say: Say): Map<string, Copy[]> {
  const groups = new Map<string, Copy[]>();
  for (const copy of copies) {
    const known = copy.input !== undefined && inputs.has(copy.input);
    if (!known) say("I4", `${copy.channel} ${nameOf(copy)} comes from no input`);
    else groups.set(copy.input!, [...(groups.get(copy.input!) ?? []), copy]);
  }
  return groups;
}

/** Whether an input needs no more: its dead letter is there, or a record on each channel. */
export function isComplete(input: Input, copies: readonly Copy[] = []): boolean {
  const { expected } = input;
  const has = (wanted: string) => {
    const there = copies.filter(({ channel }) => channel === wanted);
    return isInParts(input) && wanted !== "dead-letters" ? hasAllParts(there) : there.length > 0;
  };
  return has("dead-letters") || (expected.kind !== "dead-letter" && has("documents") && has("entities"));
}

/** The digest of the model, by the digest of the pipeline; a model has one pipeline in a run. */
function modelsOf({ copies }: History, say: Say): Map<string, string> {
  const models = new Map<string, string>();
  for (const { channel, value } of copies) {
    if (channel !== "documents" || value === null) continue;
    const { models: used, pipeline } = parse(value) ?? {};
    models.set(String(pipeline?.digest), String(used?.[0]?.digest));
  }
  if (new Set(models.values()).size < models.size) say("I4", "one model goes by two pipelines");
  return models;
}

function isRight(
  copy: Copy,
  input: Input,
  reference: Reference,
  models: ReadonlyMap<string, string>,
): boolean {
  const { expected } = input;
  const sameKey = input.key === null ? copy.key !== null : copy.key?.equals(input.key) === true;
  if (!sameKey) return false;
  if (copy.channel === "dead-letters") {
    if (expected.kind !== "dead-letter") return false;
    const { code, leftOut } = expected;
    const value = leftOut === undefined ? input.value : input.value?.subarray(0, STUB_BYTES);
    const said = ["spanmill.error-code", "spanmill.left-out", "spanmill.doc-bytes"];
    return (
      isDeepStrictEqual(
        said.map((name) => header(copy, name)),
        [code, leftOut, String(input.value?.length)],
      ) && isDeepStrictEqual(copy.value, value)
    );
  }
  if (expected.kind === "tombstone") return copy.value === null;
  const value = parse(copy.value);
  const pipeline = String(value?.pipeline?.digest);
  const wanted = reference.of(input, models.get(pipeline) ?? "", pipeline)?.[copy.channel];
  const named = isInParts(input) ? { ...wanted, record_id: value?.record_id } : wanted;
  return wanted !== undefined && isDeepStrictEqual(value, named);
}

/** What a letter keeps of a value that is too large. */
const STUB_BYTES = 1_024;

function parse(value: Buffer | null) {
  try {
    return JSON.parse(String(value));
  } catch {
    return undefined;
  }
}

/** In a partition of an output, the first copies of a key's documents stand as their inputs do. */
function checkOrder({ copies }: History, say: Say): void {
  const seen = new Set<string>();
  const last = new Map<string, bigint>();
  for (const { channel, key, input, partition, offset } of copies) {
    if (channel === "dead-letters" || input === undefined || seen.has(`${channel} ${input}`)) continue;
    seen.add(`${channel} ${input}`);
    const [from, at] = input.split("/") as [string, string];
    const lane = `${channel} ${from} ${String(key)}`;
    if (BigInt(at) < (last.get(lane) ?? 0n)) {
      say(
        "order",
        `${channel} ${nameOf({ partition, offset })}: ${input} stands behind a later one of its key`,
      );
    }
    last.set(lane, BigInt(at));
  }
}
