/** `spanmill annotate`: documents in, records, labelled files or highlighted text out, in order. */
import { readFileSync } from "node:fs";
import { type DocumentSource, openDocuments } from "../adapters/files/documents.js";
import { openTagger } from "../compose.js";
import type { AnnotateOptions } from "../config/options.js";
import { fieldPath } from "../document/extract/json.js";
import { recordSettings } from "../document/pipeline.js";
import { type SurfaceWriter, surfaceWriter } from "../document/surface.js";
import { ERRORS, EXIT, SpanmillError } from "../errors.js";
import { annotate, type Rejected } from "../pipeline/annotate.js";
import type { Tagger } from "../ports/tagger.js";
import { type Progress, progress } from "../terminal/progress.js";
import { summary } from "../terminal/summary.js";
import { canRedraw, terminalTraits } from "../terminal/traits.js";
import { type AnnotateOutput, needsWords, type OutputFormat, openOutput } from "./annotate-output.js";
import type { Context } from "./context.js";
import { type Rejections, rejections } from "./rejections.js";
import { taggerSettings } from "./tagger-settings.js";
import { type Tally, tally } from "./tally.js";
import { untilAborted } from "./until-aborted.js";

/** @returns the exit status. */
export async function runAnnotate(
  files: readonly string[],
  options: AnnotateOptions,
  context: Context,
): Promise<number> {
  const surface = surfaceOf(options);
  const format = formatOf(options, context);
  const source = openDocuments(files.length === 0 ? ["-"] : files, {
    format: options.from,
    text: fieldPath(options.field),
    id: fieldPath(options.id),
    maxDocumentSize: options.maxDocumentSize,
    skip: options.skip,
  });
  const tagger = await openTagger(taggerSettings(options, needsColumns(options, format)));
  try {
    for (const warning of tagger.warnings) context.stderr.write(`warning: ${warning}\n`);
    const output = await openAnnotateOutput(options, format, surface, tagger, context);
    return await run(source, tagger, output, options, context);
  } finally {
    await tagger.close();
  }
}

function surfaceOf({ text, includeText, hmacKeyFile }: AnnotateOptions): SurfaceWriter {
  return surfaceWriter({
    default: text.otherwise,
    labels: Object.fromEntries(text.byName),
    wholeText: includeText,
    ...(hmacKeyFile === undefined ? {} : { key: readSecret(hmacKeyFile) }),
  });
}

function readSecret(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new SpanmillError(
      "CONFIG_INVALID",
      "--hmac-key-file cannot be read: check its path and its rights",
      {
        cause,
      },
    );
  }
}

function formatOf({ to, output }: AnnotateOptions, { stdout }: Context): OutputFormat {
  return to ?? (output === undefined && stdout.isTTY === true ? "terminal" : "jsonl");
}

/** Word columns cross the thread line only where somebody wants them. */
function needsColumns({ words, show }: AnnotateOptions, format: OutputFormat): "always" | "lenses" {
  return words || needsWords(format, show) ? "always" : "lenses";
}

function openAnnotateOutput(
  options: AnnotateOptions,
  format: OutputFormat,
  surface: SurfaceWriter,
  tagger: Tagger,
  context: Context,
): Promise<AnnotateOutput> {
  const lenses = tagger.models.flatMap((model) => model.lenses);
  const force = { always: { FORCE_COLOR: "1" }, never: { FORCE_COLOR: "0" }, auto: {} }[options.color];
  const traits = terminalTraits(options.output === undefined || options.show ? context.stdout : {}, {
    ...context.env,
    ...force,
  });
  const { offsetUnit, minScore, decode } = options;
  const words = options.words || lenses.some(({ scheme }) => scheme === "none");
  return openOutput({
    format,
    path: options.output,
    append: options.append,
    show: options.show,
    lenses,
    minScore,
    record: recordSettings(tagger, {
      offsetUnit,
      minScore,
      words,
      surface,
      decode,
      version: context.version,
    }),
    traits: { ...traits, width: options.width ?? traits.width },
  });
}

async function run(
  source: DocumentSource,
  tagger: Tagger,
  output: AnnotateOutput,
  options: AnnotateOptions,
  context: Context,
): Promise<number> {
  const { stderr, clock, interrupted } = context;
  const traits = terminalTraits(stderr, context.env);
  const line = progress({
    write: (text) => stderr.write(text),
    clock,
    traits,
    redraw: canRedraw(stderr, context.env),
    quiet: options.quiet,
    totals: { bytes: source.size },
  });
  const counts = tally(
    tagger.models.flatMap((model) => model.lenses),
    options.minScore,
  );
  const rejected = rejections(errorFile(options), options.append, (text) => {
    line.clear();
    stderr.write(text);
  });
  const began = clock.now();
  const ticker = setInterval(() => tick(line, counts, source), 200);
  const seen: Seen = { inferenceFailed: false };
  try {
    await pump(source, tagger, output, rejected, counts, seen, context);
  } finally {
    clearInterval(ticker);
    line.clear();
    await closeAll([() => output.close(), () => rejected.close()]);
  }
  const seconds = (clock.now() - began) / 1000;
  if (!options.quiet) report(counts, seconds, output, rejected, options, context);
  if (interrupted.aborted) return reportInterrupted(counts, options, context);
  if (counts.rejected === 0) return EXIT.ok;
  return seen.inferenceFailed ? EXIT.inference : EXIT.rejected;
}

interface Seen {
  inferenceFailed: boolean;
}

async function pump(
  source: DocumentSource,
  tagger: Tagger,
  output: AnnotateOutput,
  rejected: Rejections,
  counts: Tally,
  seen: Seen,
  { interrupted }: Context,
): Promise<void> {
  for await (const outcome of annotate(untilAborted(source.items, interrupted), tagger)) {
    if (outcome.kind === "rejected") {
      counts.rejected++;
      seen.inferenceFailed ||= isInferenceFailure(outcome);
      await rejected.add(outcome);
    } else {
      await output.write(outcome);
      counts.add(outcome);
    }
  }
}

function isInferenceFailure({ code }: Rejected): boolean {
  return ERRORS[code].exit === EXIT.inference;
}

/** Beside the output, so that what is missing there is found. */
function errorFile({ errors, output }: AnnotateOptions): string | undefined {
  return errors ?? (output === undefined ? undefined : `${output.replace(/\/$/, "")}.errors.jsonl`);
}

function tick(line: Progress, counts: Tally, source: DocumentSource): void {
  const { documents, spans, rejected } = counts;
  line.tick({ documents, spans, rejected, bytes: source.consumed() });
}

/** Closes all, and throws the first failure. */
async function closeAll(closers: readonly (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(closers.map((close) => close()));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function report(
  counts: Tally,
  seconds: number,
  _output: AnnotateOutput,
  rejected: Rejections,
  options: AnnotateOptions,
  { stderr, env }: Context,
): void {
  const { documents, words } = counts;
  stderr.write(
    summary(
      {
        documents,
        words,
        rejected: counts.rejected,
        seconds,
        lenses: counts.lenses(),
        output: options.output,
        errors: rejected.file,
      },
      terminalTraits(stderr, env),
    ),
  );
}

function reportInterrupted(counts: Tally, options: AnnotateOptions, { stderr, argv }: Context): number {
  const done = options.skip + counts.documents + counts.rejected;
  const again = argv.filter(
    (argument, i) => !/^--(skip|append)(=|$)/.test(argument) && argv[i - 1] !== "--skip",
  );
  const append = options.output === undefined ? "" : " --append";
  stderr.write(
    `interrupted: the first ${done} documents are done. To go on:\n  spanmill ${again.map(shellWord).join(" ")} --skip ${done}${append}\n`,
  );
  return EXIT.interrupted;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
