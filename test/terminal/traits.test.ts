import { describe, expect, it } from "vitest";
import { canRedraw, type Environment, terminalTraits } from "../../src/terminal/traits.js";

const tty = { isTTY: true, columns: 100 };
const file = {};

describe("colour", () => {
  it.each<[string, object, Environment, string]>([
    ["a file", file, { TERM: "xterm-256color" }, "none"],
    ["a terminal of unknown kind", tty, {}, "16"],
    ["xterm", tty, { TERM: "xterm" }, "16"],
    ["256 colours", tty, { TERM: "screen-256color" }, "256"],
    ["COLORTERM", tty, { TERM: "xterm", COLORTERM: "truecolor" }, "truecolor"],
    ["kitty", tty, { TERM: "xterm-kitty" }, "truecolor"],
    ["dumb", tty, { TERM: "dumb", COLORTERM: "truecolor" }, "none"],
    ["NO_COLOR", tty, { TERM: "xterm", NO_COLOR: "1" }, "none"],
    ["an empty NO_COLOR", tty, { TERM: "xterm", NO_COLOR: "" }, "16"],
    ["FORCE_COLOR into a file", file, { FORCE_COLOR: "" }, "16"],
    ["FORCE_COLOR over NO_COLOR", file, { FORCE_COLOR: "1", NO_COLOR: "1" }, "16"],
    ["FORCE_COLOR as a floor", file, { FORCE_COLOR: "1", TERM: "xterm-256color" }, "256"],
    ["FORCE_COLOR=3", file, { FORCE_COLOR: "3", TERM: "xterm" }, "truecolor"],
    ["FORCE_COLOR=0", tty, { FORCE_COLOR: "0", TERM: "xterm" }, "none"],
    ["FORCE_COLOR=false", tty, { FORCE_COLOR: "false", TERM: "xterm" }, "none"],
    ["FORCE_COLOR on dumb", tty, { FORCE_COLOR: "true", TERM: "dumb" }, "16"],
  ])("%s", (_, stream, env, color) => {
    expect(terminalTraits(stream, env).color).toBe(color);
  });
});

describe("width", () => {
  it.each<[object, Environment, number]>([
    [{ isTTY: true, columns: 31 }, { COLUMNS: "90" }, 31],
    [{ isTTY: true, columns: 0 }, {}, 80],
    [file, { COLUMNS: "90" }, 90],
    [file, { COLUMNS: "wide" }, 80],
    [file, {}, 80],
  ])("of %j with %j is %i", (stream, env, width) => {
    expect(terminalTraits(stream, env).width).toBe(width);
  });
});

describe("unicode", () => {
  it.each<[Environment, boolean]>([
    [{}, true],
    [{ LANG: "en_US.UTF-8" }, true],
    [{ LANG: "C.utf8" }, true],
    [{ LANG: "de_DE" }, true],
    [{ LANG: "en_US.ISO-8859-1" }, false],
    [{ LANG: "en_US.UTF-8", LC_ALL: "C" }, false],
    [{ LC_ALL: "", LANG: "en_GB.UTF-8@euro" }, true],
    [{ TERM: "linux", LANG: "en_US.UTF-8" }, false],
  ])("with %j is %s", (env, unicode) => {
    expect(terminalTraits(tty, env).unicode).toBe(unicode);
  });
});

it("a line is drawn again only on a terminal that can erase", () => {
  expect([canRedraw(tty, {}), canRedraw(tty, { TERM: "dumb" }), canRedraw(file, {})]).toEqual([
    true,
    false,
    false,
  ]);
});
