/** What is in flight, and whether there is room for more. */

export interface FlightLimit {
  readonly documents: number;
  /**
   * Of keys and values as they came, and of the messages made of them. What is here may go over it, since sizes are known
   * only then; and one document is always let in.
   */
  readonly bytes: number;
}

export interface Flight {
  readonly documents: number;
  readonly bytes: number;
  enter(bytes: number): void;
  /** What is here has become larger. */
  grow(bytes: number): void;
  /** @param bytes all that it entered and grew by */
  leave(bytes: number): void;
  /** Undefined where there is room; else kept when something has left. */
  room(): Promise<void> | undefined;
  /** Kept when nothing is in flight. */
  empty(): Promise<void>;
}

export function flight(limit: FlightLimit): Flight {
  let documents = 0;
  let bytes = 0;
  let left = signal();
  return {
    get documents() {
      return documents;
    },
    get bytes() {
      return bytes;
    },
    enter(size) {
      documents++;
      bytes += size;
    },
    grow(size) {
      bytes += size;
    },
    leave(size) {
      documents--;
      bytes -= size;
      const { resolve } = left;
      left = signal();
      resolve();
    },
    room: () =>
      documents < limit.documents && (documents === 0 || bytes < limit.bytes) ? undefined : left.promise,
    async empty() {
      while (documents > 0) await left.promise;
    },
  };
}

interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** Promise.withResolvers, which Node 20 lacks. */
function signal(): Signal {
  let resolve!: () => void;
  const promise = new Promise<void>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}
