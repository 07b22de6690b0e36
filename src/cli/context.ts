/** What a command sees of the process, handed down from `main`. */
import type { Environment, StreamTraits } from "../terminal/traits.js";

export interface Context {
  readonly env: Environment;
  readonly stdin: Pick<StreamTraits, "isTTY">;
  readonly stdout: StreamTraits;
  readonly stderr: StreamTraits & { write(text: string): void };
  /** Aborted by the first Ctrl-C or SIGTERM, whose name is the reason: finish what is begun, and say how to go on. */
  readonly interrupted: AbortSignal;
  /** Aborted by the second signal, where `holdSignals` was called: end at once, but in good order. */
  readonly stopped: AbortSignal;
  /** From now on a second signal aborts `stopped`, and only a third one ends the process itself. */
  readonly holdSignals: () => void;
  /** From now on this tells of the failure that ends the process, in place of a line of text, and gives the exit status. */
  readonly reportBy: (report: Report) => void;
  /** Tells of a failure as is done for the command. @returns the exit status. */
  readonly report: Report;
  /** From now on this is called before a signal ends the process itself, with status 130 as a shell sees it. */
  readonly endBy: (say: (signal: NodeJS.Signals) => void) => void;
  /** The arguments after the program's name, for saying how to go on. */
  readonly argv: readonly string[];
  readonly version: string;
  readonly clock: { now(): number };
  /** Writes to standard output. @throws SpanmillError OUTPUT_* */
  readonly print: (text: string) => Promise<void>;
}

export type Report = (error: unknown) => number;
