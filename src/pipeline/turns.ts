/** Order among those of one key, and none among others. */

export interface Turn {
  /** Kept when all turns of this key that were taken before are passed; undefined: they are. */
  readonly mine: Promise<void> | undefined;
  /** Lets the next one of the key have its turn. Once; later calls do nothing. */
  readonly pass: () => void;
}

export interface Turns {
  /** @param key undefined: waits for nobody. */
  take(key: string | undefined): Turn;
}

export function turns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    take(key) {
      if (key === undefined) return { mine: undefined, pass: () => {} };
      let resolve!: () => void;
      const passed = new Promise<void>((yes) => {
        resolve = yes;
      });
      const mine = last.get(key);
      // Also in turn: who passes before its own turn has come does not let the next one overtake those before.
      const ended = mine === undefined ? passed : mine.then(() => passed);
      last.set(key, ended);
      void ended.then(() => {
        if (last.get(key) === ended) last.delete(key);
      });
      return { mine, pass: resolve };
    },
  };
}
