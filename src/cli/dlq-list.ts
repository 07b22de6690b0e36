/** `spanmill dlq list`: a line a letter, then how many there are of each code. */
import { openRecords, STDOUT } from "../adapters/files/output.js";
import { readLetters } from "../compose/dead-letters.js";
import type { DlqListOptions } from "../config/options.js";
import { EXIT } from "../errors.js";
import type { DeadLetter } from "../pipeline/dead-letters.js";
import { type LetterCounts, letterSieve } from "../pipeline/letter-choice.js";
import type { SourceMessage } from "../ports/source.js";
import { counted } from "../terminal/numbers.js";
import { terminalTraits } from "../terminal/traits.js";
import { columns, printable } from "../terminal/visible.js";
import type { Context } from "./context.js";
import { letterChoice, letterSource, placeText } from "./dlq-setup.js";

/** @returns 0, or 130 where it was interrupted. */
export async function runDlqList(
  files: readonly string[],
  options: DlqListOptions,
  context: Context,
): Promise<number> {
  const source = letterSource(files, options);
  const sieve = letterSieve(letterChoice(options, Date.now()));
  const { unicode } = terminalTraits(context.stdout, context.env);
  const writer = await openRecords(STDOUT);
  const format = options.json ? jsonLines() : table(unicode);
  let isBegun = false;
  // Nothing is written where nothing can be read.
  const begin = async () => {
    if (!isBegun) await writer.write(format.head);
    isBegun = true;
  };
  const complete = await readLetters(
    source,
    async (messages) => {
      await begin();
      for (const message of messages) {
        const letter = sieve.sift(message);
        if (letter !== undefined && message !== undefined) {
          await writer.write(format.letter(placeText(source, message.place), letter, message));
        }
      }
    },
    context.interrupted,
  );
  await begin();
  await writer.write(format.tail(sieve.counts(), complete));
  await writer.close();
  return complete ? EXIT.ok : EXIT.interrupted;
}

interface Format {
  readonly head: string;
  letter(place: string, letter: DeadLetter, message: SourceMessage): string;
  tail(counts: LetterCounts, complete: boolean): string;
}

/** One object, with a line for each letter. */
function jsonLines(): Format {
  let comma = "";
  return {
    head: '{"letters":[\n',
    letter(place, letter) {
      const { original: _, ...facts } = letter;
      const line = `${comma}${JSON.stringify({ ...facts, from: facts.place, place })}`;
      comma = ",\n";
      return line;
    },
    tail: (counts, complete) => `\n],"counts":${JSON.stringify(counts)},"complete":${complete}}\n`,
  };
}

/** Widths are those of usual values, since letters are written as they are read. */
const COLUMNS = [
  ["PLACE", 30],
  ["CODE", 22],
  ["FAILED", 6],
  ["ATTEMPTS", 8],
  ["BYTES", 8],
  ["TIME", 24],
  ["FROM", 0],
] as const;

function table(unicode: boolean): Format {
  const row = (cells: readonly string[]) => {
    const padded = cells.map((cell, at) => {
      const shown = printable(cell, unicode);
      const fill = " ".repeat(Math.max(0, COLUMNS[at]![1] - columns(shown)));
      return at >= 2 && at <= 4 ? fill + shown : shown + fill;
    });
    return `${padded.join("  ").trimEnd()}\n`;
  };
  return {
    head: row(COLUMNS.map(([name]) => name)),
    letter(place, { code, failures, attempts, bytes, failedAt, place: from }) {
      const origin = `${from.topic}/${from.partition}/${from.offset}`;
      return row([place, code, String(failures), String(attempts), String(bytes), failedAt, origin]);
    },
    tail: (counts, complete) => `\n${summaryOf(counts, complete)}`,
  };
}

/** Lines of text on what was read. */
export function summaryOf({ read, chosen, foreign, byCode }: LetterCounts, complete: boolean): string {
  const lines = [
    ...Object.entries(byCode).map(([code, count]) => `${String(count).padStart(8)}  ${code}`),
    `${counted(chosen, "letter")} of ${counted(read, "message")}`,
    ...(foreign > 0 ? [`${counted(foreign, "message")} not of spanmill, passed over`] : []),
    ...(complete ? [] : ["interrupted: there are more"]),
  ];
  return `${lines.join("\n")}\n`;
}
