/** A real redis-server on loopback for as long as a test needs it. REDIS_URL in the environment replaces it. */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { type Certificates, makeCertificates } from "./certificates.js";
import { installedRedis } from "./installed.js";
import { freePorts } from "./ports.js";
import { GaveUp, until } from "./until.js";
import { watchFolder, watchProcess } from "./watchdog.js";

export interface RedisOptions {
  readonly password?: string;
  /** Takes TLS connections only. */
  readonly tls?: { readonly clientAuth?: boolean };
  /** As redis.conf writes it: `2mb`. */
  readonly maxmemory?: string;
  readonly policy?:
    | "noeviction"
    | "allkeys-lru"
    | "allkeys-lfu"
    | "allkeys-random"
    | "volatile-lru"
    | "volatile-ttl";
}

export interface RedisServer {
  /** `redis://` or `rediss://`, with the password. */
  readonly url: string;
  /** `host:port`, for a proxy before it. */
  readonly address: string;
  readonly certificates?: Certificates;
  pid(): number | undefined;
  /** Sends the signal (SIGKILL unless said); for SIGKILL and SIGTERM also waits for the end. */
  kill(signal?: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** Starts it again on its port, with nothing in it, having stopped it where it runs. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether the environment gives the server, which tests that break servers are skipped by. */
export const REDIS_GIVEN = process.env.REDIS_URL !== undefined && process.env.REDIS_URL !== "";

/** Keeps nothing on disk. Resolves when it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  if (REDIS_GIVEN) return givenRedis(options);
  const { redis, openssl } = await installedRedis();
  const folder = await mkdtemp(join(tmpdir(), "spanmill-redis-"));
  const watch = watchFolder(folder);
  await mkdir(join(folder, "tls"));
  const certificates = options.tls && (await makeCertificates(join(folder, "tls"), openssl));
  const [port] = (await freePorts(1)) as [number];
  const start = async () => {
    const running = spawnRedis(redis, settings(options, port, folder, certificates));
    await answers(port, certificates, running);
    return running;
  };

  let running = await start();
  const auth = options.password ? `:${encodeURIComponent(options.password)}@` : "";
  return {
    url: `${certificates ? "rediss" : "redis"}://${auth}127.0.0.1:${port}`,
    address: `127.0.0.1:${port}`,
    ...(certificates && { certificates }),
    pid: () => running.pid(),
    kill: async (signal = "SIGKILL") => {
      if (running.pid() === undefined) throw new Error("Redis does not run");
      await running.kill(signal);
    },
    restart: async () => {
      await running.kill("SIGKILL");
      running = await start();
    },
    stop: async () => {
      await running.kill("SIGKILL");
      await watch.remove();
    },
  };
}

function settings(
  options: RedisOptions,
  port: number,
  folder: string,
  certificates: Certificates | undefined,
): Record<string, string> {
  return {
    bind: "127.0.0.1",
    dir: folder,
    save: "",
    appendonly: "no",
    "enable-debug-command": "yes",
    ...(options.password && { requirepass: options.password }),
    ...(options.maxmemory && { maxmemory: options.maxmemory }),
    ...(options.policy && { "maxmemory-policy": options.policy }),
    ...(certificates
      ? {
          port: "0",
          "tls-port": String(port),
          "tls-cert-file": join(certificates.folder, "server.pem"),
          "tls-key-file": join(certificates.folder, "server.key"),
          "tls-ca-cert-file": join(certificates.folder, "ca.pem"),
          "tls-auth-clients": options.tls?.clientAuth ? "yes" : "no",
        }
      : { port: String(port) }),
  };
}

function spawnRedis(program: string, config: Record<string, string>) {
  const args = Object.entries(config).flatMap(([key, value]) => [`--${key}`, value]);
  const child = spawn(program, args, { stdio: "ignore" });
  if (child.pid === undefined) throw new Error(`${program} cannot be started`);
  const { gone } = watchProcess(child.pid);
  child.once("exit", gone);
  child.unref();
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: () => (ended() ? undefined : child.pid),
    kill: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      if (signal === "SIGTERM") child.kill("SIGCONT");
      if (signal === "SIGTERM" || signal === "SIGKILL")
        await until("the end of Redis", ended, { everyMs: 10 });
    },
  };
}

/** Any answer will do: one without a password is refused, by a server that is there. */
async function answers(
  port: number,
  certificates: Certificates | undefined,
  running: { pid(): number | undefined },
): Promise<void> {
  const at = { host: "127.0.0.1", port };
  await until(
    "an answer of Redis",
    () => {
      if (running.pid() === undefined) throw new GaveUp("redis-server ended while it started");
      return new Promise<true>((resolve, reject) => {
        const socket = certificates
          ? connectTls({ ...at, ca: certificates.ca, ...certificates.client })
          : connect(at);
        socket.once("error", reject).once("close", () => reject(new Error("closed")));
        socket.once("data", () => {
          resolve(true);
          socket.destroy();
        });
        socket.write("PING\r\n");
      });
    },
    { everyMs: 10 },
  );
}

function givenRedis(options: RedisOptions): RedisServer {
  const asked = Object.keys(options);
  if (asked.length > 0) throw new Error(`startRedis with ${asked.join(", ")}: unset REDIS_URL`);
  const url = process.env.REDIS_URL ?? "";
  const { hostname, port } = new URL(url);
  const refuse = (what: string) => async () => {
    throw new Error(`${what}: not with the server of REDIS_URL; unset it and one is started`);
  };
  return {
    url,
    address: `${hostname}:${port || 6379}`,
    pid: () => undefined,
    kill: refuse("kill"),
    restart: refuse("restart"),
    stop: async () => {},
  };
}
