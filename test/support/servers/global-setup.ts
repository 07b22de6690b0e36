/**
 * Vitest's global set-up: the servers that all test files share, each started when the first test asks for it and stopped
 * at the end of the run. They belong to vitest's own process; test files, which run in processes of theirs, ask over
 * loopback (shared.ts).
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { startKafka } from "./kafka.js";
import { startRedis } from "./redis.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the shared servers are asked for. */
    serversUrl: string;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<string, Promise<{ stop(): Promise<void> }>>();
  const starts: Record<string, () => Promise<{ stop(): Promise<void> }>> = {
    "/kafka": () => startKafka(),
    "/redis": () => startRedis(),
  };
  const desk = createServer(async (request, response) => {
    const path = request.url ?? "";
    try {
      const running = started.get(path) ?? starts[path]?.();
      if (!running) return void response.writeHead(404).end();
      started.set(path, running);
      response.end(JSON.stringify(await running));
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
  await new Promise<void>((resolve) => desk.listen(0, "127.0.0.1", resolve));
  project.provide("serversUrl", `http://127.0.0.1:${(desk.address() as AddressInfo).port}`);

  return async () => {
    desk.closeAllConnections();
    desk.close();
    await Promise.allSettled([...started.values()].map(async (server) => (await server).stop()));
  };
}
