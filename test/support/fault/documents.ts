/** Documents to feed to a run under faults, each with what must become of it. */
import type { Message } from "kafkajs";
import type { Random } from "./random.js";

export type Expected =
  /** `inParts`: too large for one message. */
  | { readonly kind: "record"; readonly id: string; readonly text: string; readonly inParts?: true }
  /** `leftOut`: too large for its topic; what its header says that it has not, the value among it. */
  | { readonly kind: "dead-letter"; readonly code: string; readonly leftOut?: string }
  | { readonly kind: "tombstone" };

/** Its value is in no other document of the run: the checker knows it by that. */
export interface FaultDocument extends Message {
  readonly key: string;
  readonly value: string | Buffer | null;
  readonly partition: number;
  readonly expected: Expected;
}

/** A document of JSON that must give its records. */
export function recordDocument(
  place: { readonly key: string; readonly partition: number },
  id: string,
  text: string,
): FaultDocument {
  return { ...place, value: JSON.stringify({ id, text }), expected: { kind: "record", id, text } };
}

/**
 * Documents `from` to `to - 1`, over forty keys, each key in one partition. A third share their text with others; one in
 * thirty becomes a dead letter.
 */
export function faultDocuments(
  random: Random,
  from: number,
  to: number,
  partitions: number,
): FaultDocument[] {
  return Array.from({ length: to - from }, (_, i) => {
    const id = `d-${from + i}`;
    const number = random.between(0, KEYS - 1);
    const place = { key: `k${number}`, partition: number % partitions };
    if (random.between(1, 30) === 1) return { ...place, ...broken(random, id) };
    const text = random.between(1, 3) === 1 ? shared(random) : own(random, from + i);
    return recordDocument(place, id, text);
  });
}

const KEYS = 40;
const WORDS = ["Alice", "Bob", "Smith", "Berlin", "New York", "Acme", "wrote", "from", "the", "ticket", "of"];

function sentence(random: Random): string {
  const words = Array.from({ length: random.between(3, 14) }, () => random.pick(WORDS));
  return `${words.join(" ")}.`;
}

function shared(random: Random): string {
  return `Ticket ${random.between(1, 12)} of Bob Smith.\n\nBest regards, Alice`;
}

function own(random: Random, number: number): string {
  return Array.from({ length: random.between(1, 4) }, () => `${number}: ${sentence(random)}`).join("\n\n");
}

function broken(random: Random, id: string): Pick<FaultDocument, "value" | "expected"> {
  const dead = (code: string) => ({ kind: "dead-letter", code }) as const;
  switch (random.between(1, 3)) {
    case 1:
      return { value: JSON.stringify({ id, text: 5 }), expected: dead("DOCUMENT_FIELD_MISSING") };
    case 2:
      return { value: `{"id":"${id}"`, expected: dead("DOCUMENT_NOT_JSON") };
    default:
      return {
        value: Buffer.concat([Buffer.from(id), Buffer.from([0xff, 0x00])]),
        expected: dead("DOCUMENT_NOT_UTF8"),
      };
  }
}
