import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BreakerState, breaker } from "../../../src/adapters/redis/breaker.js";
import { testClock } from "../../support/test-clock.js";

function open() {
  const clock = testClock();
  const states: BreakerState[] = [];
  const tested = breaker({
    clock,
    failures: 3,
    windowMs: 1_000,
    firstWaitMs: 100,
    longestWaitMs: 400,
    onState: (state) => states.push(state),
  });
  /** @returns whether it could be asked. */
  const ask = (succeeded: boolean) => {
    const admits = tested.admits();
    const leave = tested.enter();
    expect(leave !== undefined).toBe(admits);
    leave?.(succeeded);
    return leave !== undefined;
  };
  const fail = () => ask(false);
  return { ...tested, ...clock, states, ask, fail };
}

describe("a breaker", () => {
  it("opens after so many failures within the window, successes between them or not", () => {
    const { fail, ask, state, enter } = open();
    fail();
    ask(true);
    fail();
    expect(state()).toBe("closed");
    fail();
    expect(state()).toBe("open");
    expect(enter()).toBeUndefined();
  });

  it("forgets failures that are older than the window", () => {
    const { fail, pass, state } = open();
    fail();
    fail();
    pass(1_001);
    fail();
    fail();
    expect(state()).toBe("closed");
    fail();
    expect(state()).toBe("open");
  });

  it("lets one ask after the wait, and none beside it", () => {
    const { fail, pass, enter, state } = open();
    for (let i = 0; i < 3; i++) fail();
    pass(99);
    expect(enter()).toBeUndefined();
    pass(1);
    const leave = enter();
    expect(leave).toBeDefined();
    expect(state()).toBe("half_open");
    expect(enter()).toBeUndefined();
    leave!(true);
    expect(state()).toBe("closed");
    expect(enter()).toBeDefined();
  });

  it("waits twice as long after each probe that failed, up to a limit, and from the start after a good while", () => {
    const { fail, pass, ask, state, enter } = open();
    const waited = () => {
      let waited = 0;
      for (; enter() === undefined; waited += 10) pass(10);
      return waited;
    };
    for (let i = 0; i < 3; i++) fail();
    for (const wait of [100, 200, 400, 400]) {
      pass(wait - 1);
      expect(enter()).toBeUndefined();
      pass(1);
      expect(fail()).toBe(true);
      expect(state()).toBe("open");
    }
    pass(400);
    expect(ask(true)).toBe(true);
    pass(1_001);
    for (let i = 0; i < 3; i++) fail();
    expect(waited()).toBe(100);
  });

  it("keeps on waiting longer where a probe goes well and nothing after it", () => {
    const { fail, pass, ask, enter } = open();
    for (let i = 0; i < 3; i++) fail();
    pass(100);
    ask(true);
    for (let i = 0; i < 3; i++) fail();
    pass(199);
    expect(enter()).toBeUndefined();
    pass(1);
    expect(enter()).toBeDefined();
  });

  it("takes no news from who entered before it changed", () => {
    const { fail, pass, enter, state } = open();
    const [late, later] = [enter()!, enter()!];
    for (let i = 0; i < 3; i++) fail();
    late(true);
    expect(state()).toBe("open");
    pass(100);
    const probe = enter()!;
    later(true);
    late(false);
    expect(state()).toBe("half_open");
    probe(true);
    expect(state()).toBe("closed");
  });

  it("never asks more often than its failures and its waits allow, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 }), { maxLength: 300 }), (pauses) => {
        const { fail, pass, now } = open();
        let asked = 0;
        for (const pause of pauses) {
          if (fail()) asked++;
          pass(pause);
        }
        expect(asked).toBeLessThanOrEqual(3 + now() / 100 + 1);
      }),
    );
  });

  it("tells every change of state once", () => {
    const { fail, pass, ask, states } = open();
    for (let i = 0; i < 5; i++) fail();
    pass(100);
    fail();
    pass(200);
    ask(true);
    ask(true);
    expect(states).toEqual(["open", "half_open", "open", "half_open", "closed"]);
  });
});
