/** The probes and the metrics over HTTP: `/livez`, `/readyz`, `/metrics`, for kubelets and scrapers. Nothing else. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SpanmillError, systemCode } from "../../errors.js";

export interface ProbeSettings {
  /** 127.0.0.1 by default: who wants to be asked from elsewhere says so. */
  readonly host?: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
  readonly live: () => ProbeAnswer;
  readonly ready: () => ProbeAnswer;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Status 200 where `ok`, else 503. */
export interface ProbeAnswer {
  readonly ok: boolean;
  readonly status: string;
  readonly reasons: readonly string[];
}

export interface Probes {
  readonly host: string;
  readonly port: number;
  /** At once: what is being answered is cut off. */
  close(): Promise<void>;
}

/** @throws SpanmillError CONFIG_INVALID where the address cannot be listened on. */
export async function openProbes(settings: ProbeSettings): Promise<Probes> {
  const { host = "127.0.0.1", port } = settings;
  const server = createServer(LIMITS, (request, response) => void respond(settings, request, response));
  server.maxConnections = MOST_CONNECTIONS;
  server.maxHeadersCount = MOST_HEADERS;
  await listen(server, host, port);
  // What fails in one connection is that connection's.
  server.on("error", () => undefined);
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Probes and scrapes are small and quick; whoever is not is cut off. */
const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const MOST_CONNECTIONS = 64;
const MOST_HEADERS = 50;

interface Reply {
  readonly code: number;
  readonly type: string;
  readonly text: string;
  readonly allow?: string;
}

async function respond(
  settings: ProbeSettings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { code, type, text, allow } = await replyTo(settings, request);
  const body = Buffer.from(text);
  response.writeHead(code, {
    "content-type": type,
    "content-length": body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(allow === undefined ? {} : { allow }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function replyTo(settings: ProbeSettings, { method, url = "" }: IncomingMessage): Promise<Reply> {
  const answer = routes(settings).get(url.split("?", 1)[0]!);
  if (answer === undefined) return plain(404, "not found; there are /livez, /readyz and /metrics\n");
  if (method !== "GET" && method !== "HEAD") {
    return { ...plain(405, "only GET and HEAD\n"), allow: "GET, HEAD" };
  }
  try {
    return await answer();
  } catch {
    // A defect of ours; its words stay here.
    return plain(500, "the answer could not be made\n");
  }
}

function routes({ live, ready, metrics }: ProbeSettings): ReadonlyMap<string, () => Reply | Promise<Reply>> {
  return new Map<string, () => Reply | Promise<Reply>>([
    ["/livez", () => probe(live())],
    ["/readyz", () => probe(ready())],
    ["/metrics", async () => exposition(await metrics())],
  ]);
}

function probe({ ok, status, reasons }: ProbeAnswer): Reply {
  const text = `${JSON.stringify({ status, reasons })}\n`;
  return { code: ok ? 200 : 503, type: "application/json", text };
}

function exposition({ contentType, text }: { contentType: string; text: string }): Reply {
  return { code: 200, type: contentType, text };
}

function plain(code: number, text: string): Reply {
  return { code, type: "text/plain; charset=utf-8", text };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen({ host, port });
    await once(server, "listening");
  } catch (cause) {
    const code = systemCode(cause) ?? "unknown";
    throw new SpanmillError(
      "CONFIG_INVALID",
      `The probes cannot listen on ${host}, port ${port} (${code}): ${REMEDIES[code] ?? "choose another host or port"}`,
      { cause },
    );
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process has it, perhaps another worker; choose another port",
  EACCES: "this user may not use it; choose a port above 1023",
  EADDRNOTAVAIL: "no interface of this machine has that address",
  ENOTFOUND: "no such host",
};
