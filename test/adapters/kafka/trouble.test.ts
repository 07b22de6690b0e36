import { expect, it } from "vitest";
import { brokerTrouble } from "../../../src/adapters/kafka/trouble.js";
import { testClock } from "../../support/test-clock.js";

it("knows how long ago a broker gave trouble, and what is no trouble", () => {
  const clock = testClock();
  const trouble = brokerTrouble(clock);
  const line = { level: "error", part: undefined, fields: {} } as const;
  const lane = { topic: "t", partition: 0, records: 1, attempts: 1, cause: "X" };
  trouble.client({ ...line, kind: "group-joined" });
  trouble.lane({ ...lane, kind: "split" });
  trouble.lane({ ...lane, kind: "recovered" });
  expect(trouble.age()).toBeUndefined();
  trouble.client({ ...line, kind: "connection-failed" });
  clock.pass(500);
  expect(trouble.age()).toBe(500);
  trouble.lane({ ...lane, kind: "retry" });
  expect(trouble.age()).toBe(0);
});
