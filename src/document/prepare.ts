/** A document made ready for the engine: its text view, segments, and blocks with what each hands to a thread. */
import type { BlockInput } from "../tagging/protocol.js";
import { type Block, blocksOf } from "./blocks.js";
import { type Segment, segmentsOf } from "./segments.js";
import type { TextView } from "./view.js";

export interface DocumentIdentity {
  readonly id: string;
  /**
   * Sortable, and a function of the source alone: of two answers for one id from one source the higher one is the
   * latest. Of files it is the document's place among all that are read.
   */
  readonly revision: string;
}

export interface PreparedDocument extends DocumentIdentity {
  readonly text: string;
  /** Language tag that the source gives. */
  readonly language?: string | undefined;
  readonly segments: readonly Segment[];
  readonly blocks: readonly Block[];
  /** What the engine is asked for each block, in the same order. */
  readonly inputs: readonly BlockInput[];
}

/** @param joinTo canonical length below which short paragraphs are joined. */
export function prepareText(
  document: DocumentIdentity & { readonly text: string },
  joinTo?: number,
): PreparedDocument {
  const { id, revision, text } = document;
  return prepareView({ id, revision }, { text, segments: segmentsOf(text) }, { joinTo });
}

export function prepareView(
  { id, revision }: DocumentIdentity,
  { text, segments }: TextView,
  { joinTo, language }: { readonly joinTo?: number | undefined; readonly language?: string | undefined } = {},
): PreparedDocument {
  const blocks = blocksOf(text, segments, joinTo);
  return {
    id,
    revision,
    text,
    ...(language === undefined ? {} : { language }),
    segments,
    blocks,
    inputs: blocks.map(({ canonical }) => ({ kind: "text", text: canonical })),
  };
}
