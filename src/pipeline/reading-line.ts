/** Documents that wait to be read, in the order in which they came: those behind one that runs alone. */

export interface ReadingLine {
  /** Nobody waits. */
  readonly isEmpty: boolean;
  enter(): {
    /** Kept when those that came before have left the line. */
    readonly mine: Promise<void>;
    /** Once; later calls do nothing. */
    readonly leave: () => void;
  };
}

export function readingLine(): ReadingLine {
  let length = 0;
  let last = Promise.resolve();
  return {
    get isEmpty() {
      return length === 0;
    },
    enter() {
      length++;
      const mine = last;
      let keep!: () => void;
      last = new Promise((resolve) => {
        keep = resolve;
      });
      let hasLeft = false;
      const leave = () => {
        if (hasLeft) return;
        hasLeft = true;
        length--;
        // Who gives up before its turn does not let the next one overtake those before.
        void mine.then(keep);
      };
      return { mine, leave };
    },
  };
}
