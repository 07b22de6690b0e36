import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFileSink } from "../../../src/adapters/files/message-sink.js";
import { sinkContract } from "../../contract/sink.js";
import { temporaryFolder } from "../../support/temporary.js";

const folder = temporaryFolder();
let opened = 0;

sinkContract({
  name: "files",
  keepsKeys: false,
  keepsHeaders: false,
  keepsTombstones: false,
  async open() {
    const path = (channel: string) => join(folder, `${channel}-${opened}.jsonl`);
    opened++;
    const paths = { documents: path("documents"), entities: path("entities") };
    return {
      sink: await openFileSink({ paths }),
      async read(channel) {
        const content = readFileSync(paths[channel as keyof typeof paths], "utf8");
        return content
          .split("\n")
          .slice(0, -1)
          .map((line) => ({ value: Buffer.from(line) }));
      },
    };
  },
});

describe("files as a sink", () => {
  it("keep all of a dead letter, and no line of a tombstone", async () => {
    const path = join(folder, "both.jsonl");
    const sink = await openFileSink({ paths: { documents: path, "dead-letters": path } });
    const headers = [["spanmill.error-code", "DOCUMENT_NOT_JSON"]] as const;
    const value = Buffer.from([0, 255, 10]);
    await sink.send({ channel: "documents", key: Buffer.from("k"), value: undefined, headers: [] });
    await sink.send({ channel: "dead-letters", key: undefined, value, headers });
    await sink.close();
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ key: null, value: "AP8K", headers });
  });

  it("that cannot be written reject, by their own code", async () => {
    await expect(
      openFileSink({ paths: { documents: join(folder, "no", "such", "f") } }),
    ).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
    });
    const full = await openFileSink({ paths: { documents: "/dev/full" } });
    const message = { channel: "documents" as const, key: undefined, value: Buffer.from("{}"), headers: [] };
    await expect(full.send(message)).rejects.toMatchObject({ code: "OUTPUT_FULL" });
    await expect(full.send(message)).rejects.toMatchObject({ code: "OUTPUT_FULL" });
  });
});
