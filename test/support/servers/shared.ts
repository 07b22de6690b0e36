/** The broker and the Redis of the whole test run. Tests keep apart by fresh names; who breaks a server starts his own. */
import { request } from "node:http";
import { inject } from "vitest";
import type {} from "./global-setup.js";

/** One broker, started by the first who asks; or that of KAFKA_BOOTSTRAP. */
export function sharedKafka(): Promise<{ readonly bootstrap: string; readonly brokers: readonly string[] }> {
  return ask("/kafka");
}

/** One Redis without a password, or that of REDIS_URL. Others use it too: take a prefix of your own for keys. */
export function sharedRedis(): Promise<{ readonly url: string; readonly address: string }> {
  return ask("/redis");
}

/** No time limit: the first answer may have to wait for an installation. */
function ask<T>(path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    request(inject("serversUrl") + path, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part) => {
        body += part;
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(body));
        else reject(new Error(body));
      });
    })
      .once("error", reject)
      .end();
  });
}
