/**
 * Traces, through OpenTelemetry's API alone: without an SDK in the process nothing is recorded and little is spent. Names and
 * attributes follow the semantic conventions for messaging. Only places, counts, codes and trace ids get into a span: no
 * text, no key, no header. So the foreign `tracestate` stays out too; the output carries it over as it came.
 */
import {
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { placeName } from "../../document/place.js";
import type { WorkerEvent } from "../../pipeline/worker-events.js";
import type { Place, Source, SourceMessage } from "../../ports/source.js";
import { remoteParent } from "./remote-parent.js";

export interface SpanSettings {
  readonly version: string;
  /** The messaging system of the source; undefined: files. */
  readonly system: "kafka" | undefined;
  readonly groupId?: string | undefined;
  readonly clientId?: string | undefined;
  /**
   * `document`: a span each, within the trace of its `traceparent`. `batch`: one for those of a partition that are in flight
   * together, at most 128, with a link to the trace of each: at volume, a span a document costs more than it tells.
   */
  readonly each: "document" | "batch";
}

export interface Spans {
  /** The same source; what it hands over opens spans. */
  source(source: Source): Source;
  /** `done` ends a document's part. An observer of the worker's events; never throws. */
  onWorker(event: WorkerEvent): void;
  /** Ends the spans of what was not finished. */
  close(): void;
}

export function openSpans(settings: SpanSettings): Spans {
  const tracer = trace.getTracer("spanmill", settings.version);
  const open = new Map<string, Work>();
  const batches = new Map<string, Work>();
  /** By place: times that it was taken and is nobody's now. Each will still say that it is lost, or done. */
  const orphans = new Map<string, number>();

  const begin = (message: SourceMessage): void => {
    const { place } = message;
    const name = placeName(place);
    // Taken again after a rebalance, while the first time still runs: that one is nobody's now.
    if (open.has(name)) orphans.set(name, (orphans.get(name) ?? 0) + 1);
    leave(name, place, (work) => abandon(work));
    const work = settings.each === "document" ? alone(tracer, settings, message) : joined(message);
    if (work.span.isRecording()) open.set(name, work);
  };

  const joined = (message: SourceMessage): Work => {
    const { topic, partition } = message.place;
    const name = `${topic}/${partition}`;
    const current = batches.get(name);
    const batch =
      current === undefined || current.taken >= MOST_LINKS ? empty(tracer, settings, message.place) : current;
    batches.set(name, batch);
    batch.taken++;
    batch.left++;
    batch.span.addLinks(linksTo(message));
    return batch;
  };

  /** A document's part is over; with the last one, its span. */
  const leave = (name: string, { topic, partition }: Place, tell: (work: Work) => void): void => {
    const work = open.get(name);
    if (work === undefined) return;
    open.delete(name);
    tell(work);
    if (--work.left > 0) return;
    if (batches.get(`${topic}/${partition}`) === work) batches.delete(`${topic}/${partition}`);
    end(work, settings);
  };

  const over = (place: Place, tell: (work: Work) => void): void => {
    const name = placeName(place);
    const before = orphans.get(name) ?? 0;
    if (before === 0) leave(name, place, tell);
    else if (before === 1) orphans.delete(name);
    else orphans.set(name, before - 1);
  };

  return {
    source: (source) => traced(source, begin),
    onWorker: (event) => {
      if (event.kind === "done") over(event.place, (work) => finish(work, event, settings.each));
      else if (event.kind === "lost") over(event.place, abandon);
      else if (event.kind === "dead-letter") setAside(open.get(placeName(event.place)), event);
      else if (event.kind === "retry") tryAgain(open.get(placeName(event.place)), event);
    },
    close: () => {
      for (const work of new Set(open.values())) {
        abandon(work);
        end(work, settings);
      }
      open.clear();
      batches.clear();
      orphans.clear();
    },
  };
}

/** What the conventions advise for one span. */
const MOST_LINKS = 128;

/** A span and the documents that it is of. */
interface Work {
  readonly span: Span;
  taken: number;
  left: number;
}

type Event<Kind extends WorkerEvent["kind"]> = Extract<WorkerEvent, { kind: Kind }>;

function alone(tracer: Tracer, settings: SpanSettings, message: SourceMessage): Work {
  const { place, value } = message;
  const parent = remoteParent(message);
  const within = parent === undefined ? context.active() : trace.setSpanContext(context.active(), parent);
  const offset = Number(place.offset);
  const attributes = {
    ...attributesOf(settings, place),
    ...(settings.system === "kafka" && Number.isSafeInteger(offset)
      ? { "messaging.kafka.offset": offset }
      : {}),
    ...(settings.system === "kafka" && value === undefined
      ? { "messaging.kafka.message.tombstone": true }
      : {}),
  };
  const span = tracer.startSpan(spanName(settings, place), { kind: SpanKind.CONSUMER, attributes }, within);
  return { span, taken: 1, left: 1 };
}

function empty(tracer: Tracer, settings: SpanSettings, place: Place): Work {
  const attributes = attributesOf(settings, place);
  const span = tracer.startSpan(spanName(settings, place), { kind: SpanKind.CONSUMER, attributes });
  return { span, taken: 0, left: 0 };
}

/** The paths of files are too many to be names. */
function spanName({ system }: SpanSettings, { topic }: Place): string {
  return system === "kafka" ? `process ${topic}` : "process";
}

function attributesOf({ system, groupId, clientId }: SpanSettings, { topic, partition }: Place) {
  return {
    "messaging.system": system ?? "file",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": topic,
    "messaging.destination.partition.id": String(partition),
    ...(groupId === undefined ? {} : { "messaging.consumer.group.name": groupId }),
    ...(clientId === undefined ? {} : { "messaging.client.id": clientId }),
  };
}

function linksTo(message: SourceMessage): Link[] {
  const parent = remoteParent(message);
  const offset = Number(message.place.offset);
  const attributes = Number.isSafeInteger(offset) ? { "messaging.kafka.offset": offset } : {};
  return parent === undefined ? [] : [{ context: parent, attributes }];
}

function finish(
  { span }: Work,
  { outcome, messages, times }: Event<"done">,
  each: SpanSettings["each"],
): void {
  if (each === "batch") return;
  span.setAttribute("spanmill.outcome", outcome);
  span.setAttribute("spanmill.messages", messages);
  for (const [stage, ms] of Object.entries(times)) span.setAttribute(`spanmill.${stage}.duration`, ms / 1000);
}

function setAside(work: Work | undefined, { place, code, attempts }: Event<"dead-letter">): void {
  if (work === undefined) return;
  work.span.setAttribute("error.type", code);
  work.span.setStatus({ code: SpanStatusCode.ERROR });
  work.span.addEvent("spanmill.dead_letter", {
    ...offsetOf(place),
    "error.type": code,
    "spanmill.attempts": attempts,
  });
}

function tryAgain(work: Work | undefined, { place, code, attempt }: Event<"retry">): void {
  work?.span.addEvent("spanmill.retry", {
    ...offsetOf(place),
    "error.type": code,
    "spanmill.attempt": attempt,
  });
}

function offsetOf({ offset }: Place) {
  const number = Number(offset);
  return Number.isSafeInteger(number) ? { "messaging.kafka.offset": number } : {};
}

function end({ span, taken }: Work, { each }: SpanSettings): void {
  if (each === "batch") span.setAttribute("messaging.batch.message_count", taken);
  span.end();
}

function abandon({ span }: Work): void {
  span.setAttribute("error.type", "abandoned");
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The deliveries themselves pass untouched: a source knows its own by identity. */
function traced(source: Source, begin: (message: SourceMessage) => void): Source {
  return {
    run: (intake) =>
      source.run({
        room: () => intake.room(),
        take: (delivery) => {
          begin(delivery.message);
          intake.take(delivery);
        },
      }),
    stop: () => source.stop(),
    suspect: (...deliveries) => source.suspect(...deliveries),
    close: () => source.close(),
  };
}
