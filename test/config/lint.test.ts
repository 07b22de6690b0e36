import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/cli/command-line.js";

function lint(line: string): string {
  try {
    parseCommandLine(line.split(" "), {}, () => "", "0");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("combinations that are refused", () => {
  it.each([
    ["annotate --text hmac", "--text hmac needs a key"],
    ["annotate --text full,PER=hmac", "--text hmac needs a key"],
    ["annotate --include-text --text none", "--include-text puts the whole text"],
    ["annotate --include-text --text full,PER=masked", "--include-text puts the whole text"],
    ["annotate --to conllu --text none", "--to conllu writes the text itself"],
    ["annotate --to brat", "--to brat writes a folder"],
    ["annotate --to brat -o x --append", "--append does not go with --to brat"],
    ["annotate --append", "--append needs a file"],
    ["annotate --show", "--show needs --output"],
    ["annotate a b -o b", "--output is one of the input files"],
    ["annotate a -o b --errors b", "--errors is also"],
    ["annotate a -o b --errors a", "--errors is also"],
    ["annotate --model ner=a --model pos,ner=b", "--model gives the lens ner twice"],
    ["evaluate --gold a", "--gold needs --pred"],
    ["evaluate --pred a", "--pred needs --gold"],
    ["evaluate", "nothing to evaluate"],
    ["evaluate c --gold a --pred b", "--gold and --pred are the files compared"],
    ["evaluate --raw --gold a --pred b", "--raw runs a model"],
    ["evaluate --gold a --pred b --model m --threads 2", "--model, --threads: no model is run"],
    ["evaluate --gold a --pred b --calibration", "--calibration: no model is run"],
    ["evaluate a --raw --calibration", "--calibration: --raw scores"],
    ["evaluate a --context sentence --join-to 200", "--join-to is about blocks"],
    ["run --source kafka --kafka-brokers h:1 --kafka-group g", "--source kafka needs --kafka-topics"],
    ["run --source kafka --kafka-brokers h:1 --kafka-topics t", "--source kafka needs --kafka-group"],
    ["run --sink kafka", "Kafka needs --kafka-brokers"],
    ["run --source files", "--source files needs files"],
    ["run a --source stdin", "--source stdin reads no files"],
    ["run --input-format text --input-body b", "--input-body: plain text has no fields"],
    ["run --channel-pos p", "--channel-pos: standard output takes documents alone"],
    [
      "run --source kafka --sink kafka --kafka-brokers h:1 --kafka-group g --kafka-topics t --channel-pos t",
      "--channel-pos: the topic t is read too",
    ],
    ["run --kafka-sasl-mechanism plain", "SASL needs all three"],
    ["run --kafka-tls-ca-file f", "files for TLS are named, but it is off"],
    ["run --kafka-tls-enabled --kafka-tls-cert-file f", "go together"],
    ["run --cache-kind both", "--cache-kind both needs --redis-url"],
    ["run --label-rename PER=", "--label-rename PER=: a name is missing"],
    ["run --text hmac", "--text hmac needs a key"],
    ["train", "nothing to train on"],
    ["train r.yaml --data a --lens b", "--data, --lens: the recipe names its data"],
    ["train --data a --out o", "--data needs --lens"],
    ["train --data a --lens b,c --out o", "--data needs --lens"],
    ["train --data a --lens b", "--data needs --out"],
    ["train r.yaml s.yaml", "takes no such argument"],
  ])("%s", (line, message) => expect(lint(line)).toContain(message));
});

describe("combinations that are fine", () => {
  it.each([
    "annotate",
    "annotate --text hmac --hmac-key-file k",
    "annotate --include-text --text full,PER=full",
    "annotate --to brat -o x",
    "annotate --to terminal --text masked",
    "annotate --show --to terminal",
    "annotate a -o b --append --skip 3 --errors c --show",
    "annotate --model ner=a --model pos=b --model c",
    "evaluate --gold a --pred b --column pos=upos",
    "evaluate --model m a b --raw",
    "evaluate a --join-to 200",
    "train r.yaml --out o --epochs 2",
    "train --data a --data b --lens c --out o --column c=2",
  ])("%s", (line) => expect(lint(line)).toBe(""));

  it("overlooks in a shared file what this run does not need", () => {
    const file = () => "model: m\nthreads: 2";
    const argv = "evaluate --gold a --pred b --config c".split(" ");
    expect(parseCommandLine(argv, {}, file, "0").name).toBe("evaluate");
  });
});

describe("combinations", () => {
  it("are judged only once every single value is sound", () => {
    const argv = "annotate --text hmac --config c".split(" ");
    expect(() => parseCommandLine(argv, {}, () => "hmac-key-file: [k]", "0")).toThrow(
      /^c:1:16: hmac-key-file: takes one value, not a list\n`/,
    );
  });
});
