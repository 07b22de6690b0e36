import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import { Kafka, logLevel, type SASLOptions } from "kafkajs";
import { SpanmillError, systemCode } from "../../errors.js";
import { registerCodecs } from "./codecs.js";
import { type KafkaLog, logThrough } from "./log.js";
import { readStableOffsets } from "./stable-offsets.js";
import { quietIdleConnections } from "./timers.js";

export const SASL_MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;

/** How to reach a cluster. Secrets are named by their files. */
export interface KafkaConnection {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Undefined: plain TCP. */
  readonly tls?: KafkaTls | undefined;
  readonly sasl?: KafkaSasl | undefined;
}

/** Paths of PEM files. Without `ca` the system's authorities are trusted. */
export interface KafkaTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface KafkaSasl {
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
  readonly usernameFile: string;
  readonly passwordFile: string;
}

/**
 * The one place that makes a client of kafkajs. Connects nothing yet.
 *
 * Waits inside kafkajs are short and few, since whoever uses the client tries again by its own rules.
 *
 * @throws SpanmillError CONFIG_INVALID where a file of the settings cannot be read; KAFKA_CODEC_MISSING
 */
export async function openKafka(connection: KafkaConnection, log: KafkaLog): Promise<Kafka> {
  quietIdleConnections();
  readStableOffsets();
  registerCodecs();
  const { brokers, clientId, tls, sasl } = connection;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(tls === undefined ? {} : { ssl: await readTls(tls) }),
    ...(sasl === undefined ? {} : { sasl: await readSasl(sasl) }),
    connectionTimeout: 3_000,
    authenticationTimeout: 10_000,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8 },
    logLevel: logLevel.INFO,
    logCreator: logThrough(log),
  });
}

/** An answer that takes longer counts as lost. */
export const REQUEST_TIMEOUT_MS = 30_000;

async function readTls({ ca, cert, key }: KafkaTls): Promise<ConnectionOptions> {
  const caPem = ca === undefined ? undefined : await readSetting(ca, "kafka.tls.ca-file");
  const certPem = cert === undefined ? undefined : await readSetting(cert, "kafka.tls.cert-file");
  const keyPem = key === undefined ? undefined : await readSetting(key, "kafka.tls.key-file");
  return {
    ...(caPem === undefined ? {} : { ca: [caPem] }),
    ...(certPem === undefined ? {} : { cert: certPem }),
    ...(keyPem === undefined ? {} : { key: keyPem }),
  };
}

/** One line feed at the end of a secret's file is the editor's, not the secret's. */
async function readSasl({ mechanism, usernameFile, passwordFile }: KafkaSasl): Promise<SASLOptions> {
  const username = await readSetting(usernameFile, "kafka.sasl.username-file");
  const password = await readSetting(passwordFile, "kafka.sasl.password-file");
  return { mechanism, username: trimEnd(username), password: trimEnd(password) } as SASLOptions;
}

function trimEnd(secret: string): string {
  return secret.replace(/\r?\n$/, "");
}

/** The value is not repeated: who mistakes a setting may have put the secret itself where its path belongs. */
async function readSetting(path: string, setting: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SpanmillError(
      "CONFIG_INVALID",
      `${setting}: the file cannot be read (${systemCode(error) ?? "unknown error"}). The setting wants a path.`,
    );
  }
}
