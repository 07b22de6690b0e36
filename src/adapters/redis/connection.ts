/** Where Redis is and how to get in, as ioredis wants it. Secrets come from files; no message holds one. */
import { readFileSync } from "node:fs";
import type { RedisOptions } from "ioredis";
import { SpanmillError, systemCode } from "../../errors.js";

export interface RedisConnection {
  /** `redis://host:port/database`, or `rediss://` for TLS. Neither user nor password. */
  readonly url: string;
  readonly usernameFile?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** PEM files, for `rediss://`. Without `ca`, the certificates that Node.js trusts. */
  readonly tls?: {
    readonly caFile?: string | undefined;
    readonly certFile?: string | undefined;
    readonly keyFile?: string | undefined;
  };
}

export type RedisAddress = Pick<RedisOptions, "host" | "port" | "db" | "username" | "password" | "tls">;

/** @throws SpanmillError CONFIG_INVALID, for a URL or a file that cannot be used. */
export function addressOf(connection: RedisConnection): RedisAddress {
  const url = parse(connection.url);
  const username = textOf("redis.username-file", connection.usernameFile);
  const password = textOf("redis.password-file", connection.passwordFile);
  if (username !== undefined && password === undefined) {
    throw refused("The Redis user has no password: name the file that holds it");
  }
  if (url.protocol === "redis:" && Object.values(connection.tls ?? {}).some((file) => file !== undefined)) {
    throw refused("Certificates are named for Redis, but its URL is redis://: write rediss:// for TLS");
  }
  return {
    // Brackets are the URL's, not the address's.
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 6379 : Number(url.port),
    db: url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(url.protocol === "rediss:" ? { tls: tlsOf(connection.tls) } : {}),
  };
}

/** The URL is not quoted: people put passwords into it. */
function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "" || !["redis:", "rediss:"].includes(url.protocol)) {
    throw refused(
      "The Redis URL is not understood: it looks like redis://host:6379/0, with rediss:// for TLS",
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw refused("The Redis URL holds a user or a password: put each into a file and name the files");
  }
  if (!/^\/?\d*$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw refused("The Redis URL has more than a database number after the host: redis://host:6379/0");
  }
  return url;
}

function tlsOf(files: RedisConnection["tls"] = {}): NonNullable<RedisOptions["tls"]> {
  const ca = textOf("redis.tls.ca-file", files.caFile);
  const cert = textOf("redis.tls.cert-file", files.certFile);
  const key = textOf("redis.tls.key-file", files.keyFile);
  if ((cert === undefined) !== (key === undefined)) {
    throw refused("A client certificate for Redis needs its key, and a key its certificate: name both files");
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/**
 * A file's text, without the line end that editors and `echo` leave. The setting's value is not repeated: who mistakes it
 * may have put the secret itself where its path belongs.
 */
function textOf(setting: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw refused(
      `${setting}: the file cannot be read (${systemCode(cause) ?? "unknown error"}). The setting wants a path.`,
    );
  }
  if (text === "") throw refused(`${setting}: the file is empty`);
  return text;
}

function refused(message: string): SpanmillError {
  return new SpanmillError("CONFIG_INVALID", message);
}
