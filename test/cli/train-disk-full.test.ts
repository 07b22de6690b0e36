/** A disk that runs full under a training is told of, and the last whole checkpoint is gone on from. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MAIN, spanmill } from "../support/command.js";
import { canMount } from "../support/mounts.js";
import { temporaryFolder } from "../support/temporary.js";
import { tinyBase } from "../support/tiny-base.js";

it.skipIf(!canMount())(
  "a checkpoint that finds no room ends the training, and the one before it is whole",
  async () => {
    const folder = temporaryFolder();
    tinyBase(join(folder, "base"));
    const journeys = Array.from({ length: 60 }, (_, i) => `${["anna", "bob"][i % 2]}\tB-PER\nran\tO\n`).join(
      "\n",
    );
    writeFileSync(join(folder, "journeys.conll"), journeys);
    const recipe = join(folder, "recipe.yaml");
    writeFileSync(
      recipe,
      `{ base: base, output: made, window: 40, lenses: { ner: { types: [PER] } },
       sets: [{ files: journeys.conll, labels: { ner: { column: -1 } } }],
       training: { epochs: 4, batch-pieces: 64, checkpoint-every: 3 } }`,
    );
    const [run, saved] = [join(folder, "run"), join(folder, "saved")];
    mkdirSync(run);
    // Room for one checkpoint and a part of the next, seen by this process alone; what is left is copied out of it.
    const script = `mount -t tmpfs -o size=160k none ${run}; "${process.execPath}" "${MAIN}" train ${recipe} --threads 1 --run-dir ${run}; status=$?; cp -r ${run} ${saved}; exit $status`;
    const full = spawnSync("unshare", ["-m", "bash", "-c", script], { encoding: "utf8" });
    expect(full.stderr).toMatch(/checkpoint-\d+\.safetensors cannot be written \(ENOSPC\): make room/);
    expect(full.status).toBe(6);
    expect(readdirSync(saved).filter((name) => name.startsWith("checkpoint-"))).toEqual([
      expect.stringMatching(/^checkpoint-\d+\.safetensors$/),
    ]);
    const resumed = await spanmill(["train", recipe, "--threads", "1", "--run-dir", saved, "--resume"]);
    expect(resumed).toMatchObject({ status: 0, stdout: expect.stringContaining("the model is in") });
  },
  120_000,
);
