import { describe, expect, it } from "vitest";
import { type ProgressOptions, progress } from "../../src/terminal/progress.js";

const ERASE = "\r\u001b[2K";

function start(options: Partial<ProgressOptions> = {}) {
  const time = { ms: 5_000 };
  const written: string[] = [];
  const line = progress({
    write: (text) => written.push(text),
    clock: { now: () => time.ms },
    traits: { color: "none", width: 100, unicode: true },
    redraw: true,
    quiet: false,
    totals: {},
    ...options,
  });
  const tick = (afterMs: number, documents: number, more = {}) => {
    time.ms += afterMs;
    line.tick({ documents, bytes: documents * 100, spans: documents * 10, rejected: 0, ...more });
  };
  return { tick, clear: line.clear, written };
}

describe("on a terminal", () => {
  it("shows share, documents, rates, rejected documents and the time left", () => {
    const { tick, written } = start({ totals: { documents: 2_800_000, bytes: 280_000_000 } });
    for (let second = 0; second < 970; second++) tick(1000, 1240 * (second + 1), { rejected: 2 });
    expect(written.at(-1)).toBe(
      `${ERASE}42 %  1.2 M/2.8 M docs · 1 240/s · 12.4 k spans/s · 2 rejected · 21:28 left`,
    );
  });

  it("draws at most five times a second", () => {
    const { tick, written } = start();
    for (let i = 0; i < 1000; i++) tick(1, i);
    expect(written.length).toBe(5);
  });

  it("measures the last ten seconds, not the whole run", () => {
    const { tick, written } = start({ totals: { documents: 11_000 } });
    for (let i = 1; i <= 100; i++) tick(1000, i * 100);
    for (let i = 1; i <= 10; i++) tick(1000, 10_000 + i * 10);
    expect(written.at(-1)).toBe(`${ERASE}91 %  10.1 k/11.0 k docs · 10/s · 100 spans/s · 1:30 left`);
  });

  it("shows the time passed where the total is not known", () => {
    const { tick, written } = start();
    tick(2000, 10);
    expect(written).toEqual([`${ERASE}10 docs · 5.0/s · 50 spans/s · 0:02`]);
  });

  it("takes the share of bytes where documents are not counted beforehand", () => {
    const { tick, written } = start({ totals: { bytes: 4000 } });
    tick(1000, 10);
    expect(written).toEqual([`${ERASE}25 %  10 docs · 10/s · 100 spans/s · 0:03 left`]);
  });

  it("says nothing of the time left while nothing moves", () => {
    const { tick, written } = start({ totals: { bytes: 4000 } });
    tick(1000, 0);
    expect(written).toEqual([`${ERASE} 0 %  0 docs · 0.0/s · 0.0 spans/s`]);
  });

  it("leaves out what matters least on a narrow terminal", () => {
    const narrow = (width: number) => {
      const { tick, written } = start({
        totals: { bytes: 4000 },
        traits: { color: "none", width, unicode: false },
      });
      tick(1000, 10, { rejected: 3 });
      return written[0]!.slice(ERASE.length);
    };
    expect([60, 45, 37, 28, 12, 4].map(narrow)).toEqual([
      "25 %  10 docs, 10/s, 100 spans/s, 3 rejected, 0:03 left",
      "25 %  10 docs, 10/s, 3 rejected, 0:03 left",
      "25 %  10 docs, 3 rejected, 0:03 left",
      "25 %  10 docs, 0:03 left",
      "25 %  ",
      "25 ",
    ]);
  });

  it("is erased once before other output and drawn again afterwards", () => {
    const { tick, clear, written } = start();
    clear();
    tick(1000, 1);
    clear();
    clear();
    tick(1000, 2);
    expect(written.map((text) => text === ERASE)).toEqual([false, true, false]);
  });

  it("does not mistake a total that the caller goes on counting for an old one", () => {
    const { written } = start();
    const counts = { documents: 0, bytes: 0, spans: 0, rejected: 0 };
    let now = 0;
    const line = progress({
      write: (text) => written.push(text),
      clock: { now: () => now },
      traits: { color: "none", width: 100, unicode: true },
      redraw: true,
      quiet: false,
      totals: {},
    });
    for (; now < 60_000; now += 1000) {
      line.tick(counts);
      counts.documents += 50;
    }
    expect(written.at(-1)).toContain(" · 50/s · ");
  });
});

describe("elsewhere", () => {
  it("writes a plain line every ten seconds, and none for a shorter run", () => {
    const { tick, clear, written } = start({ redraw: false });
    for (let i = 1; i <= 99; i++) tick(100, i);
    expect(written).toEqual([]);
    for (let i = 100; i <= 299; i++) tick(100, i);
    clear();
    expect(written).toEqual([
      "100 docs · 10/s · 100 spans/s · 0:10\n",
      "200 docs · 10/s · 100 spans/s · 0:20\n",
    ]);
  });
});

it("quiet writes nothing", () => {
  const { tick, clear, written } = start({ quiet: true });
  tick(60_000, 5);
  clear();
  expect(written).toEqual([]);
});
