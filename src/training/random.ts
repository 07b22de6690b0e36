/**
 * Chance that follows from numbers alone: a stream is named by the run's seed and by what it is for, so that a run
 * that is taken up again draws what the first one would have drawn.
 */

export interface Random {
  /** A whole number of 32 bits, from 0. */
  bits(): number;
  /** In [0, 1). */
  unit(): number;
  /** A whole number in [0, bound); bound is at most 2^32. */
  below(bound: number): number;
  /** Of the standard normal distribution. */
  normal(): number;
  /** Reorders in place (Fisher and Yates). */
  shuffle<T>(items: T[]): T[];
}

/** sfc32 by Chris Doty-Humphrey (PractRand), seeded by mixing the names one after the other. */
export function random(...names: readonly (number | string)[]): Random {
  let [a, b, c] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
  let counter = 1;
  const bits = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (const name of names) {
    for (const word of words(name)) {
      a ^= word;
      for (let i = 0; i < 12; i++) bits();
    }
  }
  const unit = () => bits() / 2 ** 32;
  const below = (bound: number) => Math.floor(unit() * bound);
  return {
    bits,
    unit,
    below,
    normal: () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [items[i], items[j]] = [items[j]!, items[i]!];
      }
      return items;
    },
  };
}

function words(name: number | string): number[] {
  if (typeof name === "number") return [name | 0, Math.floor(name / 2 ** 32) | 0];
  return [name.length, ...Array.from(name, (character) => character.codePointAt(0)!)];
}
