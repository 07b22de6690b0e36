import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
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

  describe("with dead letters", () => {
    const record = (text: string) => send("documents", text);
    const letter = (text: string) => send("dead-letters", text);
    function send(channel: "documents" | "dead-letters", text: string) {
      return { channel, key: undefined, value: Buffer.from(text), headers: [] };
    }
    const valuesIn = (path: string) =>
      readFileSync(path, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => (line.startsWith("{") ? String(Buffer.from(JSON.parse(line).value, "base64")) : line));

    it.each([
      ["by the same name", "shared.jsonl", () => {}],
      ["by another name", "./other/../shared.jsonl", (folder: string) => mkdirSync(join(folder, "other"))],
      ["by a link", "link", (folder: string) => symlinkSync("shared.jsonl", join(folder, "link"))],
    ])("in the file of the records %s keep every line", async (_, name, prepare) => {
      const folder = temporaryFolder();
      prepare(folder);
      const path = join(folder, "shared.jsonl");
      const paths = { documents: path, "dead-letters": `${folder}/${name}` };
      const sink = await openFileSink({ paths, late: "dead-letters" });
      for (let i = 0; i < 3; i++) {
        await sink.send(record(`record ${i}`));
        await sink.send(letter(`letter ${i}`));
      }
      await sink.close();
      const both = [0, 1, 2].flatMap((i) => [`record ${i}`, `letter ${i}`]);
      expect(valuesIn(path)).toEqual(both);
    });

    it("in a file of their own make it when there is one, and add to it", async () => {
      const folder = temporaryFolder();
      const paths = { documents: join(folder, "documents"), "dead-letters": join(folder, "letters") };
      for (const [text, exists] of [
        [undefined, false],
        ["a", true],
        [undefined, true],
        ["b", true],
      ] as const) {
        const sink = await openFileSink({ paths, late: "dead-letters" });
        await sink.send(record("r"));
        if (text !== undefined) await sink.send(letter(text));
        expect(existsSync(paths["dead-letters"])).toBe(exists);
        await sink.close();
      }
      expect(valuesIn(paths["dead-letters"])).toEqual(["a", "b"]);
      expect(valuesIn(paths.documents)).toEqual(["r"]);
    });
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
