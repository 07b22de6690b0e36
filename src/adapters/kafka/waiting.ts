/** Pauses that end early when something changed: nothing waits on a promise that may never be kept. */
export interface Waiting {
  /** Kept after `ms`, or at the next `wake`. */
  pause(ms: number): Promise<void>;
  /** Ends all pauses now. */
  wake(): void;
}

export function createWaiting(): Waiting {
  const pauses = new Set<() => void>();
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          pauses.delete(end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        pauses.add(end);
      }),
    wake: () => {
      for (const end of [...pauses]) end();
    },
  };
}
