/** A training that is gone on with says what the whole run came to, not this call of it. */
import { readFileSync, writeFileSync } from "node:fs";
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

it("counts the steps of all calls, and names the best epoch of them all", async () => {
  const train = [
    "train",
    join(folder, "r.yaml"),
    "--out",
    join(folder, "whole"),
    "--threads",
    "1",
    "--quiet",
  ];
  expect((await spanmill(train)).stdout).toMatch(/\(16 steps, weights of epoch [12]\)/);
  // There is nothing left to do but to write the model again.
  const again = await spanmill([...train, "--resume"]);
  expect(again.stdout).toMatch(/\(16 steps, weights of epoch [12]\)/);
  const json = JSON.parse((await spanmill([...train, "--resume", "--json"])).stdout);
  expect(json).toMatchObject({ reason: "finished", step: 16, best: { epoch: expect.any(Number) } });
});

it("names in the card the command that makes the whole again, with the threads that were given", async () => {
  const train = ["train", join(folder, "r.yaml"), "--out", join(folder, "again")];
  await spanmill([...train, "--max-steps=1", "--threads", "2"]);
  await spanmill([...train, "--resume", "--max-steps", "99", "--json"]);
  const card = readFileSync(join(folder, "again", "README.md"), "utf8");
  expect(card).toContain(`\nspanmill ${train.join(" ")} --threads 2\n`);
});

it("goes on with as many threads as the run began with", async () => {
  const train = ["train", join(folder, "r.yaml"), "--out", join(folder, "threads"), "--max-steps", "2"];
  expect((await spanmill([...train, "--threads", "3"])).status).toBe(0);
  expect(await spanmill([...train, "--resume", "--quiet"])).toMatchObject({ status: 0 });
});
