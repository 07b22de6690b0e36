/** A training that is gone on with says what the whole run came to, not this call of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { spanmill } from "../support/command.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

let folder: string;

beforeAll(() => {
  folder = temporaryFolder();
  tinyBase(join(folder, "base"));
  const journeys = Array.from({ length: 40 }, (_, i) => `${["anna", "bob"][i % 2]}\tB-PER\nran\tO\n`);
  writeFileSync(join(folder, "journeys.conll"), journeys.join("\n"));
  writeFileSync(
    join(folder, "r.yaml"),
    `{ base: base, window: 40, lenses: { ner: { types: [PER] } },
       sets: [{ files: journeys.conll, labels: { ner: }}],
       validation: [{ files: journeys.conll, labels: { ner: }}],
       training: { epochs: 2, batch-pieces: 64 } }`,
  );
});

it("goes on with as many threads as the run began with", async () => {
  const train = ["train", join(folder, "r.yaml"), "--out", join(folder, "threads"), "--max-steps", "2"];
  expect((await spanmill([...train, "--threads", "3"])).status).toBe(0);
  expect(await spanmill([...train, "--resume", "--quiet"])).toMatchObject({ status: 0 });
});
