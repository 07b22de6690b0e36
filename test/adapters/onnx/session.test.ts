/** What the session of an encoder feeds to a graph. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { switchOffTelemetry } from "../../../src/adapters/threads/telemetry.js";
import { lookupModel } from "../../support/onnx.js";
import { temporaryFolder } from "../../support/temporary.js";

switchOffTelemetry();
const { openSession } = await import("../../../src/adapters/onnx/session.js");

describe.each(["int32", "int64"] as const)("token types in a graph that reads %s", (idType) => {
  it("are those given with the window, and zeros where there are none, whatever was fed before", async () => {
    const file = join(temporaryFolder(), "model.onnx");
    const [pieces, types] = [
      [[10], [20], [30]],
      [[1], [2], [3]],
    ];
    writeFileSync(file, lookupModel(pieces!, types, idType));
    const session = await openSession(file, { prefix: [], suffix: [] });
    const logits = async (ids: number[], tokenTypes?: number[]) => [
      ...(await session.run(ids, tokenTypes)).get("logits")!,
    ];
    expect(await logits([0, 1, 2])).toEqual([11, 21, 31]);
    expect(await logits([0, 1, 2], [0, 1, 2])).toEqual([11, 22, 33]);
    expect(await logits([2, 1, 0], [1, 1, 2])).toEqual([32, 22, 13]);
    expect(await logits([2, 1, 0])).toEqual([31, 21, 11]);
    await session.release();
  });
});
