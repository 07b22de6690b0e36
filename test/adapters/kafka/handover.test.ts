import type { EachBatchPayload } from "kafkajs";
import { describe, expect, it } from "vitest";
import { createAssignment } from "../../../src/adapters/kafka/assignment.js";
import type { Desk } from "../../../src/adapters/kafka/desk.js";
import { handleBatch } from "../../../src/adapters/kafka/handover.js";
import { holdingIntake } from "../../support/holding-intake.js";

describe("a batch of a partition whose position is not known yet", () => {
  it("is passed over, and ends nothing: it comes again", async () => {
    const assignment = createAssignment();
    assignment.join("m", { t: [0] });
    const failures: unknown[] = [];
    const desk = {
      assignment,
      commits: { via: () => {} },
      phase: "running",
      draining: undefined,
      fail: (error: unknown) => void failures.push(error),
    } as unknown as Desk;
    const resolved: string[] = [];
    const payload = {
      batch: {
        topic: "t",
        partition: 0,
        highWatermark: "1",
        fetchedOffset: "0",
        messages: [{ offset: "0", key: null, value: Buffer.from("a"), headers: {}, timestamp: "0" }],
        lastOffset: () => "0",
      },
      isRunning: () => true,
      isStale: () => false,
      heartbeat: async () => {},
      resolveOffset: (offset: string) => void resolved.push(offset),
    } as unknown as EachBatchPayload;
    const intake = holdingIntake();
    await handleBatch(desk, intake, new WeakMap(), payload);
    expect(failures).toEqual([]);
    expect(intake.taken).toEqual([]);
    expect(resolved).toEqual([]);
  });
});
