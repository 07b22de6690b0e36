import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prepareText } from "../../src/document/prepare.js";
import { type ErrorCode, SpanmillError } from "../../src/errors.js";
import { type Arrived, annotate, type Rejected } from "../../src/pipeline/annotate.js";
import type { BlockInput } from "../../src/tagging/protocol.js";
import { answerTo, scriptedTagger, textOfBlock } from "../support/scripted-tagger.js";

const arrived = (position: number, text: string): Arrived => ({
  kind: "document",
  source: "test",
  position,
  document: prepareText({ id: `id ${position}`, revision: "0", text }),
});

const rejected = (position: number): Rejected => ({
  kind: "rejected",
  source: "test",
  position,
  code: "DOCUMENT_NOT_JSON",
  reason: "not JSON",
});

/** `-` is a document that could not be read; the others are texts. */
async function* arriving(texts: Iterable<string>): AsyncGenerator<Arrived | Rejected> {
  let position = 0;
  for (const text of texts) {
    position++;
    yield text === "-" ? rejected(position) : arrived(position, text);
  }
}

/** Fails on every block that says so. */
function failingTagger(code: ErrorCode = "INFERENCE_FAILED") {
  return scriptedTagger((blocks: readonly BlockInput[]) => {
    if (blocks.some((block) => textOfBlock(block).includes("bad"))) throw new SpanmillError(code, "scripted");
  });
}

async function run(texts: Iterable<string>, tagger = failingTagger()) {
  const outcomes = [];
  for await (const outcome of annotate(arriving(texts), tagger)) outcomes.push(outcome);
  return outcomes;
}

/** Runs to the failure that ends it. */
async function runToFailure(texts: Iterable<string>, tagger = failingTagger()) {
  const outcomes = [];
  try {
    for await (const outcome of annotate(arriving(texts), tagger)) outcomes.push(outcome);
  } catch (error) {
    return { outcomes, error };
  }
  return expect.unreachable();
}

const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);

describe("annotate", () => {
  it("gives every document its answer or its rejection, in its place", async () => {
    const text = fc.constantFrom(
      "-",
      "",
      "Ada met Bob",
      "bad news",
      `good\n\n${"word ".repeat(60)}\n\nbad`,
      "x",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 19 }), async (texts) => {
        const outcomes = await run(texts);
        expect(outcomes).toEqual(
          texts.map((text, i) => {
            if (text === "-") return rejected(i + 1);
            const item = arrived(i + 1, text);
            if (!text.includes("bad")) {
              return { ...item, kind: "tagged", blocks: item.document.inputs.map(answerTo) };
            }
            return {
              kind: "rejected",
              source: "test",
              position: i + 1,
              id: `id ${i + 1}`,
              code: "INFERENCE_FAILED",
              reason: "scripted",
            };
          }),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("goes on where failures are not in a row", async () => {
    const outcomes = await run(times(10, "").flatMap(() => [...times(19, "bad"), "good"]));
    expect(outcomes.filter(({ kind }) => kind === "tagged")).toHaveLength(10);
  });

  it("ends with the twentieth failure in a row", async () => {
    const { outcomes, error } = await runToFailure(
      ["good", ...times(30, "bad")],
      failingTagger("THREAD_DIED"),
    );
    expect(error).toMatchObject({ code: "THREAD_DIED" });
    expect(outcomes.map(({ kind }) => kind)).toEqual(["tagged", ...times(19, "rejected")]);
  });

  it("counts neither what could not be read nor what had nothing to read", async () => {
    expect(await run(times(50, "-"))).toHaveLength(50);
    const { outcomes } = await runToFailure(times(30, "").flatMap(() => ["bad", "-", ""]));
    expect(outcomes).toHaveLength(19 * 3);
  });

  it("ends with a defect at once", async () => {
    const tagger = scriptedTagger(() => {
      throw new TypeError("defect");
    });
    const { outcomes, error } = await runToFailure(["-", "good", "good"], tagger);
    expect(error).toBeInstanceOf(TypeError);
    expect(outcomes).toEqual([rejected(1)]);
  });

  it("puts short documents together", async () => {
    const tagger = scriptedTagger();
    await run(times(100, "Ada met Bob"), tagger);
    expect(tagger.requests.length).toBeLessThan(20);
  });

  it("takes a bounded part of an endless source while the engine is slow", async () => {
    let pulled = 0;
    const endless = (function* () {
      for (;;) {
        pulled++;
        yield "x".repeat(1_000);
      }
    })();
    let answer!: () => void;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const outcomes = annotate(
      arriving(endless),
      scriptedTagger(() => asked),
    );
    const first = outcomes.next();
    // Far more turns of the event loop than it takes to fill the bound.
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBe(17);
    answer();
    expect((await first).value).toMatchObject({ kind: "tagged", position: 1 });
    await outcomes.return(undefined);
  });

  it("ends at once where a thread cannot load its model: no document is to blame", async () => {
    const broken = scriptedTagger(() => Promise.reject(new SpanmillError("MODEL_BROKEN", "cut off")));
    const outcomes = annotate(arriving(["a", "b"]), broken);
    await expect(outcomes.next()).rejects.toMatchObject({ code: "MODEL_BROKEN" });
  });
});
