import { describe, expect, expectTypeOf, it } from "vitest";
import type { LabelMapping, ModelSource } from "../../src/config/model-values.js";
import {
  COMMAND_NAMES,
  flagOf,
  type OptionDeclaration,
  propertyOf,
  variableOf,
} from "../../src/config/option.js";
import {
  type AnnotateOptions,
  type DoctorOptions,
  type EvaluateOptions,
  OPTIONS,
  optionsOf,
} from "../../src/config/options.js";
import type { Keyed } from "../../src/config/values.js";

const options: readonly OptionDeclaration[] = OPTIONS;

describe("the option table", () => {
  it("gives the parsed options their types", () => {
    expectTypeOf<AnnotateOptions["maxDocumentSize"]>().toEqualTypeOf<number>();
    expectTypeOf<AnnotateOptions["threads"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<AnnotateOptions["offsetUnit"]>().toEqualTypeOf<"code_point" | "utf16" | "utf8">();
    expectTypeOf<AnnotateOptions["from"]>().toEqualTypeOf<
      "text" | "lines" | "jsonl" | "conll" | "conllu" | undefined
    >();
    expectTypeOf<EvaluateOptions["from"]>().toEqualTypeOf<"jsonl" | "conll" | "conllu" | undefined>();
    type Policy = "none" | "hmac" | "masked" | "full";
    expectTypeOf<AnnotateOptions["text"]>().toEqualTypeOf<Keyed<Policy, Policy>>();
    expectTypeOf<EvaluateOptions["map"]>().toEqualTypeOf<readonly LabelMapping[]>();
    expectTypeOf<DoctorOptions>().toEqualTypeOf<{
      readonly model: readonly ModelSource[];
      readonly json: boolean;
      readonly config: string | undefined;
    }>();
  });

  it("has defaults that its own values understand, and many values need none", () => {
    for (const option of options) {
      if (option.default !== undefined)
        expect(option.value.read([option.default]), option.key).toHaveProperty("value");
      if (option.value.many) expect(option.value.read([]), option.key).toHaveProperty("value");
    }
  });

  it("names no flag, variable or property of one command twice", () => {
    for (const command of COMMAND_NAMES) {
      const own = optionsOf(command);
      for (const name of [flagOf, variableOf, propertyOf])
        expect(new Set(own.map(name)).size).toBe(own.length);
      expect(new Set(own.map(({ key }) => key))).not.toContain("help");
    }
  });

  it("takes several values under a key in all commands or in none", () => {
    for (const option of options) {
      const namesakes = options.filter(({ key }) => key === option.key);
      expect(new Set(namesakes.map(({ value }) => `${value.many} ${value.mapping}`)).size).toBe(1);
    }
  });

  it("nests no key in one that has a value itself: a file could not hold both", () => {
    const keys = new Set(options.map(({ key }) => key));
    for (const key of keys) expect(keys).not.toContain(key.split(".").slice(0, -1).join("."));
  });

  it("keeps secrets in files", () => {
    for (const option of options) if (option.secret) expect(option.key).toMatch(/-file$/);
  });

  it("explains each option in sentences", () => {
    for (const { key, doc } of options) expect(doc, key).toMatch(/^[A-Z].{10,}\.$/);
  });
});
