import { SpanmillError } from "../../errors.js";
import type { Outcome } from "./lane.js";
import { describeKafka, kafkaErrorFacts } from "./log.js";

/** `stale`: the producer's state is of no more use; the same batch is sent through a new one. */
export type SendFailure = Exclude<Outcome, { kind: "kept" }> & { readonly stale?: boolean };

/**
 * What a failed send of kafkajs means for its batch. Whatever is not known to last is waited out: kafkajs wraps
 * failures of its reconnection as final although they pass.
 */
export function judgeSend(error: unknown, topic: string): SendFailure {
  const { names, code } = kafkaErrorFacts(error);
  const cause = code ?? describeKafka(error);
  if (code !== undefined) {
    if (TOO_LARGE.has(code)) return { kind: "too-large" };
    if (STALE_PRODUCER.has(code)) return { kind: "passing", cause, stale: true };
    if (FORBIDDEN.has(code)) return { kind: "fatal", error: forbidden([topic], code) };
    if (REFUSED.has(code)) return { kind: "fatal", error: refused(topic, code) };
    if (MISSING.has(code)) return { kind: "passing", cause, otherwise: missing([topic]) };
    if (UNPROVEN.has(code)) return { kind: "passing", cause, otherwise: refused(topic, code) };
  }
  if (names.includes("KafkaJSSASLAuthenticationError")) {
    return { kind: "passing", cause, otherwise: unauthenticated() };
  }
  const root = names.at(-1) ?? "";
  if (DEFECTS.has(root) || (code === undefined && !root.startsWith("KafkaJS")))
    return { kind: "passing", cause, stale: true, otherwise: defect(cause) };
  if (code === UNKNOWN_CODE) return { kind: "passing", cause, stale: true, otherwise: refused(topic, code) };
  return { kind: "passing", cause };
}

/** The broker answered, but not for this partition: nothing was written, and the producer's map is out of date. */
export function unanswered(topic: string): SendFailure {
  return {
    kind: "passing",
    cause: "PARTITION_UNANSWERED",
    stale: true,
    otherwise: new SpanmillError(
      "SINK_UNAVAILABLE",
      `Topic ${topic}: a partition takes no more records. Was the topic made anew with fewer? Restart to read its partitions again.`,
    ),
  };
}

export function missing(topics: readonly string[]): SpanmillError {
  const create = topics
    .map((topic) => `kafka-topics.sh --create --topic ${topic} --partitions N --bootstrap-server HOST:PORT`)
    .join("; ");
  return new SpanmillError(
    "SINK_TOPIC_MISSING",
    `No such topic, or none that this user may see: ${topics.join(", ")}. Create what is missing: ${create}.`,
  );
}

export function forbidden(topics: readonly string[], code: string): SpanmillError {
  return new SpanmillError(
    "SINK_FORBIDDEN",
    `The broker forbids writing to ${topics.join(", ")} (${code}). Grant this user WRITE and DESCRIBE on each.`,
  );
}

export function unauthenticated(): SpanmillError {
  return new SpanmillError(
    "SINK_FORBIDDEN",
    "The broker does not accept this user. Check the SASL mechanism and the files of username and password.",
  );
}

export function unreachable(error: unknown): SpanmillError {
  return new SpanmillError(
    "SINK_UNAVAILABLE",
    `Kafka cannot be reached (${describeKafka(error)}). ${certificateTrouble(error) ?? "Check the brokers' addresses, TLS, and that they run."}`,
    { cause: error },
  );
}

/** What to do where a certificate is not accepted, on either side; undefined where it is something else. */
export function certificateTrouble(error: unknown): string | undefined {
  const { code = "" } = kafkaErrorFacts(error);
  if (UNTRUSTED.test(code)) {
    return "The brokers' certificate is by no authority that is trusted here: name its authority in --kafka-tls-ca-file.";
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "The brokers' certificate is not valid at this time: renew it, or mend this machine's clock.";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "The brokers' certificate is for other names than the one it was reached by: mend it, or --kafka-brokers.";
  }
  if (REFUSED_CERTIFICATE.test(code)) {
    return "The broker refuses the client's certificate, or wants one: name one that it trusts in --kafka-tls-cert-file and --kafka-tls-key-file.";
  }
  return undefined;
}

const UNTRUSTED =
  /SELF_SIGNED|^UNABLE_TO_(?:VERIFY|GET_ISSUER|DECODE_ISSUER)|^CERT_(?:UNTRUSTED|SIGNATURE_FAILURE)$/;
/** OpenSSL's alerts, as Node.js names them. */
const REFUSED_CERTIFICATE = /^ERR_SSL_\w+_ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA)$/;

function refused(topic: string, code: string): SpanmillError {
  return new SpanmillError(
    "SINK_UNAVAILABLE",
    `Topic ${topic} refuses records of this kind (${code}). Check the topic's settings: cleanup.policy (a compacted topic wants keys), compression.type, message.timestamp.*.`,
  );
}

function defect(cause: string): SpanmillError {
  return new SpanmillError("INTERNAL", `The Kafka client fails again and again by itself (${cause}).`);
}

const UNKNOWN_CODE = "KAFKAJS_UNKNOWN_ERROR_CODE";
const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
const STALE_PRODUCER = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "DUPLICATE_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
]);
const FORBIDDEN = new Set(["TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED"]);
const REFUSED = new Set([
  "INVALID_RECORD",
  "INVALID_REQUIRED_ACKS",
  "INVALID_TIMESTAMP",
  "POLICY_VIOLATION",
  "UNSUPPORTED_COMPRESSION_TYPE",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  "UNSUPPORTED_VERSION",
]);
const MISSING = new Set(["UNKNOWN_TOPIC_OR_PARTITION", "INVALID_TOPIC_EXCEPTION"]);
/** A damaged transfer passes; a record that the topic never takes is answered alike by some versions. */
const UNPROVEN = new Set(["CORRUPT_MESSAGE", "SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM"]);
/** As are all errors that are not of kafkajs: it trips over its own state in some reconnections, and a new producer has new. */
const DEFECTS = new Set(["KafkaJSInvariantViolation", "KafkaJSNotImplemented"]);
