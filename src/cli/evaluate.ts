/** `spanmill evaluate`: a model against labelled files, or two label files against each other. */
import { labelFormat, openLabelled, openSpanDocuments } from "../adapters/files/label-files.js";
import { requireFiles } from "../adapters/files/paths.js";
import { openTagger } from "../compose.js";
import type { EvaluateOptions } from "../config/options.js";
import { EXIT, SpanmillError } from "../errors.js";
import { compareSpans, compareTagged } from "../evaluation/compare-files.js";
import {
  type GoldColumn,
  goldColumns,
  type Inventory,
  type KnownLens,
  takeInventory,
} from "../evaluation/gold.js";
import { type EvaluationReport, reportTable } from "../evaluation/report.js";
import { scorer } from "../evaluation/scorer.js";
import { detectScheme, type Scheme } from "../tagging/schemes.js";
import { progress } from "../terminal/progress.js";
import { canRedraw, terminalTraits } from "../terminal/traits.js";
import type { Context } from "./context.js";
import { scoreRaw, scoreSpanDocuments, scoreWords } from "./evaluate-model.js";
import { columnChoice, selectionOf } from "./scoring-options.js";
import { taggerSettings } from "./tagger-settings.js";

/** @returns the exit status. */
export async function runEvaluate(
  files: readonly string[],
  options: EvaluateOptions,
  context: Context,
): Promise<number> {
  const { gold, pred } = options;
  requireFiles([...files, ...[gold, pred].filter((path) => path !== undefined)]);
  const report =
    gold !== undefined && pred !== undefined
      ? await compareFiles(gold, pred, options)
      : await evaluateModel(files, options, context);
  await context.print(options.json ? JSON.stringify(report) : reportTable(report));
  const below = lensesBelow(report, options.failUnder ?? 0);
  for (const line of below) context.stderr.write(`${line} is under --fail-under ${options.failUnder}\n`);
  return below.length > 0 ? EXIT.belowThreshold : EXIT.ok;
}

function lensesBelow({ lenses }: EvaluationReport, limit: number): string[] {
  return Object.entries(lenses).flatMap(([name, lens]) => {
    const [what, score] = "micro" in lens ? ["micro F1", lens.micro.f1] : ["accuracy", lens.accuracy];
    return score < limit ? [`lens ${name}: ${what} ${score.toFixed(4)}`] : [];
  });
}

async function compareFiles(gold: string, pred: string, options: EvaluateOptions): Promise<EvaluationReport> {
  const formats = [labelFormat(gold, options.from), labelFormat(pred, options.from)];
  if (formats.includes("jsonl")) {
    if (formats[0] !== formats[1]) {
      throw new SpanmillError(
        "USAGE",
        "--gold and --pred must both be JSONL, or both be CoNLL or CoNLL-U: convert one of them",
      );
    }
    const lens = options.lens[0] ?? "ner";
    return compareSpans(
      { name: gold, documents: openSpanDocuments([gold]) },
      { name: pred, documents: openSpanDocuments([pred]) },
      lens,
      selectionOf(options)(lens),
    );
  }
  const inventories = {
    gold: await takeInventory(openLabelled([gold], options.from)),
    pred: await takeInventory(openLabelled([pred], options.from)),
  };
  const columns = pairColumns(gold, inventories.gold, pred, inventories.pred, options);
  const scores = scorer(options.mode, selectionOf(options));
  await compareTagged(
    { name: gold, documents: openLabelled([gold], options.from) },
    { name: pred, documents: openLabelled([pred], options.from) },
    columns,
    scores,
  );
  return scores.report();
}

/**
 * The columns of each lens that the gold file has. `--scheme` says how both sides mark spans, where their labels cannot.
 */
function pairColumns(
  gold: string,
  goldInventory: Inventory,
  pred: string,
  predInventory: Inventory,
  options: EvaluateOptions,
): { gold: GoldColumn; predicted: GoldColumn }[] {
  const goldAt = goldColumns(goldInventory, lensesOf(goldInventory, options), columnChoice(options));
  const lenses = lensesOf(goldInventory, options).filter(({ name }) =>
    goldAt.some(({ lens }) => lens === name),
  );
  const predAt = goldColumns(predInventory, lenses, columnChoice(options));
  const declared = (column: GoldColumn): GoldColumn => ({
    ...column,
    scheme: options.scheme.byName.get(column.lens) ?? options.scheme.otherwise ?? column.scheme,
  });
  return goldAt.flatMap((column) => {
    const other = predAt.find(({ lens }) => lens === column.lens) ?? withoutSpans(column, predInventory);
    if (other === undefined) return [];
    if ((column.scheme === "none") !== (other.scheme === "none")) {
      throw new SpanmillError(
        "INPUT_MALFORMED",
        `the labels of lens ${column.lens} are of scheme ${column.scheme} in ${gold} and ${other.scheme} in ${pred}: is it the ` +
          `right column? Say which with --column ${column.lens}=N`,
      );
    }
    return [{ gold: declared(column), predicted: declared(other) }];
  });
}

/** MISC says nothing of words outside of all spans: a file without the key has no span of the lens. */
function withoutSpans({ lens, place }: GoldColumn, { columnNames }: Inventory): GoldColumn | undefined {
  const misc = columnNames.indexOf("misc");
  return typeof place === "number" || misc < 0 ? undefined : { lens, place: { misc }, scheme: "BIO" };
}

/** The lenses of label files without a model: those that are named, else those that the files show. */
function lensesOf(inventory: Inventory, options: EvaluateOptions): KnownLens[] {
  const named = [...new Set([...options.column.byName.keys(), ...options.lens])];
  const isConllu = inventory.columnNames.includes("upos");
  const names = named.length > 0 ? named : isConllu ? ["pos", "ner", "chunk"] : [usualName(inventory)];
  return names.map((name) => ({
    name,
    scheme: (name === "pos" ? "none" : "BIO") as Scheme,
    labels: ["O", "B-_"],
  }));
}

function usualName({ values }: Inventory): string {
  const tags = [...(values.at(-1) ?? [])];
  try {
    if (detectScheme(tags) === "none") return "pos";
  } catch {
    // Reported where the column is read.
  }
  return tags.some((tag) => /^[BI]-(NP|VP)$/.test(tag)) ? "chunk" : "ner";
}

async function evaluateModel(
  files: readonly string[],
  options: EvaluateOptions,
  context: Context,
): Promise<EvaluationReport> {
  const holdSpans = files.map((path) => labelFormat(path, options.from) === "jsonl");
  if (holdSpans.includes(true) && holdSpans.includes(false)) {
    throw new SpanmillError(
      "USAGE",
      "JSONL holds texts with spans, CoNLL and CoNLL-U hold words: evaluate them in two runs, or convert one of them",
    );
  }
  const tagger = await openTagger({
    ...taggerSettings(options, "always"),
    uncalibrated: options.calibration,
  });
  const { stderr, clock, env } = context;
  const line = progress({
    write: (text) => stderr.write(text),
    clock,
    traits: terminalTraits(stderr, env),
    redraw: canRedraw(stderr, env),
    quiet: options.quiet,
    totals: {},
  });
  const tick = (documents: number, spans: number) => line.tick({ documents, spans, bytes: 0, rejected: 0 });
  try {
    for (const warning of tagger.warnings) stderr.write(`warning: ${warning}\n`);
    const run = { files, options, tagger, tick };
    if (holdSpans[0]) return await scoreSpanDocuments(run);
    return options.raw ? await scoreRaw(run) : await scoreWords(run);
  } finally {
    line.clear();
    await tagger.close();
  }
}
