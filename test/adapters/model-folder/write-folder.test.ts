import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { writeFolder } from "../../../src/adapters/model-folder/write-folder.js";
import { canMount } from "../../support/mounts.js";
import { temporaryFolder } from "../../support/temporary.js";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A model whose every file holds `text`. */
function model(text: string, more: Readonly<Record<string, string>> = {}): Map<string, Uint8Array> {
  const files = { "onnx/model.onnx": text, ...more };
  const manifest = JSON.stringify({
    text,
    files: Object.fromEntries(Object.keys(files).map((f) => [f, ""])),
  });
  return new Map(
    Object.entries({ ...files, "spanmill.json": manifest }).map(([file, each]) => [file, bytes(each)]),
  );
}

let parent: string;
let folder: string;
beforeEach(() => {
  parent = temporaryFolder();
  folder = join(parent, "model");
});

const read = (file: string) => readFileSync(join(folder, file), "utf8");
/** Nothing but the model is left beside it. */
const expectClean = () => expect(readdirSync(parent)).toEqual(["model"]);

describe("writing a model folder", () => {
  it("makes it, with the folders above it", async () => {
    await writeFolder(join(folder, "a", "b"), model("new"));
    expect(read("a/b/onnx/model.onnx")).toBe("new");
    expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
  });

  it("replaces a model, drops what was the old one's, and keeps what was not", async () => {
    await writeFolder(folder, model("old", { "onnx/model_int8.onnx": "old" }));
    writeFileSync(join(folder, "notes.txt"), "mine");
    mkdirSync(join(folder, "figures", "deep"), { recursive: true });
    writeFileSync(join(folder, "figures", "deep", "loss.svg"), "mine too");
    await writeFolder(folder, model("new"));
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual([
      "figures",
      "figures/deep",
      "figures/deep/loss.svg",
      "notes.txt",
      "onnx",
      "onnx/model.onnx",
      "spanmill.json",
    ]);
    expect(read("onnx/model.onnx")).toBe("new");
    expect(read("notes.txt")).toBe("mine");
    expectClean();
  });

  it("fills an empty folder, and one behind a link", async () => {
    mkdirSync(join(parent, "real"));
    symlinkSync("real", folder);
    await writeFolder(folder, model("new"));
    expect(readFileSync(join(parent, "real", "onnx", "model.onnx"), "utf8")).toBe("new");
    expect(readdirSync(parent).sort()).toEqual(["model", "real"]);
  });

  it("never replaces a folder that holds something else, or a file", async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "thesis.txt"), "mine");
    await expect(writeFolder(folder, model("new"))).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
    await expect(writeFolder(join(folder, "thesis.txt"), model("new"))).rejects.toThrow(/is a file/);
    expectClean();
  });
});

describe("writing that fails half-way", () => {
  it("leaves the old model whole, and nothing beside it", async () => {
    await writeFolder(folder, model("old"));
    // The second file cannot be written: a part of its path is the first.
    const failing = new Map([["onnx", bytes("new")], ...model("new")]);
    await expect(writeFolder(folder, failing)).rejects.toMatchObject({
      code: "OUTPUT_UNWRITABLE",
      message: expect.stringMatching(/cannot be written.*as it was$/),
    });
    expect(read("onnx/model.onnx")).toBe("old");
    expectClean();
  });

  it("tells of files that may not grow", async () => {
    await writeFolder(folder, model("old"));
    const { status, stdout } = limited("ulimit -f 8;", 100_000);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^OUTPUT_FULL .*ulimit/) });
    expect(read("onnx/model.onnx")).toBe("old");
    expectClean();
  });

  it.skipIf(!canMount())("tells of a full disk (needs the right to mount one)", async () => {
    await writeFolder(folder, model("old"));
    // A file system of 64 KB over the parent, seen by this process alone, with the old model copied into it.
    const mount = `cp -r ${parent} ${parent}.copy; mount -t tmpfs -o size=64k none ${parent}; cp -r ${parent}.copy/. ${parent};`;
    const after = `cat ${folder}/onnx/model.onnx; ls -A ${parent}; rm -r ${parent}.copy`;
    const { status, stdout } = limited(mount, 100_000, after, ["unshare", "-m"]);
    expect({ status, stdout: stdout.split("\n") }).toEqual({
      status: 0,
      stdout: [expect.stringMatching(/^OUTPUT_FULL .*no space is left.*as it was$/), "oldmodel", ""],
    });
  });

  /** Writes a model of so many bytes from a process of its own, and prints what it threw. */
  function limited(before: string, size: number, after = "true", prefix: readonly string[] = []) {
    const module = pathToFileURL(resolve("dist/src/adapters/model-folder/write-folder.js")).href;
    const script =
      `import { writeFolder } from ${JSON.stringify(module)};` +
      `const files = new Map([["spanmill.json", Buffer.from("{}")], ["onnx/model.onnx", Buffer.alloc(${size})]]);` +
      `await writeFolder(${JSON.stringify(folder)}, files).catch((e) => console.log(e.code, e.message));`;
    const command = `${before} "$0" --input-type=module -e "$1"; ${after}`;
    const [file, ...rest] = [...prefix, "bash", "-c", command, process.execPath, script];
    return spawnSync(file!, rest, { encoding: "utf8" });
  }
});
