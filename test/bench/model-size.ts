/** What the model adds to a download, an image and a repository. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./harness.js";

export const bench: Bench = {
  question: "the size of the model folder, file by file (a MB is a million bytes)",
  missing: () => undefined,
  async run({ model }, report) {
    const sizes = readdirSync(model, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => ({ name: path.slice(model.length + 1), size: statSync(path).size / 1e6 }));
    for (const { name, size } of sizes) report({ name, unit: "MB", values: [size] });
    const all = sizes.reduce((sum, { size }) => sum + size, 0);
    report({ name: "all of the folder", unit: "MB", values: [all], aim: "at most 25" });
  },
};
