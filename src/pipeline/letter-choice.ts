/** Which dead letters are meant, and how many there are of each kind. */
import type { ErrorCode } from "../errors.js";
import type { SourceMessage } from "../ports/source.js";
import { type DeadLetter, readDeadLetter } from "./dead-letters.js";

export interface LetterChoice {
  /** Empty: all. */
  readonly codes: readonly ErrorCode[];
  /** The topic that the document was read from when it failed; undefined: any. */
  readonly origin: string | undefined;
  /** Letters that were written then or later, in milliseconds since 1970. */
  readonly since: number | undefined;
}

export function isChosen(letter: DeadLetter, { codes, origin, since }: LetterChoice): boolean {
  return (
    (codes.length === 0 || codes.includes(letter.code)) &&
    (origin === undefined || letter.place.topic === origin) &&
    // A letter whose time cannot be read is better shown than hidden.
    (since === undefined || !(Date.parse(letter.failedAt) < since))
  );
}

export interface LetterCounts {
  /** Messages that were read. */
  readonly read: number;
  readonly chosen: number;
  /** Of those chosen. */
  readonly byCode: Readonly<Record<string, number>>;
  /** Messages that are none of our dead letters. */
  readonly foreign: number;
}

export interface Sieve {
  /** The letter, where it is one and chosen. */
  sift(message: SourceMessage | undefined): DeadLetter | undefined;
  counts(): LetterCounts;
}

export function letterSieve(choice: LetterChoice): Sieve {
  const byCode = new Map<string, number>();
  let [read, chosen, foreign] = [0, 0, 0];
  return {
    sift(message) {
      read++;
      const letter = message === undefined ? undefined : readDeadLetter(message);
      if (letter === undefined) foreign++;
      if (letter === undefined || !isChosen(letter, choice)) return undefined;
      chosen++;
      byCode.set(letter.code, (byCode.get(letter.code) ?? 0) + 1);
      return letter;
    },
    counts: () => ({
      read,
      chosen,
      foreign,
      byCode: Object.fromEntries([...byCode].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))),
    }),
  };
}
