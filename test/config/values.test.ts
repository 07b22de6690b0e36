import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelColumn, labelMappings, modelSources } from "../../src/config/model-values.js";
import {
  choice,
  duration,
  integer,
  keyed,
  list,
  number,
  one,
  size,
  toggle,
  word,
} from "../../src/config/values.js";

describe("numbers", () => {
  it("reads whole numbers within its bounds and nothing else", () => {
    const type = integer("N", { min: -5, max: 100 });
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 1000 }), (n) => {
        expect(type.parse(String(n))).toBe(n >= -5 && n <= 100 ? n : undefined);
      }),
    );
    for (const text of ["", " ", "1.5", "1e2", "0x10", "ten", "1 2", "NaN"])
      expect(type.parse(text)).toBeUndefined();
  });

  it("reads decimal numbers, also without a leading zero", () => {
    const type = number("N", { min: 0, max: 1 });
    expect([".5", "0.25", "1", "1.0"].map(type.parse)).toEqual([0.5, 0.25, 1, 1]);
    for (const text of ["", ".", "1.01", "-0.1", "1e-1", "Infinity"])
      expect(type.parse(text)).toBeUndefined();
  });

  it("reads exponents where they are usual", () => {
    const type = number("N", { min: 1e-7, max: 1, exponent: true });
    const read = ["3e-4", "1E-7", "0.5", "1e-8", "1e", "2e0"].map(type.parse);
    expect(read).toEqual([3e-4, 1e-7, 0.5, undefined, undefined, undefined]);
  });
});

describe("units", () => {
  it("reads sizes in powers of 1024 and of 1000", () => {
    const type = size("SIZE", { min: "1", max: "1GiB" });
    const texts = ["65536", "64KiB", "64kb", "1.5 MiB", "1gib", "10B"];
    expect(texts.map(type.parse)).toEqual([65536, 65536, 64000, 1572864, 2 ** 30, 10]);
    for (const text of ["", "0", "2GiB", "MiB", "5 parsecs", "-1"]) expect(type.parse(text)).toBeUndefined();
  });

  it("reads durations as milliseconds and refuses a number without unit", () => {
    const type = duration("TIME", { min: "1ms", max: "30d" });
    expect(["250ms", "30s", "5m", "2h", "7d", "1.5s"].map(type.parse)).toEqual([
      250, 30_000, 300_000, 7_200_000, 604_800_000, 1500,
    ]);
    for (const text of ["30", "0ms", "31d", "s"]) expect(type.parse(text)).toBeUndefined();
  });
});

describe("choices and switches", () => {
  it("overlooks letter case and gives the name as declared", () => {
    expect(choice("X", ["BIO", "none"]).parse(" bio ")).toBe("BIO");
    expect(choice("X", ["BIO", "none"]).parse("BIOX")).toBeUndefined();
  });

  it("reads the usual words for on and off", () => {
    expect(["true", "YES", "on", "1"].map(toggle().parse)).toEqual([true, true, true, true]);
    expect(["false", "no", "Off", "0"].map(toggle().parse)).toEqual([false, false, false, false]);
    expect(toggle().parse("maybe")).toBeUndefined();
  });
});

describe("several values", () => {
  it("takes the last where one is wanted, and names each that is bad", () => {
    const type = one(integer("N", { min: 0, max: 9 }));
    expect(type.read(["1", "2"])).toEqual({ value: 2 });
    expect(type.read(["x", "2", "y"])).toEqual({ bad: [0, 2] });
  });

  it("cuts a list at its separator, the one of variables where there is one", () => {
    const names = list(word("NAME", "a name"), { separator: /,/, environmentSeparator: /;/ });
    expect(names.split("a, b,,c", "flag")).toEqual(["a", "b", "c"]);
    expect(names.split("a,b;c", "environment")).toEqual(["a,b", "c"]);
  });

  it("reads values by name with one for all other names", () => {
    const policy = keyed("LABEL", choice("POLICY", ["none", "hmac", "full"]), "full");
    expect(policy.read([])).toEqual({ value: { byName: new Map(), otherwise: "full" } });
    expect(policy.read(["none", "PER=hmac", "LOC=full"])).toEqual({
      value: {
        byName: new Map([
          ["PER", "hmac"],
          ["LOC", "full"],
        ]),
        otherwise: "none",
      },
    });
    expect(policy.read(["*=hmac"])).toEqual({ value: { byName: new Map(), otherwise: "hmac" } });
    expect(policy.read(["=none", "PER=", "PER=x", "full"])).toEqual({ bad: [0, 1, 2] });
  });
});

describe("modelSources", () => {
  const read = (text: string) => modelSources().read([text]);

  it.each([
    ["models/ner", undefined, "models/ner"],
    ["pos=models/pos", ["pos"], "models/pos"],
    ["pos,chunk=../x=y", ["pos", "chunk"], "../x=y"],
    ["/data/a=b/model", undefined, "/data/a=b/model"],
    ["./a=b", undefined, "./a=b"],
  ])("reads %s", (text, lenses, dir) => expect(read(text)).toEqual({ value: [{ lenses, dir }] }));

  it.each(["", "pos=", "a\0b"])("refuses %j", (text) => expect(read(text)).toEqual({ bad: [0] }));

  it("keeps the comma between lenses in a variable, where ; separates", () => {
    expect(modelSources().split("ner,pos=a;chunk=b", "environment")).toEqual(["ner,pos=a", "chunk=b"]);
    expect(modelSources().split("a;b", "flag")).toEqual(["a;b"]);
  });
});

describe("labelMappings", () => {
  const read = (text: string) => labelMappings().read(labelMappings().split(text, "flag"));

  it.each([
    ["PERSON=PER", [[undefined, "PERSON", "PER"]]],
    [
      "ner:GPE=LOC,MISC=",
      [
        ["ner", "GPE", "LOC"],
        [undefined, "MISC", undefined],
      ],
    ],
    [",=PUNCT", [[undefined, ",", "PUNCT"]]],
    ["pos::=PUNCT", [["pos", ":", "PUNCT"]]],
    [":=PUNCT", [[undefined, ":", "PUNCT"]]],
    ["-LRB-=(", [[undefined, "-LRB-", "("]]],
    ["ner:B=A=C", [["ner", "B", "A=C"]]],
  ])("reads %s", (text, expected) =>
    expect(read(text)).toEqual({ value: expected.map(([lens, from, to]) => ({ lens, from, to })) }),
  );

  it.each(["PER", "=PER"])("refuses %j", (text) => expect(read(text)).toEqual({ bad: [0] }));
});

describe("labelColumn", () => {
  it("counts from 1 and from the end, and knows two names", () => {
    expect(["1", "-1", "UPOS", "xpos"].map(labelColumn.parse)).toEqual([1, -1, "upos", "xpos"]);
    for (const text of ["0", "1.5", "", "feats", "--1"]) expect(labelColumn.parse(text)).toBeUndefined();
  });
});
