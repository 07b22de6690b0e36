/** How much of a pass the int8 products of matrices are: what no work around them can take away. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT_IN_MODEL } from "../../src/adapters/model-folder/built-in.js";
import { readModelFolder } from "../../src/adapters/model-folder/folder.js";
import { openGraphSession } from "../../src/adapters/onnx/graph-session.js";
import type { Bench } from "./harness.js";

const LENGTHS = [16, 64, 128] as const;
/** As ONNX Runtime calls them once it has fused what the file says. */
const PRODUCTS = new Set(["DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulInteger"]);

export const bench: Bench = {
  question:
    "the int8 products of a pass against the whole pass, the built-in model, by the runtime's own profile",
  missing: () => undefined,
  async run({ rounds, scale }, report) {
    const { manifest } = await readModelFolder({ directory: BUILT_IN_MODEL, dtype: "auto" });
    const onnx = readFileSync(join(manifest.directory, manifest.onnxFile));
    for (const length of LENGTHS) {
      const shares: number[] = [];
      for (let round = 0; round < rounds; round++) {
        shares.push(await shareOfProducts(onnx, length, Math.ceil((16_384 * scale) / length)));
      }
      report({
        name: `windows of ${length} pieces: products / pass`,
        unit: "",
        values: shares,
        aim: "at least 0.8",
      });
    }
  },
};

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

async function shareOfProducts(onnx: Uint8Array, length: number, windows: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "spanmill-bench-"));
  try {
    const session = await openGraphSession(onnx, { threads: 1, profile: join(folder, "profile") });
    const shape = [1, length];
    const of = (number: (i: number) => number) => ({
      shape,
      data: BigInt64Array.from({ length }, (_, i) => BigInt(number(i))),
    });
    const feeds = {
      input_ids: of((i) => 1000 + ((i * 7919) % 25_000)),
      attention_mask: of(() => 1),
      token_type_ids: of((i) => i % 12),
    };
    for (let i = 0; i < windows; i++) await session.run(feeds);
    await session.release();
    const events = readdirSync(folder).flatMap(
      (file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as ProfileEvent[],
    );
    const sum = (wanted: (event: ProfileEvent) => boolean) =>
      events.filter(wanted).reduce((total, { dur }) => total + dur, 0);
    return (
      sum(({ cat, args }) => cat === "Node" && PRODUCTS.has(args?.op_name ?? "")) /
      sum(({ name }) => name === "model_run")
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
