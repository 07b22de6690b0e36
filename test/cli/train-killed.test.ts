/** A training that is killed and gone on with makes the very model that it would have made. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { spanmill, start } from "../support/command.js";
import { EDITS, type Edit, editMark } from "../support/fault/edits.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

let folder: string;
let data: string;

beforeAll(() => {
  folder = temporaryFolder();
  tinyBase(join(folder, "base"));
  data = join(folder, "journeys.conll");
  const journeys = Array.from({ length: 300 }, (_, i) => {
    const [person, place] = [["anna", "bob", "clara"][i % 3]!, ["rome", "oslo", "lima", "bern"][i % 4]!];
    return `${i % 10 === 0 ? `# doc = ${i}\n` : ""}${person}\tB-PER\nwent\tO\nto\tO\n${place}\tB-LOC\n.\tO\n`;
  });
  writeFileSync(data, journeys.join("\n"));
});

/** A recipe whose epochs are long against its checkpoints, with dropout. */
function recipe(name: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(
    path,
    `{ base: base, output: ${name}, window: 40, lenses: { ner: { types: [PER, LOC] } },
       sets: [{ files: journeys.conll, labels: { ner: { column: -1 } } }],
       validation: [{ files: journeys.conll, labels: { ner: { column: -1 } } }],
       training: { epochs: 2, batch-pieces: 64, rate: 5e-3, dropout: 0.2, averaged: 0.3, checkpoint-every: 7 } }`,
  );
  return path;
}

/** All files of the model but the card, which names the command. */
function bytesOf(name: string): Record<string, string> {
  const root = join(folder, name);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== "README.md" && entry.name !== "spanmill.json",
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name)).toString("base64")]),
  );
}

/** So that the signal comes before the last step. */
const SLOW_STEPS: Edit = {
  file: "src/training/epochs.js",
  find: "takeAverage(run, total);",
  put: "takeAverage(run, total); await new Promise((go) => setTimeout(go, 100));",
};

describe("a training that is ended from outside", () => {
  const train = (name: string, ...more: string[]) => ["train", recipe(name), "--threads", "1", ...more];

  it("goes on after kill -9 in the middle of an epoch, and after Ctrl-C, to the same bytes", async () => {
    expect((await spanmill(train("whole", "--quiet"))).status).toBe(0);

    for (const signal of ["SIGKILL", "SIGINT"] as const) {
      const name = signal.toLowerCase();
      const log = join(folder, `${name}.run`, "log.jsonl");
      const first = start(train(name), {
        preload: ["fault/edit-source.js"],
        env: { [EDITS]: JSON.stringify([SLOW_STEPS]) },
      });
      await stepsIn(log, 20);
      first.process.kill(signal);
      const { status, stderr } = await first.finished;
      expect(stderr).toContain(editMark(SLOW_STEPS));
      expect(status).toBe(signal === "SIGKILL" ? 137 : 130);
      if (signal === "SIGINT") expect(stderr).toContain("--resume");
      expect((await spanmill(train(name, "--resume", "--quiet"))).status).toBe(0);
      expect(bytesOf(name)).toEqual(bytesOf("whole"));
    }
  }, 180_000);
});

describe("a training of two threads", () => {
  it("goes on after kill -9 to the same best weights, to the last bit", async () => {
    const train = (name: string, ...more: string[]) => ["train", recipe(name), "--threads", "2", ...more];
    expect((await spanmill(train("two", "--quiet"))).status).toBe(0);
    const first = start(train("killed"));
    await stepsIn(join(folder, "killed.run", "log.jsonl"), 20);
    first.process.kill("SIGKILL");
    expect((await first.finished).status).toBe(137);
    expect((await spanmill(train("killed", "--resume", "--quiet"))).status).toBe(0);
    const best = (name: string) => readFileSync(join(folder, `${name}.run`, "best.safetensors"));
    expect(best("killed").equals(best("two"))).toBe(true);
  }, 180_000);
});

/** Asks the log, which grows by a line a step. */
async function stepsIn(log: string, wanted: number): Promise<void> {
  for (;;) {
    let text = "";
    try {
      text = readFileSync(log, "utf8");
    } catch {
      // Not begun yet.
    }
    if ((text.match(/"kind":"step"/g)?.length ?? 0) >= wanted) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
