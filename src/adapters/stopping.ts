/** Waits that end early when whoever waits is stopped. */
export interface Stopping {
  readonly isStopped: boolean;
  stop(): void;
  /**
   * Kept with the promise, or with undefined where it is stopped before. One wait at a time.
   *
   * Nothing that outlives a wait holds on to it: a race of each promise against one for the stop would keep them all.
   */
  before<Value>(promise: Promise<Value>): Promise<Value | undefined>;
}

export function createStopping(): Stopping {
  let isStopped = false;
  let end = () => {};
  return {
    get isStopped() {
      return isStopped;
    },
    stop() {
      isStopped = true;
      end();
    },
    async before(promise) {
      try {
        return await new Promise((resolve, reject) => {
          end = () => resolve(undefined);
          promise.then(resolve, reject);
          if (isStopped) end();
        });
      } finally {
        end = () => {};
      }
    },
  };
}
