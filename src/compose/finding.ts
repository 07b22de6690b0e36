import type { SpanmillError } from "../errors.js";

/** What a look at a part of the worker found. */
export interface Finding {
  readonly check: "source" | "codecs" | "model" | "cache" | "sink";
  readonly status: "ok" | "warning" | "failed";
  readonly finding: string;
  /** Of what failed. */
  readonly error?: SpanmillError;
}

/** Of one part. */
export type Look = readonly Omit<Finding, "check">[];
