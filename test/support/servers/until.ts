/** Waiting by asking: never for a time, always for an answer. */
import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks until the answer is neither `undefined` nor `false` nor an error, and gives that answer. Past the deadline it
 * fails with what it waited for and the last error.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = 60_000, everyMs = 50 }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last = "no error, only no";
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      if (error instanceof GaveUp) throw error;
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms (last: ${last})`);
    await pause(everyMs);
  }
}

/** Thrown by what is asked when asking again is of no use. */
export class GaveUp extends Error {}
