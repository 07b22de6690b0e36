/**
 * A real Apache Kafka (KRaft) on loopback, of one or three brokers, for as long as a test needs it.
 * KAFKA_BOOTSTRAP in the environment replaces it; then nothing is started, and nothing can be killed.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type BrokerProcess, startBroker } from "./broker-process.js";
import { type Certificates, makeCertificates } from "./certificates.js";
import { type InstalledKafka, installedKafka } from "./installed.js";
import {
  type BrokerPlan,
  brokerProperties,
  formatBroker,
  kafkaUuid,
  type Security,
} from "./kafka-properties.js";
import { readCoordinator, readMetadata } from "./metadata.js";
import { freePorts } from "./ports.js";
import { type FaultProxy, startProxy } from "./proxy.js";
import { GaveUp, until } from "./until.js";
import { watchFolder } from "./watchdog.js";

export interface KafkaOptions {
  /** 1 unless said. */
  readonly brokers?: 1 | 3;
  /** Added to every broker's `server.properties`, before which the defaults of the tests give way. */
  readonly properties?: Readonly<Record<string, string>>;
  /** A listener more, `secured`, for these users (passwords by name): PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly sasl?: { readonly users: Readonly<Record<string, string>> };
  /** Makes `secured` a TLS listener, with or without users. */
  readonly tls?: { readonly clientAuth?: boolean };
  /** A listener more, `proxied`, that is reached through a proxy before every broker. */
  readonly proxied?: boolean;
  /** Where the brokers' folders are (`broker-1`, ...), for a small or slow disk; kept by `stop`, and found again. */
  readonly dataDirectory?: string;
}

export interface KafkaServer {
  /** Plain addresses of all brokers, `host:port`: the way past proxies and passwords, for whoever checks. */
  readonly brokers: readonly string[];
  /** The same, joined by commas. */
  readonly bootstrap: string;
  readonly secured?: { readonly brokers: readonly string[]; readonly certificates?: Certificates };
  /** `proxies[0]` stands before broker 1. */
  readonly proxied?: { readonly brokers: readonly string[]; readonly proxies: readonly FaultProxy[] };
  /** What a broker has written; brokers count from 1. */
  logs(broker?: number): Promise<string>;
  /** Process id of a broker, undefined while it is down. */
  pid(broker: number): number | undefined;
  /** Sends the signal (SIGKILL unless said); for SIGKILL and SIGTERM also waits for the end. */
  kill(broker: number, signal?: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** Starts a broker again on its data and ports, having stopped it where it runs; resolves when it is in the cluster. */
  restart(broker: number): Promise<void>;
  stop(): Promise<void>;
}

/** Whether the environment gives the broker, which tests that break brokers are skipped by. */
export const KAFKA_GIVEN = process.env.KAFKA_BOOTSTRAP !== undefined && process.env.KAFKA_BOOTSTRAP !== "";

const STARTS = 2;
const READY_MS = 120_000;

/** Resolves when every broker knows all of them and groups have a coordinator. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  if (KAFKA_GIVEN) return givenKafka(options);
  for (let start = 1; ; start++) {
    try {
      return await startCluster(options);
    } catch (error) {
      // A port may have been taken between the choice and the start.
      if (start === STARTS || !(error instanceof GaveUp)) throw error;
    }
  }
}

async function startCluster(options: KafkaOptions): Promise<KafkaServer> {
  const { kafka, openssl } = await installedKafka();
  const scratch = await mkdtemp(join(tmpdir(), "spanmill-kafka-"));
  const scratchWatch = watchFolder(scratch);
  const security = await secure(options, scratch, openssl);
  const proxies = options.proxied ? await openProxies(options.brokers ?? 1) : undefined;
  const plans = await planBrokers(options, scratch, proxies);
  const processes = new Map<number, BrokerProcess>();

  const stop = async () => {
    // Data that nobody will read again needs no orderly end.
    const signal = options.dataDirectory ? "SIGTERM" : "SIGKILL";
    await Promise.all([...processes.values()].map((broker) => broker.end(signal)));
    await Promise.all(proxies?.map(({ proxy }) => proxy.close()) ?? []);
    await scratchWatch.remove();
  };
  const server: KafkaServer = {
    ...addresses(plans, security),
    ...(proxies && {
      proxied: { brokers: proxies.map(({ proxy }) => proxy.address), proxies: proxies.map((p) => p.proxy) },
    }),
    logs: async (id) => {
      const wanted = plans.filter((plan) => id === undefined || plan.id === id);
      return (await Promise.all(wanted.map(({ folder }) => readLog(folder)))).join("");
    },
    pid: (id) => processes.get(id)?.pid(),
    kill: async (id, signal = "SIGKILL") => {
      await (signal === "SIGKILL" || signal === "SIGTERM"
        ? running(processes, id).end(signal)
        : running(processes, id).signal(signal));
    },
    restart: async (id) => {
      await processes.get(id)?.end("SIGTERM");
      const plan = plans.find((candidate) => candidate.id === id);
      if (!plan) throw new Error(`there is no broker ${id}`);
      processes.set(id, startBroker(plan.folder, kafka));
      const alive = plans
        .filter((each) => processes.get(each.id)?.pid() !== undefined)
        .map((each) => each.id);
      await inCluster(plan, alive, processes);
    },
    stop,
  };

  try {
    await formatAll(plans, options, security, kafka, scratch);
    for (const plan of plans) processes.set(plan.id, startBroker(plan.folder, kafka));
    const ids = plans.map(({ id }) => id);
    await Promise.all(plans.map((plan) => inCluster(plan, ids, processes)));
    await until("a coordinator of groups", () => readCoordinator(server.brokers[0]!, "spanmill"), {
      withinMs: READY_MS,
    });
    return server;
  } catch (error) {
    const said = await server.logs();
    await stop();
    const message = `${error instanceof Error ? error.message : error}\n${said.slice(-4000)}`;
    throw error instanceof GaveUp ? new GaveUp(message) : new Error(message);
  }
}

async function secure(
  options: KafkaOptions,
  scratch: string,
  openssl: string,
): Promise<Security & { certificates?: Certificates }> {
  const users = options.sasl && { users: options.sasl.users };
  if (!options.tls) return { ...users };
  const folder = join(scratch, "tls");
  await mkdir(folder);
  const certificates = await makeCertificates(folder, openssl);
  await writeFile(join(folder, "server.keystore.pem"), certificates.server.key + certificates.server.cert);
  return { ...users, tls: { folder, clientAuth: options.tls.clientAuth ?? false }, certificates };
}

async function openProxies(count: number) {
  const behind = await freePorts(count);
  return Promise.all(
    behind.map(async (port) => ({ behind: port, proxy: await startProxy({ target: `127.0.0.1:${port}` }) })),
  );
}

async function planBrokers(
  options: KafkaOptions,
  scratch: string,
  proxies: Awaited<ReturnType<typeof openProxies>> | undefined,
): Promise<BrokerPlan[]> {
  const secured = options.sasl !== undefined || options.tls !== undefined;
  return Promise.all(
    Array.from({ length: options.brokers ?? 1 }, async (_, i) => {
      const [plain, controller, third] = (await freePorts(3)) as [number, number, number];
      const proxied = proxies && { behind: proxies[i]!.behind, front: proxies[i]!.proxy.port };
      return {
        id: i + 1,
        folder: join(options.dataDirectory ?? scratch, `broker-${i + 1}`),
        ports: { plain, controller, ...(secured && { secured: third }), ...(proxied && { proxied }) },
      };
    }),
  );
}

function addresses(plans: readonly BrokerPlan[], { certificates }: { certificates?: Certificates }) {
  const brokers = plans.map(({ ports }) => `127.0.0.1:${ports.plain}`);
  const secured = plans.flatMap(({ ports }) => (ports.secured ? [`127.0.0.1:${ports.secured}`] : []));
  return {
    brokers,
    bootstrap: brokers.join(","),
    ...(secured.length > 0 && { secured: { brokers: secured, ...(certificates && { certificates }) } }),
  };
}

/** Data of an earlier cluster in a given folder is kept; ports are new, so its brokers' settings are too. */
async function formatAll(
  plans: readonly BrokerPlan[],
  options: KafkaOptions,
  security: Security,
  kafka: InstalledKafka,
  scratch: string,
): Promise<void> {
  const cluster = kafkaUuid();
  const formatted = security.users
    ? await formatWithUsers(plans[0]!, security, kafka, scratch)
    : kafka.formatted;
  for (const plan of plans) {
    if (!existsSync(join(plan.folder, "data", "meta.properties")))
      await formatBroker(plan, formatted, cluster);
    const properties = brokerProperties(plan, plans, security, options.properties ?? {});
    await writeFile(join(plan.folder, "server.properties"), properties);
  }
}

/** SCRAM keeps its users in the cluster's metadata, so they are there from the first record on. */
async function formatWithUsers(plan: BrokerPlan, security: Security, kafka: InstalledKafka, scratch: string) {
  const folder = join(scratch, "format");
  await mkdir(folder);
  const file = join(folder, "server.properties");
  await writeFile(file, brokerProperties({ ...plan, folder }, [plan], {}, {}));
  const users = Object.entries(security.users ?? {}).flatMap(([name, password]) =>
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((how) => [
      "--add-scram",
      `${how}=[name=${name},password=${password}]`,
    ]),
  );
  const format = ["kafka.tools.StorageTool", "format", "-t", kafkaUuid(), "-c", file, ...users];
  await promisify(execFile)(kafka.java, ["-XX:TieredStopAtLevel=1", "-cp", join(kafka.libs, "*"), ...format]);
  const formatted = join(folder, "formatted");
  await cp(join(folder, "data"), formatted, { recursive: true });
  await rm(join(formatted, "meta.properties"));
  return formatted;
}

/** Asks the broker itself until it takes all of these for alive. */
async function inCluster(
  { id, ports }: BrokerPlan,
  expected: readonly number[],
  processes: ReadonlyMap<number, BrokerProcess>,
): Promise<void> {
  await until(
    `broker ${id} in its cluster`,
    async () => {
      if (processes.get(id)?.pid() === undefined) throw new GaveUp(`broker ${id} ended while it started`);
      const { brokers } = await readMetadata(`127.0.0.1:${ports.plain}`);
      return expected.every((each) => brokers.has(each));
    },
    { withinMs: READY_MS },
  );
}

function running(processes: ReadonlyMap<number, BrokerProcess>, id: number): BrokerProcess {
  const broker = processes.get(id);
  if (broker?.pid() === undefined) throw new Error(`broker ${id} does not run`);
  return broker;
}

const readLog = (folder: string) => readFile(join(folder, "broker.log"), "utf8").catch(() => "");

function givenKafka(options: KafkaOptions): KafkaServer {
  const asked = Object.entries(options).filter(([, value]) => value !== undefined);
  const refuse = (what: string) => async () => {
    throw new Error(`${what}: not with the broker of KAFKA_BOOTSTRAP; unset it and one is started`);
  };
  if (asked.length > 0)
    throw new Error(`startKafka with ${asked.map(([key]) => key).join(", ")}: unset KAFKA_BOOTSTRAP`);
  const bootstrap = process.env.KAFKA_BOOTSTRAP ?? "";
  return {
    brokers: bootstrap.split(",").map((address) => address.trim()),
    bootstrap,
    logs: async () => "",
    pid: () => undefined,
    kill: refuse("kill"),
    restart: refuse("restart"),
    stop: async () => {},
  };
}
