/** Work on many items at once, results in the order of the items, with a bound on what is in flight. */

export interface InFlight {
  readonly items: number;
  /** Of the summed sizes; one item may go over it, since its size is known only once it is read. */
  readonly size: number;
}

interface Entry<Result> {
  readonly result: Promise<Result>;
  /** Fulfilled when the result is there, failed or not. */
  readonly settled: Promise<typeof SETTLED>;
  readonly size: number;
}

const SETTLED = Symbol("settled");

/**
 * Maps `items` through `work`. A result is given as soon as its turn has come, also while the source is slow.
 * The first failure of `items` or `work` ends the iteration, in its turn.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  sizeOf: (item: Item) => number,
  limit: InFlight,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]();
  const queue: Entry<Result>[] = [];
  let size = 0;
  const shift = () => {
    const head = queue.shift()!;
    size -= head.size;
    return head.result;
  };
  try {
    let pending = pull(source);
    let failure: { readonly error: unknown } | undefined;
    for (;;) {
      if (queue.length >= limit.items || (queue.length > 0 && size >= limit.size)) {
        yield await shift();
        continue;
      }
      const first = queue[0] === undefined ? await pending : await Promise.race([pending, queue[0].settled]);
      if (first === SETTLED) {
        yield await shift();
        continue;
      }
      if ("error" in first) failure = first;
      if ("error" in first || first.done) break;
      const entry = start(work(first.value), sizeOf(first.value));
      queue.push(entry);
      size += entry.size;
      pending = pull(source);
    }
    while (queue.length > 0) yield await shift();
    if (failure !== undefined) throw failure.error;
  } finally {
    // A caller that stops early leaves no work behind that could fail unseen.
    // A source that waits for input cannot be asked to stop before it has some.
    source.return?.().catch(() => {});
    await Promise.allSettled(queue.map(({ result }) => result));
  }
}

/** The next item, or the failure in its place: it waits for its turn behind the items before it. */
function pull<Item>(
  source: AsyncIterator<Item>,
): Promise<IteratorResult<Item> | { readonly error: unknown }> {
  return source.next().catch((error: unknown) => ({ error }));
}

function start<Result>(result: Promise<Result>, size: number): Entry<Result> {
  const settled = result.then(
    () => SETTLED,
    () => SETTLED,
  );
  return { result, settled: settled as Promise<typeof SETTLED>, size };
}
