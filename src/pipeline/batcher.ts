/**
 * Puts blocks of several documents into one request, so that short documents do not cost a trip across the
 * thread line each, and spreads a long document over the threads. Answers do not depend on the grouping.
 */
import { SpanmillError } from "../errors.js";
import type { Tagger } from "../ports/tagger.js";
import type { BlockInput, TaggedBlock } from "../tagging/protocol.js";

export interface Batcher {
  /**
   * Answers in the order of `blocks`. A request leaves when it is full, or when the main thread has nothing else
   * to do: no block waits for one that may never come.
   */
  tag(blocks: readonly BlockInput[]): Promise<TaggedBlock[]>;
}

/** Characters of a request: tens of milliseconds of work, against a tenth of one for the trip. */
const REQUEST_CHARACTERS = 2_000;

interface Waiting {
  readonly block: BlockInput;
  readonly resolve: (tagged: TaggedBlock) => void;
  readonly reject: (error: unknown) => void;
}

export function batcher(tagger: Tagger): Batcher {
  let waiting: Waiting[] = [];
  let characters = 0;

  const flush = () => {
    if (waiting.length === 0) return;
    const request = waiting;
    waiting = [];
    characters = 0;
    void send(tagger, request);
  };

  const enqueue = (block: BlockInput) =>
    new Promise<TaggedBlock>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ block, resolve, reject });
      characters += sizeOf(block);
      if (characters >= REQUEST_CHARACTERS) flush();
    });

  return { tag: (blocks) => Promise.all(blocks.map(enqueue)) };
}

/**
 * A request that fails is halved, so that one bad block does not take its neighbours along. A block that fails alone
 * for a reason that may pass (its thread died, of whatever) is tried once more.
 */
async function send(tagger: Tagger, request: readonly Waiting[], isLastTry = false): Promise<void> {
  try {
    const tagged = await tagger.tag(request.map(({ block }) => block));
    for (let i = 0; i < request.length; i++) request[i]!.resolve(tagged[i]!);
  } catch (error) {
    if (request.length > 1) {
      const half = request.length >> 1;
      await send(tagger, request.slice(0, half));
      await send(tagger, request.slice(half));
    } else if (error instanceof SpanmillError && error.retryable && !isLastTry) {
      await send(tagger, request, true);
    } else request[0]!.reject(error);
  }
}

export function sizeOf(block: BlockInput): number {
  if (block.kind === "text") return block.text.length;
  return block.words.reduce((sum, word) => sum + word.length + 1, 0);
}
