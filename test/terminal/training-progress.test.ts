import { describe, expect, it } from "vitest";
import { type TrainingProgressOptions, trainingProgress } from "../../src/terminal/training-progress.js";

const ERASE = "\r\u001b[2K";

function start(options: Partial<TrainingProgressOptions> = {}) {
  const time = { ms: 5_000 };
  const written: string[] = [];
  const line = trainingProgress({
    write: (text) => written.push(text),
    clock: { now: () => time.ms },
    traits: { color: "none", width: 100, unicode: true },
    redraw: true,
    quiet: false,
    epochs: 4,
    ...options,
  });
  const step = (afterMs: number, step: number, loss = 0.5) => {
    time.ms += afterMs;
    line.step({ step, steps: 2000, epoch: 2, loss, pieces: 700 });
  };
  return { step, line, written };
}

describe("on a terminal", () => {
  it("shows share, epoch, step, loss, rate and the time left", () => {
    const { step, written } = start();
    for (let i = 1; i <= 200; i++) step(500, i);
    expect(written.at(-1)).toBe(
      `${ERASE}10 %  epoch 2/4 · step 200/2 000 · loss 0.5000 · 1 400 pieces/s · 15:00 left`,
    );
  });

  it("smooths the loss, from its first value on", () => {
    const { step, written } = start();
    step(500, 1, 4);
    expect(written.at(-1)).toContain("loss 4.0000");
    for (let i = 2; i <= 400; i++) step(500, i, i % 2);
    expect(written.at(-1)).toMatch(/loss 0\.(49|50)/);
  });

  it("counts the time left from where a run goes on", () => {
    const { step, written } = start();
    step(1000, 1001);
    expect(written.at(-1)).toBe(
      `${ERASE}50 %  epoch 2/4 · step 1 001/2 000 · loss 0.5000 · 700 pieces/s · 16:39 left`,
    );
  });

  it("drops what is least needed where the terminal is narrow", () => {
    const { step, written } = start({ traits: { color: "none", width: 30, unicode: false } });
    step(1000, 1);
    expect(written.at(-1)).toBe(`${ERASE} 0 %  , loss 0.5000`);
  });

  it("writes the scores of an epoch above the line", () => {
    const { step, line, written } = start();
    step(1000, 1);
    line.epoch({
      epoch: 1,
      best: true,
      scores: [
        { set: "dev", lens: "ner", f1: 0.93456 },
        { set: "d2", lens: "pos", f1: 0.97 },
      ],
    });
    expect(written.slice(1)).toEqual([ERASE, "epoch 1: ner 93.46 (dev) · pos 97.00 (d2) · best so far\n"]);
    line.epoch({ epoch: 2, best: true, scores: [] });
    expect(written.at(-1)).toBe("epoch 2: done\n");
  });
});

describe("elsewhere", () => {
  it("writes a plain line every ten seconds", () => {
    const { step, written } = start({ redraw: false });
    for (let i = 1; i <= 50; i++) step(500, i);
    expect(written).toHaveLength(2);
    expect(written[0]).toBe(" 1 %  epoch 2/4 · step 20/2 000 · loss 0.5000 · 1 400 pieces/s · 16:30 left\n");
  });

  it("is silent where that is asked", () => {
    const { step, line, written } = start({ quiet: true });
    step(60_000, 1);
    line.epoch({ epoch: 1, scores: [], best: true });
    line.clear();
    expect(written).toEqual([]);
  });
});
