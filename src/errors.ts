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
  heartbeat: 9,
  tooManyDeadLetters: 12,
  stuck: 13,
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
  DOCUMENT_SCHEMA_UNSUPPORTED: {
    exit: EXIT.rejected,
    retryable: false,
    meaning: "a message is framed by a schema registry and does not hold JSON",
  },
  DOCUMENT_POISON: {
    exit: EXIT.rejected,
    retryable: false,
    meaning: "a document ended its worker thread, or the whole process, twice while nothing else ran",
  },
  INPUT_NOT_FOUND: {
    exit: EXIT.input,
    retryable: false,
    meaning: "an input file, or the dead letter that was asked for, does not exist",
  },
  INPUT_IS_DIRECTORY: { exit: EXIT.input, retryable: false, meaning: "an input is a directory" },
  INPUT_UNREADABLE: { exit: EXIT.input, retryable: false, meaning: "an input cannot be read" },
  INPUT_MALFORMED: { exit: EXIT.input, retryable: false, meaning: "a label file breaks its format" },
  TRAINING_DATA: {
    exit: EXIT.input,
    retryable: false,
    meaning: "labelled files do not go with the lenses that are to be trained on them",
  },
  OUTPUT_UNWRITABLE: { exit: EXIT.output, retryable: false, meaning: "the output cannot be written" },
  OUTPUT_FULL: { exit: EXIT.output, retryable: false, meaning: "no space is left for the output" },
  OUTPUT_CLOSED: { exit: EXIT.closedPipe, retryable: false, meaning: "the reader of the output has gone" },
  SINK_TOO_LARGE: {
    exit: EXIT.output,
    retryable: false,
    meaning: "a record is larger than its topic takes",
  },
  SINK_TOPIC_MISSING: { exit: EXIT.output, retryable: false, meaning: "an output topic does not exist" },
  SINK_FORBIDDEN: {
    exit: EXIT.output,
    retryable: false,
    meaning: "the user is not accepted, or may not write to an output topic",
  },
  SINK_UNAVAILABLE: {
    exit: EXIT.output,
    retryable: true,
    meaning: "the output cannot be reached, or refuses what it is sent",
  },
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
  TRAINING_DIVERGED: {
    exit: EXIT.inference,
    retryable: false,
    meaning: "a loss or a weight is no number any more; the last good state is kept",
  },
  CHECKPOINT_BROKEN: {
    exit: EXIT.model,
    retryable: false,
    meaning: "no checkpoint is whole, or the one there is of another recipe",
  },
  INFERENCE_FAILED: { exit: EXIT.inference, retryable: false, meaning: "ONNX Runtime failed on a window" },
  THREAD_DIED: {
    exit: EXIT.inference,
    retryable: true,
    meaning: "a worker thread died while it held documents",
  },
  KAFKA_CONSUMER_FAILED: {
    exit: EXIT.input,
    retryable: true,
    meaning: "the Kafka consumer could not start, or gave up",
  },
  KAFKA_CODEC_MISSING: {
    exit: EXIT.input,
    retryable: false,
    meaning: "a library for compressed records is not installed, or cannot be loaded on this machine",
  },
  KAFKA_HEARTBEAT_LOST: {
    exit: EXIT.heartbeat,
    retryable: true,
    meaning: "heartbeats to the consumer group stopped, so that others take over the partitions",
  },
  KAFKA_OFFSET_OUT_OF_RANGE: {
    exit: EXIT.input,
    retryable: false,
    meaning: "the log no longer holds the messages that were to be read next",
  },
  DELIVERY_LOST: {
    exit: EXIT.input,
    retryable: true,
    meaning: "the source took a message back before it was done; whoever has it now works on it",
  },
  TASK_STUCK: {
    exit: EXIT.stuck,
    retryable: false,
    meaning: "a worker thread did not answer within its deadline",
  },
  DEAD_LETTER_SHARE: {
    exit: EXIT.tooManyDeadLetters,
    retryable: false,
    meaning: "too large a share of the documents would have become dead letters",
  },
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
 * system code if it has one, and the place in the code where it was made.
 */
export function describeForeign(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const { name } = error;
  const kind = typeof name === "string" && IDENTIFIER.test(name) ? name : "Error";
  const code = systemCode(error);
  const place = firstPlace(error);
  return `${kind}${code === undefined ? "" : ` ${code}`}${place === undefined ? "" : ` at ${place}`}`;
}

/** The code of a system error (`ENOENT`, `ENOSPC`), which is safe to print. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && SYSTEM_CODE.test(code) ? code : undefined;
}

const IDENTIFIER = /^[\w$]{1,60}$/;
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{0,60}$/;

/**
 * File, line and column of the first frame that has them. A stack opens with the message, and a message may hold
 * lines that look like frames; so frames count only after the message, and only where it is found.
 */
function firstPlace({ stack, message }: Error): string | undefined {
  if (typeof stack !== "string") return undefined;
  const [name = ""] = /^[\w$]+(?: \[\w+\])?/.exec(stack) ?? [];
  const headers = message === "" ? [name, `${name}: `] : [`${name}: ${message}`];
  const header = headers.find((header) => stack.startsWith(`${header}\n`));
  return header === undefined ? undefined : FRAME.exec(stack.slice(header.length))?.[1];
}

const FRAME = /^ +at .*?([^/\\\s()]+:\d+:\d+)\)?$/m;
