/** The files that a broker of the tests starts from. */
import { randomUUID } from "node:crypto";
import { chmod, cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface BrokerPlan {
  readonly id: number;
  readonly folder: string;
  /** Ports on loopback. */
  readonly ports: {
    readonly plain: number;
    readonly controller: number;
    readonly secured?: number;
    /** Where the broker listens for its proxy, and where clients are told to go. */
    readonly proxied?: { readonly behind: number; readonly front: number };
  };
}

export interface Security {
  /** Passwords by user, for PLAIN and both SCRAM mechanisms. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tls?: { readonly folder: string; readonly clientAuth: boolean };
}

/** Small, quick to start, and with leaders that stay where a test put them. */
function defaults(brokers: number): Record<string, string | number> {
  return {
    "auto.create.topics.enable": "false",
    "auto.leader.rebalance.enable": "false",
    "default.replication.factor": brokers,
    "offsets.topic.replication.factor": brokers,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.replication.factor": brokers,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": brokers,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    // How long a killed broker counts as alive.
    "broker.session.timeout.ms": 6000,
    "broker.heartbeat.interval.ms": 1000,
    "num.network.threads": 2,
    "num.io.threads": 2,
    "log.cleaner.threads": 1,
    "log.cleaner.dedupe.buffer.size": 8_388_608,
  };
}

export function brokerProperties(
  broker: BrokerPlan,
  all: readonly BrokerPlan[],
  security: Security,
  properties: Readonly<Record<string, string>>,
): string {
  const { plain, controller, secured, proxied } = broker.ports;
  const listeners = [
    { name: "PLAINTEXT", protocol: "PLAINTEXT", port: plain, advertised: plain },
    ...(secured
      ? [{ name: "SECURED", protocol: protocolOf(security), port: secured, advertised: secured }]
      : []),
    ...(proxied
      ? [{ name: "PROXIED", protocol: "PLAINTEXT", port: proxied.behind, advertised: proxied.front }]
      : []),
  ];
  const at = ({ name }: { name: string }, port: number) => `${name}://127.0.0.1:${port}`;
  const settings: Record<string, string | number> = {
    ...defaults(all.length),
    "process.roles": "broker,controller",
    "node.id": broker.id,
    "controller.quorum.voters": all.map(({ id, ports }) => `${id}@127.0.0.1:${ports.controller}`).join(","),
    listeners: [...listeners.map((l) => at(l, l.port)), `CONTROLLER://127.0.0.1:${controller}`].join(","),
    "advertised.listeners": listeners.map((l) => at(l, l.advertised)).join(","),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": [
      "CONTROLLER:PLAINTEXT",
      ...listeners.map((l) => `${l.name}:${l.protocol}`),
    ].join(","),
    "log.dirs": join(broker.folder, "data"),
    ...securitySettings(security),
    ...properties,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

function protocolOf({ users, tls }: Security): string {
  if (users) return tls ? "SASL_SSL" : "SASL_PLAINTEXT";
  return "SSL";
}

function securitySettings({ users, tls }: Security): Record<string, string> {
  const on = "listener.name.secured.";
  const module = "org.apache.kafka.common.security";
  const settings: Record<string, string> = {};
  if (users) {
    const known = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`);
    settings["sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512";
    settings[`${on}plain.sasl.jaas.config`] = `${module}.plain.PlainLoginModule required ${known.join(" ")};`;
    for (const hash of ["256", "512"]) {
      settings[`${on}scram-sha-${hash}.sasl.jaas.config`] = `${module}.scram.ScramLoginModule required;`;
    }
  }
  if (tls) {
    settings[`${on}ssl.keystore.type`] = "PEM";
    settings[`${on}ssl.keystore.location`] = join(tls.folder, "server.keystore.pem");
    settings[`${on}ssl.truststore.type`] = "PEM";
    settings[`${on}ssl.truststore.location`] = join(tls.folder, "ca.pem");
    settings[`${on}ssl.client.auth`] = tls.clientAuth ? "required" : "none";
  }
  return settings;
}

/** Copies a formatted folder, which is the same for all brokers but for the ids in `meta.properties`. */
export async function formatBroker(broker: BrokerPlan, formatted: string, clusterId: string): Promise<void> {
  const data = join(broker.folder, "data");
  await mkdir(broker.folder, { recursive: true });
  await cp(formatted, data, { recursive: true });
  await chmod(data, 0o755);
  const meta = { version: 1, "cluster.id": clusterId, "node.id": broker.id, "directory.id": kafkaUuid() };
  const lines = Object.entries(meta).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(join(data, "meta.properties"), lines.join(""));
}

/** 22 characters of URL-safe base64, which must not begin with a dash. */
export function kafkaUuid(): string {
  const id = Buffer.from(randomUUID().replaceAll("-", ""), "hex").toString("base64url");
  return id.startsWith("-") ? kafkaUuid() : id;
}
