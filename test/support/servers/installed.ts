/** Where the servers are on this machine; what is missing is installed first (scripts/install-servers.mjs). */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface InstalledKafka {
  readonly java: string;
  /** The folder of Kafka's jars. */
  readonly libs: string;
  /** A formatted data folder, without `meta.properties`. */
  readonly formatted: string;
  /** A configuration of log4j that writes warnings to standard output. */
  readonly log4j: string;
  /** A class-data archive that makes starts shorter. */
  readonly archive?: string;
}

interface Installed {
  readonly openssl: string;
  readonly redis: string;
  readonly kafka: InstalledKafka;
}

const INSTALL = fileURLToPath(new URL("../../../../scripts/install-servers.mjs", import.meta.url));
const asked = new Map<string, Promise<unknown>>();

export async function installedKafka(): Promise<Pick<Installed, "openssl" | "kafka">> {
  return install("kafka");
}

export async function installedRedis(): Promise<Pick<Installed, "openssl" | "redis">> {
  return install("redis");
}

/** For clocks that lie to a whole process. */
export async function installFaketime(): Promise<void> {
  await install("faketime");
}

async function install<T>(only: "kafka" | "redis" | "faketime"): Promise<T> {
  const running = asked.get(only) ?? run(only);
  asked.set(only, running);
  return running as Promise<T>;
}

async function run(only: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [INSTALL, "--json", "--only", only]);
  return JSON.parse(stdout);
}
