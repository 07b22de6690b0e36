/**
 * What a record says of the text of its spans. Decided per label, so that names of people can be digested while
 * names of products stay readable.
 */
import { createHmac, hash } from "node:crypto";
import { SpanmillError } from "../errors.js";
import { isWhiteSpace } from "../whitespace.js";

export const TEXT_POLICIES = ["none", "hmac", "masked", "full"] as const;

/**
 * - `none`: nothing.
 * - `hmac`: a digest under the configured key; equal for equal names whatever the layout, and of no use without
 *   the key.
 * - `masked`: the first grapheme of each stretch, then always three asterisks: `J*** S***`. How many stretches there
 *   are shows, how long they are does not. A stretch of one grapheme is `***`.
 * - `full`: the very characters between the span's offsets.
 */
export type TextPolicy = (typeof TEXT_POLICIES)[number];

export interface SurfaceSettings {
  /** For labels that have none of their own; `full` if absent. */
  readonly default?: TextPolicy;
  readonly labels?: Readonly<Record<string, TextPolicy>>;
  /** The secret of all digests. Where it is set, the digest of the whole text is keyed too. */
  readonly key?: string | Uint8Array;
  /** True to put the whole text view into the record. */
  readonly wholeText?: boolean;
}

/** The fields that a span's text becomes: one of them, or none. */
export interface SurfaceFields {
  text?: string;
  text_masked?: string;
  text_digest?: string;
}

export interface SurfaceWriter {
  readonly wholeText: boolean;
  /** `slice` is the span in the text view, `canonical` the same without layout. */
  span(label: string, slice: string, canonical: string): SurfaceFields;
  /** `sha256:<hex>`, or `hmac-sha256:<hex>` where there is a key, of the UTF-8 bytes; lone surrogates as U+FFFD. */
  digest(text: string): string;
}

/**
 * Checks the settings once, before the first document.
 *
 * @throws SpanmillError `CONFIG_INVALID` for a policy that does not exist, an empty key, `hmac` without a key, and the
 * whole text beside labels that are to be hidden.
 */
export function surfaceWriter(settings: SurfaceSettings): SurfaceWriter {
  check(settings);
  const { labels = {}, key, wholeText = false } = settings;
  const policies = new Map(Object.entries(labels));
  const fallback = settings.default ?? "full";
  const digest = (text: string) => digestOf(text, key);
  return {
    wholeText,
    digest,
    span(label, slice, canonical) {
      const policy = policies.get(label) ?? fallback;
      switch (policy) {
        case "none":
          return {};
        case "hmac":
          return { text_digest: digest(canonical) };
        case "masked":
          return { text_masked: mask(canonical) };
        case "full":
          return { text: slice.toWellFormed() };
      }
    },
  };
}

function check({ default: fallback = "full", labels = {}, key, wholeText = false }: SurfaceSettings): void {
  if (key?.length === 0) throw invalid("The key of digests is empty. Configure a secret, or none.");
  const named = [
    ["the default", fallback] as const,
    ...Object.entries(labels).map(([l, p]) => [`label ${l}`, p] as const),
  ];
  for (const [name, policy] of named) {
    if (!TEXT_POLICIES.includes(policy)) {
      throw invalid(`The text policy of ${name} is not one of ${TEXT_POLICIES.join(", ")}.`);
    }
    if (policy === "hmac" && key === undefined) {
      throw invalid(
        `The text policy of ${name} is hmac, and there is no key. Configure a secret, or choose masked or none.`,
      );
    }
    if (wholeText && (policy === "hmac" || policy === "masked")) {
      throw invalid(
        `The text policy of ${name} is ${policy}, but the record is to hold the whole text, which would show it. ` +
          "Leave the whole text out, or choose full or none.",
      );
    }
  }
}

function invalid(message: string): SpanmillError {
  return new SpanmillError("CONFIG_INVALID", message);
}

function digestOf(text: string, key: string | Uint8Array | undefined): string {
  return key === undefined
    ? `sha256:${hash("sha256", text, "hex")}`
    : `hmac-sha256:${createHmac("sha256", key).update(text, "utf8").digest("hex")}`;
}

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

function mask(canonical: string): string {
  const masked: string[] = [];
  for (let at = 0; at < canonical.length; ) {
    while (at < canonical.length && isWhiteSpace(canonical.charCodeAt(at))) at++;
    const start = at;
    while (at < canonical.length && !isWhiteSpace(canonical.charCodeAt(at))) at++;
    if (at === start) break;
    const first = graphemes.segment(canonical.slice(start, at)).containing(0)!.segment;
    masked.push(start + first.length < at ? `${first.toWellFormed()}***` : "***");
  }
  return masked.join(" ");
}
