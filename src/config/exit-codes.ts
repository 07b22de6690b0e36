import { ERRORS, EXIT } from "../errors.js";

export interface ExitCode {
  readonly status: number;
  readonly meaning: string;
  /** The codes of the errors that end a run so, with what each means. */
  readonly errors: readonly { readonly code: string; readonly meaning: string }[];
}

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "all went well",
  internal: "a defect of spanmill",
  usage: "the command line or the configuration is wrong; nothing was done",
  rejected: "documents were rejected; all others were done",
  model: "a model or a checkpoint cannot be used",
  input: "an input cannot be read, or does not fit",
  output: "the output cannot be written",
  inference: "a model failed on a document, a thread died, or a training went astray",
  belowThreshold: "a score is under --fail-under",
  heartbeat: "heartbeats to the consumer group stopped; start again, nothing is lost",
  tooManyDeadLetters: "too large a share of the documents would have become dead letters",
  stuck:
    "a worker thread hung, and only the end of the process could end it; 137 where that had to be forced",
  interrupted: "stopped by Ctrl-C or a signal; the output ends on a whole record",
  closedPipe: "the reader of the output has gone",
};

/** Every exit status of the command line, in ascending order. */
export function exitCodes(): readonly ExitCode[] {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[];
  return names
    .map((name) => ({ status: EXIT[name], meaning: MEANINGS[name], errors: errorsWith(EXIT[name]) }))
    .sort((a, b) => a.status - b.status);
}

function errorsWith(status: number): ExitCode["errors"] {
  return Object.entries(ERRORS)
    .filter(([, { exit }]) => exit === status)
    .map(([code, { meaning }]) => ({ code, meaning }));
}
