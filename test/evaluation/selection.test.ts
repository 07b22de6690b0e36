import { describe, expect, it } from "vitest";
import { type Selection, selectSpans, selectTags } from "../../src/evaluation/selection.js";

const list = (text: string) => text.split(" ");
/** `A=B,C=` and `A,B`, as on the command line. */
const selection = (map: string, keep?: string): Selection => ({
  rename: new Map(
    map
      .split(",")
      .filter((pair) => pair !== "")
      .map((pair): [string, string] => [pair.split("=")[0]!, pair.split("=")[1]!]),
  ),
  ...(keep === undefined ? {} : { keep: new Set(keep.split(",")) }),
});

describe("selecting types", () => {
  it("renames, drops, and keeps by the new names", () => {
    const spans = ["person", "geo-loc", "other", "ORG", "tvshow"].map((type, start) => ({
      start,
      end: start + 1,
      type,
    }));
    const chosen = selectSpans(spans, selection("person=PER,geo-loc=LOC,other=", "PER,LOC,ORG"));
    expect(chosen.map(({ start, type }) => `${start}:${type}`)).toEqual(["0:PER", "1:LOC", "3:ORG"]);
  });

  it("does not rename twice", () => {
    expect(selectTags(list("B-A B-B"), "BIO", selection("A=B,B=A"))).toEqual(list("B-B B-A"));
  });

  it("renames tags word by word, ill-formed sequences too, and drops to O", () => {
    const tags = list("O I-a B-a I-a B-b S-b");
    expect(selectTags(tags, "BIO", selection("a=x-y,b="))).toEqual(list("O I-x-y B-x-y I-x-y O O"));
    expect(selectTags(tags, "BIO", selection("", "b"))).toEqual(list("O O O O B-b S-b"));
  });

  it("leaves what is not named as it is written", () => {
    const tags = list("B_a I_a O B");
    expect(selectTags(tags, "BIO", selection("z=y"))).toEqual(tags);
  });

  it("renames bare types and plain labels", () => {
    expect(selectTags(list("PER O LOC"), "IO", selection("PER=A,LOC="))).toEqual(list("A O O"));
    expect(selectTags(list("NN O VB"), "none", selection("NN=NOUN,O=X"))).toEqual(list("NOUN X VB"));
  });
});
