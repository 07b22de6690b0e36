import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/config/environment.js";
import type { OptionDeclaration } from "../../src/config/option.js";
import { OPTIONS } from "../../src/config/options.js";
import { one, path } from "../../src/config/values.js";

describe("readEnvironment", () => {
  it("reads the variables of options, cut where several values stand in one", () => {
    const { settings, problems } = readEnvironment(
      { SPANMILL_MAX_DOCUMENT_SIZE: "1MiB", SPANMILL_LENS: "ner,pos", SPANMILL_THREADS: "", PATH: "/bin" },
      OPTIONS,
    );
    expect(problems).toEqual([]);
    expect(Object.fromEntries(settings)).toEqual({
      "max-document-size": [{ text: "1MiB", where: "SPANMILL_MAX_DOCUMENT_SIZE" }],
      lens: [
        { text: "ner", where: "SPANMILL_LENS" },
        { text: "pos", where: "SPANMILL_LENS" },
      ],
    });
  });

  it("nests with two underscores", () => {
    const option: OptionDeclaration = {
      key: "kafka.max-wait",
      value: one(path("X")),
      group: "Input",
      commands: [],
      doc: "",
    };
    const { settings } = readEnvironment({ SPANMILL_KAFKA__MAX_WAIT: "x" }, [option]);
    expect([...settings.keys()]).toEqual(["kafka.max-wait"]);
  });

  it("refuses unknown variables, with the nearest known one", () => {
    const { problems } = readEnvironment({ SPANMILL_MODLE: "x", SPANMILL_ZEBRA: "x" }, OPTIONS);
    expect(problems.map(({ message }) => message)).toEqual([
      "SPANMILL_MODLE: this environment variable is no option of spanmill; did you mean SPANMILL_MODEL?",
      "SPANMILL_ZEBRA: this environment variable is no option of spanmill; unset it",
    ]);
  });

  it("leaves alone what Kubernetes sets for a service of that name", () => {
    const links = {
      SPANMILL_SERVICE_HOST: "10.0.0.1",
      SPANMILL_SERVICE_PORT_HTTP: "80",
      SPANMILL_PORT: "tcp://10.0.0.1:80",
      SPANMILL_PORT_80_TCP_ADDR: "10.0.0.1",
      SPANMILL_METRICS_SERVICE_PORT: "90",
    };
    expect(readEnvironment(links, OPTIONS).problems).toEqual([]);
  });
});
