import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  openProbes,
  type ProbeAnswer,
  type ProbeSettings,
  type Probes,
} from "../../../src/adapters/http/server.js";

const OK: ProbeAnswer = { ok: true, status: "ok", reasons: [] };
const opened: Probes[] = [];

afterEach(async () => {
  for (const probes of opened.splice(0)) await probes.close();
});

async function open(changes: Partial<ProbeSettings> = {}): Promise<Probes> {
  const probes = await openProbes({
    port: 0,
    live: () => OK,
    ready: () => OK,
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "a_total 1\n" }),
    ...changes,
  });
  opened.push(probes);
  return probes;
}

async function ask({ port }: Probes, path: string, method = "GET") {
  const asked = request({ host: "127.0.0.1", port, path, method, agent: false }).end();
  const [response] = await once(asked, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return { code: response.statusCode as number, headers: response.headers, text };
}

/** Sends bytes as they are, and reads until the connection ends. */
async function raw({ port }: Probes, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.on("error", () => undefined);
  await once(socket, "close");
  return text;
}

describe("the probes", () => {
  it("answer 200, or 503 with the reasons", async () => {
    let answer = OK;
    const probes = await open({ ready: () => answer });
    expect(await ask(probes, "/readyz")).toMatchObject({ code: 200, text: '{"status":"ok","reasons":[]}\n' });
    answer = { ok: true, status: "degraded", reasons: ["redis-away"] };
    expect((await ask(probes, "/readyz?verbose=1")).code).toBe(200);
    answer = { ok: false, status: "not-ready", reasons: ["draining"] };
    const { code, text } = await ask(probes, "/readyz");
    expect([code, JSON.parse(text)]).toEqual([503, { status: "not-ready", reasons: ["draining"] }]);
    expect((await ask(probes, "/livez")).code).toBe(200);
  });

  it("hand out the metrics as they are", async () => {
    const { code, headers, text } = await ask(await open(), "/metrics");
    expect([code, headers["content-type"], text]).toEqual([200, "text/plain; version=0.0.4", "a_total 1\n"]);
  });

  it("answer HEAD without a body, and no other method or path", async () => {
    const probes = await open();
    const head = await ask(probes, "/livez", "HEAD");
    expect([head.code, head.text, head.headers["content-length"]]).toEqual([200, "", "29"]);
    const post = await ask(probes, "/metrics", "POST");
    expect([post.code, post.headers.allow]).toEqual([405, "GET, HEAD"]);
    expect((await ask(probes, "/")).code).toBe(404);
    expect((await ask(probes, "/livez/", "DELETE")).code).toBe(404);
  });

  it("keep the words of a failure to themselves", async () => {
    const broken = () => {
      throw new Error("zqxcanary");
    };
    const probes = await open({ live: broken, metrics: async () => broken() });
    for (const path of ["/livez", "/metrics"]) {
      const { code, text } = await ask(probes, path);
      expect([code, text]).toEqual([500, "the answer could not be made\n"]);
    }
  });

  it("refuse headers without end", async () => {
    const text = await raw(
      await open(),
      `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 431 /);
  });

  it("cut off who does not finish the question", async () => {
    const text = await raw(await open(), "GET /livez HTTP/1.1\r\nHost: a\r\n");
    expect(text).toMatch(/^HTTP\/1.1 408 /);
  }, 60_000);

  it("close at once, whoever is still being answered or idle", async () => {
    let asked!: () => void;
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const probes = await open({
      metrics: () => {
        asked();
        return new Promise(() => {});
      },
    });
    const idle = connect(probes.port, "127.0.0.1");
    await once(idle, "connect");
    const cut = ask(probes, "/metrics").catch((error: Error) => error);
    await isAsked;
    await probes.close();
    expect(await cut).toBeInstanceOf(Error);
    await expect(ask(probes, "/livez")).rejects.toThrow("ECONNREFUSED");
    idle.destroy();
  });

  it("are heard on the loopback alone, unless told otherwise", async () => {
    expect((await open()).host).toBe("127.0.0.1");
    const { port } = await open();
    await expect(once(connect(port, "127.0.0.2"), "connect")).rejects.toThrow("ECONNREFUSED");
  });

  it("say which address they cannot have, and what to do", async () => {
    const { port } = await open();
    await expect(open({ port })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: `The probes cannot listen on 127.0.0.1, port ${port} (EADDRINUSE): another process has it, perhaps another worker; choose another port`,
    });
    await expect(open({ host: "192.0.2.1" })).rejects.toThrow("no interface of this machine");
  });
});
