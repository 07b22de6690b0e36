import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it } from "vitest";
import { records, spanmill, start, surfaces } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();
const MIB = 1 << 20;

function peakOf(stderr: string): number {
  return Number(/peak (\d+)\n$/.exec(stderr)![1]);
}

/** What a run takes that reads next to nothing. */
async function leastPeak(): Promise<number> {
  return peakOf(
    (await spanmill(["annotate", "--model", MODEL], { input: "Alice", preload: ["peak-memory.js"] })).stderr,
  );
}

function* repeated(text: string, bytes: number): Generator<Buffer> {
  const chunk = Buffer.from(text.repeat(Math.ceil(MIB / text.length)));
  for (let left = bytes; left > 0; left -= chunk.length) yield chunk.subarray(0, left);
}

describe("a line of 300 MB", () => {
  it("is rejected without being held, and the next one is read", async () => {
    const run = start(["annotate", "--model", MODEL, "--from", "jsonl"], { preload: ["peak-memory.js"] });
    await pipeline(
      Readable.from(
        (function* () {
          yield '{"text": "';
          yield* repeated("Alice and ", 300 * MIB);
          yield '"}\n{"text": "Bob"}\n';
        })(),
      ),
      run.process.stdin,
    );
    const { status, stdout, stderr } = await run.finished;
    expect(status).toBe(3);
    expect(records(stdout).map(surfaces)).toEqual([["Bob/PER"]]);
    expect(stderr).toContain("standard input:1: DOCUMENT_TOO_LARGE");
    expect(peakOf(stderr) - (await leastPeak())).toBeLessThan(150);
  });
});

describe("a document of 40 MB", () => {
  it("is read where the limit is raised, to its last word", async () => {
    const path = join(folder, "large.txt");
    await pipeline(
      Readable.from(repeated(`${"a line of words that are of no name at all\n".repeat(20)}\n`, 40 * MIB)),
      createWriteStream(path),
    );
    writeFileSync(path, "\n\nAlice", { flag: "a" });
    const args = ["annotate", "--model", MODEL, path];
    expect(await spanmill(args)).toMatchObject({ status: 3, stderr: expect.stringContaining("16777216") });
    const { status, stdout, stderr } = await spanmill([...args, "--max-document-size", "64MiB"]);
    expect(status, stderr).toBe(0);
    const [record] = records(stdout);
    expect(record.text_length).toBe(40 * MIB + 7);
    expect(record.coverage.truncated).toBe(false);
    expect(surfaces(record)).toEqual(["Alice/PER"]);
  });
});

describe("a stream of many documents", () => {
  it("is not held in memory", async () => {
    const path = join(folder, "many.jsonl");
    const line = `${JSON.stringify({ text: `Alice\n${" ".repeat(50_000)}` })}\n`;
    writeFileSync(path, line.repeat(6000));
    const { status, stderr } = await spanmill(["annotate", "--model", MODEL, path, "-o", "/dev/null"], {
      preload: ["peak-memory.js"],
    });
    expect(status).toBe(0);
    expect(peakOf(stderr) - (await leastPeak())).toBeLessThan(150);
  });
});
