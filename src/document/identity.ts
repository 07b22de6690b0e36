/**
 * Names that records and answers go by. They are functions of what they name alone, so that work done twice bears the
 * same name, and whoever keeps one row a name has each record once.
 */
import { hash } from "node:crypto";

export interface RecordIdentity {
  readonly documentId: string;
  readonly revision: string;
  readonly pipelineDigest: string;
  /** What kind of record it is; `document` for the whole one. */
  readonly kind: string;
  /** What it is within the document: of a row its lens, range and label; of a part its number and their count. */
  readonly item?: readonly (string | number)[];
}

/** 32 hex digits. The fields are encoded as a JSON array, so that no two lists of them run together. */
export function recordId({ documentId, revision, pipelineDigest, kind, item = [] }: RecordIdentity): string {
  return sha256(JSON.stringify([documentId, revision, pipelineDigest, kind, ...item])).slice(0, 32);
}

/** All that an answer depends on beside the document. */
export interface PipelineParts {
  /** Version of the canonical form, the word rules and the spans' meaning: raised when any of them changes. */
  readonly format: string;
  readonly models: readonly { readonly digest: string }[];
  readonly lenses: readonly {
    readonly name: string;
    /** Digest of the model that it reads. */
    readonly model: string;
    readonly scheme: string;
    /** In index order. */
    readonly labels: readonly string[];
    /** Divides the logits. */
    readonly temperature: number;
  }[];
  readonly decoder: Readonly<Record<string, string | number | boolean>>;
  readonly blocks: Readonly<Record<string, number>>;
  /** Family of the runtime: inference library and version, CPU family. */
  readonly runtime: string;
}

/** 64 hex digits over the parts. The order of models and lenses, and of keys, does not count. */
export function pipelineDigest(parts: PipelineParts): string {
  const models = parts.models.map(({ digest }) => digest).sort();
  const lenses = [...parts.lenses].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sha256(canonicalJson({ ...parts, models, lenses }));
}

/** JSON with the keys of every object sorted. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}
