/** A provider of OpenTelemetry made by hand, after its API alone, that keeps what an exporter would send. */
import {
  type Context,
  type Link,
  type Span,
  type SpanAttributes,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";

export interface RecordedSpan {
  readonly name: string;
  readonly kind: number | undefined;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly attributes: SpanAttributes;
  readonly links: Link[];
  readonly events: { readonly name: string; readonly attributes: unknown }[];
  readonly status: SpanStatus[];
  ends: number;
}

export function recordingProvider(): { provider: TracerProvider; spans: RecordedSpan[] } {
  const spans: RecordedSpan[] = [];
  const startSpan = (name: string, options: SpanOptions = {}, context?: Context): Span => {
    const parent = context === undefined ? undefined : trace.getSpanContext(context);
    const recorded: RecordedSpan = {
      name,
      kind: options.kind,
      context: {
        traceId: parent?.traceId ?? hex(spans.length + 1, 32),
        spanId: hex(spans.length + 1, 16),
        traceFlags: 1,
      },
      parent,
      attributes: { ...options.attributes },
      links: [...(options.links ?? [])],
      events: [],
      status: [],
      ends: 0,
    };
    spans.push(recorded);
    return spanOf(recorded);
  };
  const tracer = {
    startSpan,
    startActiveSpan: () => {
      throw new Error("not used");
    },
  };
  return { provider: { getTracer: () => tracer }, spans };
}

function spanOf(recorded: RecordedSpan): Span {
  const span: Span = {
    spanContext: () => recorded.context,
    setAttribute: (key, value) => {
      if (recorded.ends > 0) throw new Error("after its end");
      recorded.attributes[key] = value;
      return span;
    },
    setAttributes: (attributes) => {
      Object.assign(recorded.attributes, attributes);
      return span;
    },
    addEvent: (name, attributes) => {
      recorded.events.push({ name, attributes });
      return span;
    },
    addLink: (link) => span.addLinks([link]),
    addLinks: (links) => {
      recorded.links.push(...links);
      return span;
    },
    setStatus: (status) => {
      recorded.status.push(status);
      return span;
    },
    updateName: () => span,
    end: () => {
      recorded.ends++;
    },
    isRecording: () => recorded.ends === 0,
    recordException: (exception) => {
      recorded.events.push({ name: "exception", attributes: String(exception) });
    },
  };
  return span;
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
