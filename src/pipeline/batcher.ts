/**
 * Puts blocks of several documents into one request, so that short documents do not cost a trip across the
 * thread line each, and spreads a long document over the threads. Answers do not depend on the grouping.
 */
import { SpanmillError } from "../errors.js";
import type { Tagger } from "../ports/tagger.js";
import type { BlockInput, TaggedBlock } from "../tagging/protocol.js";

export interface Batcher<Owner = never> {
  /**
   * Answers in the order of `blocks`. A request leaves when it is full, or when the main thread has nothing else
   * to do: no block waits for one that may never come.
   *
   * @param owner whose blocks they are. When a thread dies of a request with blocks of several owners, it is halved between
   * them, but blocks of one owner alone are not tried again: they fail with THREAD_DIED, and the owner may ask `alone`.
   */
  tag(blocks: readonly BlockInput[], owner?: Owner): Promise<TaggedBlock[]>;
  /**
   * Runs `work` while nothing else is in the engine: whatever dies meanwhile dies of it. A request that it makes is tried
   * once.
   *
   * @param before awaited first, when all else has left the engine.
   * @param after awaited before anything else enters it, unless that is another one alone.
   */
  alone<Value>(
    before: () => Promise<void>,
    work: (ask: Ask<Owner>) => Promise<Value>,
    after?: () => Promise<void>,
  ): Promise<Value>;
  /** Undefined where nobody runs alone, or waits to; else kept when the last one that is known now is over. */
  held(): Promise<void> | undefined;
}

export type Ask<Owner> = (blocks: readonly BlockInput[], owners: readonly Owner[]) => Promise<TaggedBlock[]>;

export interface BatcherSettings<Owner> {
  /** Most requests in the engine at once: beyond what the threads can hold they only grow old there. */
  readonly requests: number;
  /** Of the engine; each works on one request at a time. */
  readonly threads: number;
  /** Milliseconds that a full request may take in a thread; a longer one gets more in proportion. */
  readonly deadline: number;
  /** A request is past its deadline, though it may still be answered: whose blocks the threads hold. Called once. */
  readonly onStuck: (owners: readonly Owner[]) => void;
}

/** Characters of a request: tens of milliseconds of work, against a tenth of one for the trip. */
const REQUEST_CHARACTERS = 2_000;

/** Answered blocks that the queue still holds: large enough that closing the gap costs nothing a block. */
const MOST_GONE = 1_000;

interface Waiting<Owner> {
  readonly block: BlockInput;
  readonly owner: Owner | undefined;
  readonly resolve: (tagged: TaggedBlock) => void;
  readonly reject: (error: unknown) => void;
}

export function batcher<Owner = never>(tagger: Tagger, settings?: BatcherSettings<Owner>): Batcher<Owner> {
  const most = settings?.requests ?? Number.POSITIVE_INFINITY;
  const ask: Ask<Owner> = settings === undefined ? (blocks) => tagger.tag(blocks) : timed(tagger, settings);
  const queue: Waiting<Owner>[] = [];
  let head = 0;
  let characters = 0;
  /** True when what waits shall not wait for a request to fill. */
  let isDue = false;
  let running = 0;
  let holds = 0;
  let lastAlone: Promise<void> = Promise.resolve();
  let onQuiet: (() => void) | undefined;

  const cut = (): Waiting<Owner>[] => {
    const start = head;
    for (let size = 0; head < queue.length && size < REQUEST_CHARACTERS; head++)
      size += sizeOf(queue[head]!.block);
    const request = queue.slice(start, head);
    for (const { block } of request) characters -= sizeOf(block);
    // A queue that is never empty would else hold on to all that was ever in it.
    if (head === queue.length || head >= MOST_GONE) {
      queue.splice(0, head);
      head = 0;
    }
    return request;
  };

  const pump = () => {
    while (holds === 0 && running < most && head < queue.length) {
      if (!isDue && characters < REQUEST_CHARACTERS) return;
      running++;
      void send(ask, cut()).then(() => {
        running--;
        if (running === 0) onQuiet?.();
        pump();
      });
    }
    if (head === queue.length) isDue = false;
  };

  const enqueue = (block: BlockInput, owner: Owner | undefined) =>
    new Promise<TaggedBlock>((resolve, reject) => {
      if (head === queue.length) {
        setImmediate(() => {
          isDue = true;
          pump();
        });
      }
      queue.push({ block, owner, resolve, reject });
      characters += sizeOf(block);
      if (characters >= REQUEST_CHARACTERS) pump();
    });

  const quiet = () =>
    running === 0
      ? undefined
      : new Promise<void>((resolve) => {
          onQuiet = resolve;
        });

  return {
    tag: (blocks, owner) => Promise.all(blocks.map((block) => enqueue(block, owner))),
    async alone(before, work, after) {
      holds++;
      const turn = lastAlone;
      let over!: () => void;
      lastAlone = new Promise((resolve) => {
        over = resolve;
      });
      try {
        await turn;
        await quiet();
        await before();
        return await work(ask);
      } finally {
        if (holds === 1) await after?.();
        over();
        holds--;
        pump();
      }
    },
    held: () => (holds === 0 ? undefined : lastAlone),
  };
}

/** A request in the engine; `due` once a thread has it. */
interface Asked<Owner> {
  readonly owners: readonly Owner[];
  readonly size: number;
  due?: number;
  timer?: NodeJS.Timeout;
}

/**
 * Threads take requests in the order in which they were asked, so as many as there are threads are being worked on: a
 * deadline begins then, not while a request waits behind others. It is no earlier than those of the requests before it,
 * on whose blocks it may wait. Told once: what is named then is all that threads hold.
 */
function timed<Owner>(tagger: Tagger, { threads, deadline, onStuck }: BatcherSettings<Owner>): Ask<Owner> {
  const asked: Asked<Owner>[] = [];
  let isStuck = false;
  const expire = () => {
    if (isStuck) return;
    isStuck = true;
    onStuck([...new Set(asked.slice(0, threads).flatMap(({ owners }) => owners))]);
  };
  const watch = () => {
    const now = performance.now();
    let last = 0;
    for (const request of asked.slice(0, threads)) {
      if (request.due === undefined) {
        const own = now + deadline * Math.max(1, request.size / REQUEST_CHARACTERS);
        request.due = Math.max(last, own);
        request.timer = setTimeout(expire, Math.min(LONGEST_TIMER, request.due - now));
      }
      last = request.due;
    }
  };
  return async (blocks, owners) => {
    const request: Asked<Owner> = { owners, size: blocks.reduce((sum, block) => sum + sizeOf(block), 0) };
    asked.push(request);
    watch();
    try {
      return await tagger.tag(blocks);
    } finally {
      clearTimeout(request.timer);
      asked.splice(asked.indexOf(request), 1);
      watch();
    }
  };
}

/** Milliseconds; Node takes a longer timer for one of a millisecond. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A request that fails is halved, so that one bad block does not take its neighbours along. A block that fails alone
 * for a reason that may pass (its thread died, of whatever) is tried once more; where blocks have owners, that is theirs.
 */
async function send<Owner>(
  ask: Ask<Owner>,
  request: readonly Waiting<Owner>[],
  isLastTry = false,
): Promise<void> {
  const owners = ownersOf(request);
  try {
    const tagged = await ask(
      request.map(({ block }) => block),
      owners,
    );
    for (let i = 0; i < request.length; i++) request[i]!.resolve(tagged[i]!);
  } catch (error) {
    if (owners.length > 0 && error instanceof SpanmillError && error.code === "THREAD_DIED") {
      return suspect(ask, request, error);
    }
    if (request.length > 1) {
      const half = request.length >> 1;
      await send(ask, request.slice(0, half));
      await send(ask, request.slice(half));
    } else if (owners.length === 0 && error instanceof SpanmillError && error.retryable && !isLastTry) {
      await send(ask, request, true);
    } else request[0]!.reject(error);
  }
}

async function suspect<Owner>(
  ask: Ask<Owner>,
  request: readonly Waiting<Owner>[],
  error: unknown,
): Promise<void> {
  const owners = ownersOf(request);
  const half = new Set(owners.slice(0, owners.length >> 1));
  for (const wanted of [true, false]) {
    const part = request.filter(({ owner }) => half.has(owner as Owner) === wanted);
    if (ownersOf(part).length > 1) await send(ask, part);
    else for (const { reject } of part) reject(error);
  }
}

function ownersOf<Owner>(request: readonly Waiting<Owner>[]): Owner[] {
  return [...new Set(request.flatMap(({ owner }) => (owner === undefined ? [] : [owner])))];
}

export function sizeOf(block: BlockInput): number {
  if (block.kind === "text") return block.text.length;
  return block.words.reduce((sum, word) => sum + word.length + 1, 0);
}
