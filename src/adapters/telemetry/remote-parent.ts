/** The span that wrote a message, by its W3C `traceparent` header, whatever propagators an SDK may have set. */
import { isSpanContextValid, type SpanContext } from "@opentelemetry/api";
import { traceOf } from "../../document/envelope.js";
import type { SourceMessage } from "../../ports/source.js";

/** Undefined where there is none, or none that is valid. */
export function remoteParent(message: Pick<SourceMessage, "headers">): SpanContext | undefined {
  const parent = traceOf(message).find(([name]) => name === "traceparent")?.[1];
  const { version, traceId, spanId, flags } = TRACEPARENT.exec(parent ?? "")?.groups ?? {};
  if (version === "ff" || traceId === undefined || spanId === undefined || flags === undefined)
    return undefined;
  // Flags that are not known yet must not be passed on.
  const found = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
}

const TRACEPARENT = /^(?<version>..)-(?<traceId>.{32})-(?<spanId>.{16})-(?<flags>..)/;
