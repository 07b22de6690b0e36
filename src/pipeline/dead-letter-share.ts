/** Keeps a bad deploy from emptying a topic into the dead letters. */

export interface ShareSettings {
  /** Largest share of dead letters among all documents of a window, 0 to 1. */
  readonly share: number;
  /** Milliseconds. */
  readonly window: number;
  /** So many documents a window must have before its share says anything. */
  readonly least: number;
}

export interface DeadLetterShare {
  /** Counts a document that is about to go out. False where its letter must not: the share would be too large. */
  admits(isDeadLetter: boolean): boolean;
}

/** Counts in slices of the window, so that its memory is bounded. */
export function deadLetterShare(settings: ShareSettings, now: () => number): DeadLetterShare {
  const { share, window, least } = settings;
  let slices: { readonly number: number; all: number; letters: number }[] = [];
  return {
    admits(isDeadLetter) {
      const number = Math.floor((now() * SLICES) / window);
      slices = slices.filter((slice) => slice.number > number - SLICES);
      let slice = slices.at(-1);
      if (slice?.number !== number) {
        slice = { number, all: 0, letters: 0 };
        slices.push(slice);
      }
      slice.all++;
      if (!isDeadLetter) return true;
      slice.letters++;
      const all = slices.reduce((sum, slice) => sum + slice.all, 0);
      const letters = slices.reduce((sum, slice) => sum + slice.letters, 0);
      return all < least || letters <= share * all;
    },
  };
}

const SLICES = 12;
