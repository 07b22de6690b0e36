/** What the worker tells logs and metrics. Plain data, no text of a document, no key. */
import type { RecordChannel, Reduced } from "../document/messages.js";
import type { ErrorCode } from "../errors.js";
import type { Place } from "../ports/source.js";

/** Milliseconds that a document spent in each stage. */
export interface Times {
  /** From the source's hand to the text view. */
  readonly read: number;
  /** Waiting for the engine, and in it. */
  readonly engine: number;
  /** Building the record and its messages. */
  readonly write: number;
  /** Waiting for those before it of the same key. */
  readonly turn: number;
  /** From the first message sent to the last one acknowledged. */
  readonly send: number;
}

export type WorkerEvent =
  /** All that follows from a document is acknowledged. `bytes` of its value as it came. */
  | {
      readonly kind: "done";
      readonly place: Place;
      readonly outcome: "record" | "tombstone" | "dead-letter";
      readonly messages: number;
      readonly bytes: number;
      readonly times: Times;
      /** Spans by lens and label; of records alone. */
      readonly spans: Readonly<Record<string, Readonly<Record<string, number>>>>;
    }
  | {
      readonly kind: "dead-letter";
      readonly place: Place;
      readonly code: ErrorCode;
      readonly reason: string;
      readonly attempts: number;
    }
  /** A record went out without its words, or in parts. */
  | ({ readonly kind: "reduced"; readonly place: Place; readonly channel: RecordChannel } & Reduced)
  /** Trouble that may pass: tried again after `delay` milliseconds. */
  | {
      readonly kind: "retry";
      readonly place: Place;
      readonly code: ErrorCode;
      readonly attempt: number;
      readonly delay: number;
    }
  /** A document is about to run alone, or among few, since it may have ended a thread or a process. */
  | { readonly kind: "suspect"; readonly place: Place }
  /** The source gave the document to another process before it was sent: nothing of it is sent here. */
  | { readonly kind: "lost"; readonly place: Place }
  /** A thread did not answer within its deadline; these documents are what it holds. */
  | { readonly kind: "stuck"; readonly places: readonly Place[] }
  | { readonly kind: "draining"; readonly documents: number }
  /** The loop is over: `abandoned` documents were not finished, and will be read again. */
  | { readonly kind: "ended"; readonly reason: EndReason | "failed"; readonly abandoned: number };

/** `source`: it had no more; `drained`: asked to end, and all was finished; `stopped`: asked to end at once, or too late. */
export type EndReason = "source" | "drained" | "stopped";
