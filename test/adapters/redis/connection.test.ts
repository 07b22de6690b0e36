import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addressOf, type RedisConnection } from "../../../src/adapters/redis/connection.js";
import { codeOf } from "../../../src/adapters/redis/within.js";
import { SpanmillError } from "../../../src/errors.js";
import { temporaryFolder } from "../../support/temporary.js";

const folder = temporaryFolder();
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe("an address", () => {
  it.each([
    ["redis://cache", { host: "cache", port: 6379, db: 0 }],
    ["redis://cache:7000/5", { host: "cache", port: 7000, db: 5 }],
    ["redis://[::1]:7000/", { host: "::1", port: 7000, db: 0 }],
    ["rediss://cache", { host: "cache", port: 6379, db: 0, tls: {} }],
  ])("is read from %s", (url, address) => {
    expect(addressOf({ url })).toEqual(address);
  });

  it("takes secrets and certificates from files, without the line end after them", () => {
    const connection = {
      url: "rediss://cache",
      usernameFile: file("user", "ada\n"),
      passwordFile: file("password", " canary pass \r\n"),
      tls: { caFile: file("ca", "CA\n"), certFile: file("cert", "CERT"), keyFile: file("key", "KEY") },
    };
    expect(addressOf(connection)).toMatchObject({
      username: "ada",
      password: " canary pass ",
      tls: { ca: "CA", cert: "CERT", key: "KEY" },
    });
  });
});

describe("an address that cannot be used", () => {
  const refusals: [string, RedisConnection, RegExp][] = [
    ["no URL", { url: "canary" }, /redis:\/\/host:6379/],
    ["another protocol", { url: "http://canary" }, /redis:\/\/host:6379/],
    ["no host", { url: "redis:///1" }, /redis:\/\/host:6379/],
    ["a password in the URL", { url: "redis://:canary@host" }, /put each into a file/],
    ["a user in the URL", { url: "redis://canary@host" }, /put each into a file/],
    ["a database that is no number", { url: "redis://host/canary" }, /database number/],
    ["a query", { url: "redis://host?password=canary" }, /database number/],
    [
      "a secret for the path of its file",
      { url: "redis://host", passwordFile: "canary" },
      /^redis.password-file:.*ENOENT/,
    ],
    [
      "a key for its path",
      { url: "rediss://host", tls: { keyFile: "canary" } },
      /^redis.tls.key-file:.*ENOENT/,
    ],
    [
      "an empty file",
      { url: "redis://host", passwordFile: file("empty", "\n") },
      /redis.password-file.*empty/,
    ],
    ["a user without a password", { url: "redis://host", usernameFile: file("u", "canary") }, /no password/],
    ["certificates without TLS", { url: "redis://host", tls: { caFile: file("c", "canary") } }, /rediss:/],
    [
      "a certificate without key",
      { url: "rediss://host", tls: { certFile: file("d", "canary") } },
      /its key/,
    ],
  ];

  it.each(refusals)("is refused, naming the way out and no secret: %s", (_what, connection, message) => {
    let refusal: unknown;
    try {
      addressOf(connection);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(SpanmillError);
    expect(refusal).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringMatching(message) });
    expect(String(refusal)).not.toContain("canary");
  });
});

it("a failure is known by its code alone", () => {
  const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });
  expect(codeOf(reply("OOM command not allowed when used memory > 'maxmemory'."))).toBe("OOM");
  expect(codeOf(reply("ERR unknown command 'canary', with args beginning with: 'canary'"))).toBe("ERR");
  expect(codeOf(reply("canary is no code"))).toBe("ERR");
  expect(codeOf(Object.assign(new Error("connect canary"), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
  expect(codeOf(new Error("Canary"))).toBe("CLOSED");
  expect(codeOf(undefined)).toBe("CLOSED");
});
