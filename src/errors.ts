/**
 * The closed list of what can go wrong, and the one error class that carries it.
 *
 * A message says what happened, where, and how to mend it. It never holds document text: messages reach logs,
 * metrics and headers. So the message of a foreign error (JSON.parse, zod, ONNX Runtime) is never copied into
 * ours; it may hang on `cause`, which stays in the process and is not printed.
 */

/** Exit status of the command line for each kind of failure. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  rejected: 3,
  model: 4,
  input: 5,
  output: 6,
  inference: 7,
  belowThreshold: 8,
  interrupted: 130,
  closedPipe: 141,
} as const;

interface ErrorKind {
  readonly exit: number;
  /** True where the same work may succeed when tried again. Decided here, where errors are born. */
  readonly retryable: boolean;
  readonly meaning: string;
}

export const ERRORS = {
  INTERNAL: { exit: EXIT.internal, retryable: false, meaning: "a defect of spanmill itself" },
  USAGE: {
    exit: EXIT.usage,
    retryable: false,
    meaning: "a flag, value or combination that is not understood",
  },
  CONFIG_INVALID: {
    exit: EXIT.usage,
    retryable: false,
    meaning: "the configuration file or environment is wrong",
  },
  DOCUMENT_NOT_UTF8: { exit: EXIT.rejected, retryable: false, meaning: "a document is not valid UTF-8" },
  DOCUMENT_NOT_JSON: { exit: EXIT.rejected, retryable: false, meaning: "a line of JSONL is not JSON" },
  DOCUMENT_FIELD_MISSING: {
    exit: EXIT.rejected,
    retryable: false,
    meaning: "a JSON document lacks a field, or the field is not of the right type",
  },
  DOCUMENT_TOO_LARGE: { exit: EXIT.rejected, retryable: false, meaning: "a document is over the size limit" },
  DOCUMENT_MALFORMED: {
    exit: EXIT.rejected,
    retryable: false,
    meaning: "a labelled document breaks its format (CoNLL, CoNLL-U)",
  },
  INPUT_NOT_FOUND: { exit: EXIT.input, retryable: false, meaning: "an input file does not exist" },
  INPUT_IS_DIRECTORY: { exit: EXIT.input, retryable: false, meaning: "an input is a directory" },
  INPUT_UNREADABLE: { exit: EXIT.input, retryable: false, meaning: "an input cannot be read" },
  INPUT_MALFORMED: { exit: EXIT.input, retryable: false, meaning: "a label file breaks its format" },
  OUTPUT_UNWRITABLE: { exit: EXIT.output, retryable: false, meaning: "the output cannot be written" },
  OUTPUT_FULL: { exit: EXIT.output, retryable: false, meaning: "no space is left for the output" },
  OUTPUT_CLOSED: { exit: EXIT.closedPipe, retryable: false, meaning: "the reader of the output has gone" },
  MODEL_NOT_FOUND: { exit: EXIT.model, retryable: false, meaning: "a model folder does not exist" },
  MODEL_INCOMPLETE: { exit: EXIT.model, retryable: false, meaning: "a model folder lacks a file or a key" },
  MODEL_BROKEN: { exit: EXIT.model, retryable: false, meaning: "a file of a model cannot be read or loaded" },
  MODEL_CHECKSUM: { exit: EXIT.model, retryable: false, meaning: "a file of a model is not the one it was" },
  MODEL_LABELS: { exit: EXIT.model, retryable: false, meaning: "the labels of a model fit no scheme" },
  MODEL_UNSUPPORTED: {
    exit: EXIT.model,
    retryable: false,
    meaning: "a model works in a way that would give wrong answers here, or not at all",
  },
  MODEL_OUTPUT: {
    exit: EXIT.inference,
    retryable: false,
    meaning: "a model gave scores that are not numbers, or of a wrong shape",
  },
  INFERENCE_FAILED: { exit: EXIT.inference, retryable: false, meaning: "ONNX Runtime failed on a window" },
  THREAD_DIED: {
    exit: EXIT.inference,
    retryable: true,
    meaning: "a worker thread died while it held documents",
  },
  INTERRUPTED: { exit: EXIT.interrupted, retryable: true, meaning: "stopped by a signal" },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** What crosses a thread: structured clone keeps neither class nor code of an Error. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Every failure that spanmill foresees. `message` holds no document text. */
export class SpanmillError extends Error {
  override readonly name = "SpanmillError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }
}

export function toWire(error: unknown): WireError {
  if (error instanceof SpanmillError) return { code: error.code, message: error.message };
  return { code: "INTERNAL", message: describeForeign(error) };
}

export function fromWire(wire: WireError): SpanmillError {
  return new SpanmillError(wire.code, wire.message);
}

/**
 * Names a foreign error without its message, which may quote document text (JSON.parse does): its class, its
 * system code if it has one, and the first frame of its stack.
 */
export function describeForeign(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const code = systemCode(error);
  // A message may have lines that look like frames.
  const { stack = "", message } = error;
  const frames = stack.includes(message) ? stack.slice(stack.lastIndexOf(message) + message.length) : "";
  const frame = /\n\s+at (?:.*[/\\])?([^\n]*)/.exec(frames)?.[1];
  return `${error.name}${code === undefined ? "" : ` ${code}`}${frame === undefined ? "" : ` at ${frame}`}`;
}

/** The code of a system error (`ENOENT`, `ENOSPC`), which is safe to print. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
