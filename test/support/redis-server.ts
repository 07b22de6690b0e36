/** A Redis of a test file's own, with a connection past all that is tested. */
import { Redis } from "ioredis";
import { type RedisOptions, type RedisServer, startRedis } from "./servers/redis.js";

export interface ControlledRedis extends RedisServer {
  readonly control: Redis;
}

export async function controlledRedis(options: RedisOptions = {}): Promise<ControlledRedis> {
  const server = await startRedis(options);
  const { ca, client } = server.certificates ?? {};
  const control = new Redis(server.url, {
    retryStrategy: () => 20,
    autoResendUnfulfilledCommands: false,
    ...(ca === undefined ? {} : { tls: { ca, ...client } }),
  });
  control.on("error", () => {});
  const stop = async () => {
    control.disconnect();
    await server.stop();
  };
  return { ...server, control, stop };
}
