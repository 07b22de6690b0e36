/** Chance that can be had again: everything that a fault run leaves to chance comes from one printed number. */

/** FAULT_SEED in the environment replaces it. */
export function freshSeed(): number {
  const given = process.env.FAULT_SEED;
  if (given !== undefined && given !== "") return Number(given);
  return Math.floor(Math.random() * 2 ** 31);
}

export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
  /** A copy in an order of chance. */
  shuffled<T>(list: readonly T[]): T[];
}

/** Mulberry32. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const shuffled = <T>(list: readonly T[]) => {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const other = between(0, i);
      [copy[i], copy[other]] = [copy[other]!, copy[i]!];
    }
    return copy;
  };
  return { next, between, pick: (list) => list[between(0, list.length - 1)]!, shuffled };
}
