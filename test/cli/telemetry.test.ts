import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { spanmill } from "../support/command.js";
import { lookupFolder } from "../support/lookup-model.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();

describe("a run outside of CI leaves nothing in an empty home", () => {
  it.each([[["annotate", "--model", MODEL]], [["models", "inspect", MODEL]], [["doctor", "--model", MODEL]]])(
    "of %j",
    async (args) => {
      const home = temporaryFolder();
      const env = { HOME: home, XDG_CACHE_HOME: `${home}/cache`, ORT_DISABLE_TELEMETRY: "" };
      expect(await spanmill(args, { input: "Alice", env })).toMatchObject({ status: 0 });
      expect(readdirSync(home)).toEqual([]);
    },
  );
});
