/** One delivery to the messages that answer it: read, asked, written. No sending, no order, no acknowledgement. */
import { buildRecord, type RecordSettings } from "../document/build-record.js";
import { type Envelope, envelopeOf } from "../document/envelope.js";
import { extractMessage, type MessageFormat } from "../document/extract/message.js";
import { messagesOf, type OutputSettings, type Reduced, tombstonesOf } from "../document/messages.js";
import { type PreparedDocument, prepareView } from "../document/prepare.js";
import { describeForeign, EXIT, SpanmillError } from "../errors.js";
import type { Channel, OutputMessage } from "../ports/sink.js";
import type { Delivery } from "../ports/source.js";
import type { TaggedBlock } from "../tagging/protocol.js";
import type { Failure } from "./dead-letters.js";
import type { WorkerEngine } from "./engine.js";
import { DEATHS, isLost } from "./trials.js";

export interface WorkSettings {
  readonly input: {
    readonly format: MessageFormat;
    /** Bytes of a value. */
    readonly maxDocumentSize: number;
  };
  readonly record: RecordSettings;
  readonly output: OutputSettings;
}

/** A delivery as it is read. */
export type Opened =
  | { readonly kind: "document"; readonly envelope: Envelope; readonly document: PreparedDocument }
  | { readonly kind: "tombstone"; readonly envelope: Envelope }
  | { readonly kind: "failed"; readonly failure: Failure };

export function open(delivery: Delivery, settings: WorkSettings): Opened {
  try {
    return opened(delivery, settings);
  } catch (error) {
    return { kind: "failed", failure: { ...blameOf(error), stage: "VALUE_CONVERTER", attempts: 0 } };
  }
}

function opened({ message, deaths }: Delivery, { input }: WorkSettings): Opened {
  if (deaths >= DEATHS) {
    const reason = `the worker's process died ${deaths} times while it held the document alone`;
    return {
      kind: "failed",
      failure: { code: "DOCUMENT_POISON", reason, stage: "TRANSFORMATION", attempts: deaths },
    };
  }
  if (message.value === undefined) return { kind: "tombstone", envelope: envelopeOf(message) };
  const extracted = extractMessage(message.value, input.format, input.maxDocumentSize);
  if (extracted.kind === "rejected") {
    const { code, reason } = extracted;
    return { kind: "failed", failure: { code, reason, stage: "VALUE_CONVERTER", attempts: 0 } };
  }
  const { id, time, language, view } = extracted;
  const envelope = envelopeOf(message, { id, time });
  const { documentId, revision } = envelope;
  const document = prepareView({ id: documentId, revision }, view, { language });
  return { kind: "document", envelope, document };
}

export type Worked =
  | {
      readonly kind: "record" | "tombstone";
      readonly revision: string;
      readonly messages: readonly OutputMessage[];
      readonly reduced: readonly Reduced[];
      readonly spans: Readonly<Record<string, Readonly<Record<string, number>>>>;
      /** Milliseconds, by the clock that was given. */
      readonly engine: number;
      readonly write: number;
      readonly attempts: number;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

/**
 * @param read opens the delivery: at once, or, where it runs alone, when it does.
 * @throws where the fault is not the document's: a model that cannot be loaded; DELIVERY_LOST.
 */
export async function work(
  delivery: Delivery,
  read: () => Opened,
  settings: WorkSettings,
  engine: WorkerEngine,
  limit: (channel: Channel) => number | undefined,
  now: () => number,
): Promise<Worked> {
  let opened = undefined as Opened | undefined;
  let attempts = 0;
  let start = 0;
  try {
    return await engine.run<Worked>(delivery, {
      read() {
        opened = read();
        start = now();
        return opened.kind === "document" ? opened.document.inputs : [];
      },
      onTry: () => attempts++,
      write: (tagged) => written(opened!, delivery, tagged, settings, limit, { start, attempts, now }),
    });
  } catch (error) {
    const known = revisionOf(opened);
    return { kind: "failed", failure: { ...blameOf(error), stage: "TRANSFORMATION", attempts, ...known } };
  }
}

function written(
  opened: Opened,
  { message }: Delivery,
  tagged: readonly TaggedBlock[],
  { record: settings, output }: WorkSettings,
  limit: (channel: Channel) => number | undefined,
  { start, attempts, now }: { start: number; attempts: number; now: () => number },
): Worked {
  if (opened.kind === "failed") return opened;
  const { envelope } = opened;
  const { revision } = envelope;
  try {
    if (opened.kind === "tombstone") {
      const messages = tombstonesOf(message, envelope, revision, output);
      const nothing = { reduced: [], spans: {}, engine: 0, write: 0, attempts: 0 };
      return { ...nothing, kind: "tombstone", revision, messages };
    }
    const answered = now();
    const record = buildRecord(opened.document, tagged, settings);
    const made = messagesOf(record, envelope, output, limit);
    const times = { engine: answered - start, write: now() - answered };
    return { ...made, ...times, kind: "record", revision, spans: countsOf(record.lenses), attempts };
  } catch (error) {
    const stage = opened.kind === "tombstone" ? "TRANSFORMATION" : "TASK_PUT";
    return { kind: "failed", failure: { ...blameOf(error), stage, attempts, revision } };
  }
}

function revisionOf(opened: Opened | undefined): { readonly revision?: string } {
  return opened === undefined || opened.kind === "failed" ? {} : { revision: opened.envelope.revision };
}

/** What a document is set aside for. Trouble of the model is no document's fault, and one that is lost is not ours. */
function blameOf(error: unknown): Pick<Failure, "code" | "reason"> {
  if (!(error instanceof SpanmillError)) {
    return { code: "INTERNAL", reason: `a defect of spanmill met this document: ${describeForeign(error)}` };
  }
  if (error.exitCode === EXIT.model || isLost(error)) throw error;
  return { code: error.code, reason: error.message };
}

function countsOf(
  lenses: Readonly<Record<string, { readonly spans: readonly { readonly label: string }[] }>>,
): Record<string, Record<string, number>> {
  const counts: Record<string, Record<string, number>> = {};
  for (const [name, { spans }] of Object.entries(lenses)) {
    const labels: Record<string, number> = {};
    for (const { label } of spans) labels[label] = (labels[label] ?? 0) + 1;
    counts[name] = labels;
  }
  return counts;
}
