/**
 * Ends an iteration when a signal is aborted, also while its source waits for input.
 *
 * Nothing that outlives an item may hold on to it: a race of each item against one promise for the signal would keep
 * them all.
 */
export async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const source = items[Symbol.asyncIterator]();
  let stop = () => {};
  const onAbort = () => stop();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        stop = () => resolve(undefined);
        source.next().then(resolve, reject);
      });
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a source that waits for input cannot be asked to stop before it has some.
    source.return?.().catch(() => {});
  }
}
