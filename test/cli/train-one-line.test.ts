/** The one-line form for what it is: the built-in model taught a lens of one's own, stopped on the way and gone on with. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { records, spanmill } from "../support/command.js";
import { temporaryFolder } from "../support/temporary.js";

it("makes a model that the engine opens, with the window and shapes of its base", async () => {
  const folder = temporaryFolder();
  const data = join(folder, "tickets.conll");
  const tickets = Array.from({ length: 100 }, (_, i) => {
    const [order, item] = [`A-${1000 + 7 * i}`, ["kettle", "lamp", "desk", "chair"][i % 4]!];
    return `# doc = ${i}\nOrder\tO\n${order}\tB-order\n:\tO\nthe\tO\n${item}\tB-item\nis\tO\nbroken\tO\n.\tO\n`;
  });
  writeFileSync(data, tickets.join("\n"));
  const out = join(folder, "mine");
  const train = [
    ...["train", "--data", data, "--lens", "ticket", "--base", "models/english", "--out", out],
    ...["--epochs", "1", "--batch-pieces", "192", "--threads", "2", "--quiet"],
  ];

  const stopped = await spanmill([...train, "--max-steps", "3"]);
  expect(stopped).toMatchObject({ status: 0, stderr: expect.stringContaining("stopped after step 3") });
  const finished = await spanmill([...train, "--resume", "--json"]);
  expect(finished.status, finished.stderr).toBe(0);
  const { reason, step } = JSON.parse(finished.stdout);
  expect(reason).toBe("finished");
  expect(step).toBeGreaterThan(3);

  expect(JSON.parse(readFileSync(join(out, "spanmill.json"), "utf8"))).toMatchObject({
    window: 192,
    token_types: "word_shapes",
    onnx: "onnx/model_int8.onnx",
  });
  const card = readFileSync(join(out, "README.md"), "utf8");
  expect(card).toContain("fine-tuned from english (weights trained on research data)");
  const run = await spanmill(["annotate", "--model", out, "--from", "text", "--threads", "1", "--quiet"], {
    input: "Order A-4711: the lamp is broken.",
  });
  expect(run.status, run.stderr).toBe(0);
  expect(Object.keys(records(run.stdout)[0].lenses)).toEqual(["ticket"]);
}, 600_000);
