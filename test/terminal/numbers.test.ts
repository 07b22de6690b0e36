import { expect, it } from "vitest";
import { clock, compact, counted, elapsed, grouped, rate } from "../../src/terminal/numbers.js";

it("groups thousands", () => {
  expect([0, 999, 1240, 1234567].map(grouped)).toEqual(["0", "999", "1 240", "1 234 567"]);
  expect([counted(1, "word"), counted(0, "word"), counted(1500, "word")]).toEqual([
    "1 word",
    "0 words",
    "1 500 words",
  ]);
});

it("shortens large numbers", () => {
  expect([9999, 9999.6, 12_400, 999_949, 999_950, 1_200_000, 3.14e9, 5e15].map(compact)).toEqual([
    "9 999",
    "10.0 k",
    "12.4 k",
    "999.9 k",
    "1.0 M",
    "1.2 M",
    "3.1 G",
    "5000.0 T",
  ]);
});

it("gives rates the digits that mean something", () => {
  expect([0, 0.42, 0.996, 5.23, 9.96, 1240.4].map(rate)).toEqual([
    "0.0",
    "0.42",
    "1.0",
    "5.2",
    "10",
    "1 240",
  ]);
});

it("writes times", () => {
  expect([0, 21.4, 59.6, 3723].map(clock)).toEqual(["0:00", "0:21", "1:00", "1:02:03"]);
  expect([0.848, 9.996, 12.44, 59.96].map(elapsed)).toEqual(["0.85 s", "10.0 s", "12.4 s", "1:00"]);
});
