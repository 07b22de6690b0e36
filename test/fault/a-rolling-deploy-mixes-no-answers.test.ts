/** Row 26 of the fault table: an old and a new model in one group. */
import { beforeAll, expect, it } from "vitest";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { config, lookupFolder } from "../support/lookup-model.js";
import { sharedKafka } from "../support/servers/shared.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const OLD = lookupFolder({}, "old");
const NEW = lookupFolder(
  { "config.json": config(["O", "B-PERSON", "I-PERSON", "B-PLACE", "I-PLACE", "B-GROUP", "I-GROUP"]) },
  "new",
);
const DEPLOYS = repetitions(1, 5);

it(
  `${DEPLOYS} rolling deploys: each record is one model's whole answer, and none is missing`,
  async () => {
    const run = await openScenario("rolling deploy", { bootstrap, models: [OLD, NEW] });
    for (let deploy = 1; deploy <= DEPLOYS; deploy++) {
      const before = run.observer.complete();
      const old = [run.start(), run.start()];
      await run.feed(400);
      await run.outputs(before + run.random.between(1, 200));
      // One by one, the new one first.
      for (const worker of old) {
        const now = run.start({ settings: { model: NEW } });
        await run.feed(300);
        await now.joined();
        await run.outputs(before + 400 + run.random.between(1, 100));
        await run.terminate(worker);
      }
      await run.outputs(before + 1_000);
      if (deploy < DEPLOYS) await run.terminateAll();
    }
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    const models = new Set(
      run.observer.copies.flatMap(({ channel, value }) =>
        channel === "documents" ? [JSON.parse(String(value)).models[0].digest] : [],
      ),
    );
    expect(models.size).toBe(2);
  },
  repetitions(180_000, 600_000),
);
