/** A real redis-server on a free port of this machine, for one test file. It keeps nothing on disk. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Redis } from "ioredis";
import type { RedisAddress } from "../../src/adapters/redis/connection.js";
import { temporaryFolder } from "./temporary.js";

/** For `describe.skipIf`. */
export const REDIS_ABSENT = spawnSync("redis-server", ["--version"]).status !== 0;

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A connection of the test's own, past all that is tested. */
  readonly control: Redis;
  stop(): Promise<void>;
  /** On the same port, empty. */
  restart(): Promise<void>;
}

/** @param reach how to reach it, where that takes more than an address. */
export async function startRedis(
  options: readonly string[] = [],
  reach: RedisAddress = {},
): Promise<RedisServer> {
  const port = await freePort();
  const control = new Redis({
    ...reach,
    host: "127.0.0.1",
    port,
    lazyConnect: true,
    retryStrategy: () => 20,
  });
  control.on("error", () => {});
  const isTls = reach.tls !== undefined;
  const ports = isTls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)];
  const directory = temporaryFolder();
  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn(
      "redis-server",
      [...ports, "--save", "", "--enable-debug-command", "yes", "--dir", directory, ...options],
      {
        stdio: "ignore",
      },
    );
    await control.connect().catch(() => {});
    await control.ping();
  };
  const end = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    port,
    url: `${isTls ? "rediss" : "redis"}://127.0.0.1:${port}`,
    control,
    async stop() {
      control.disconnect();
      await end();
    },
    async restart() {
      await end();
      await start();
    },
  };
}

/** A port that nobody listens on, for as long as nobody else asks. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
