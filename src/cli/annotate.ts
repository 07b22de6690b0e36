/** `spanmill annotate`: documents in, records, labelled files or highlighted text out, in order. */
import { type DocumentSource, openDocuments } from "../adapters/files/documents.js";
import { STDOUT } from "../adapters/files/output.js";
import { refuseSameFile } from "../adapters/files/paths.js";
import { openTagger } from "../compose.js";
import type { AnnotateOptions } from "../config/options.js";
import { fieldPath } from "../document/extract/json.js";
import { recordSettings } from "../document/pipeline.js";
import type { SurfaceWriter } from "../document/surface.js";
import { ERRORS, type ErrorCode, EXIT } from "../errors.js";
import { annotate } from "../pipeline/annotate.js";
import type { Tagger } from "../ports/tagger.js";
import { type Progress, progress } from "../terminal/progress.js";
import { summary } from "../terminal/summary.js";
import { canRedraw, terminalTraits } from "../terminal/traits.js";
import { type AnnotateOutput, needsWords, type OutputFormat, openOutput } from "./annotate-output.js";
import type { Context } from "./context.js";
import { requireKnownNames } from "./names.js";
import { listBeside, openRejections, type Rejections } from "./rejections.js";
import { howToGoOn } from "./resume.js";
import { readHmacKey, surfaceOf } from "./surface.js";
import { taggerSettings } from "./tagger-settings.js";
import { type Tally, tally } from "./tally.js";
import { untilAborted } from "./until-aborted.js";

/** @returns the exit status. */
export async function runAnnotate(
  files: readonly string[],
  options: AnnotateOptions,
  context: Context,
): Promise<number> {
  const surface = surfaceOf(options, readHmacKey(options.hmacKeyFile));
  const format = formatOf(options, context);
  const paths = files.length === 0 ? ["-"] : files;
  const source = openDocuments(paths, {
    format: options.from,
    text: fieldPath(options.field),
    id: fieldPath(options.id),
    maxDocumentSize: options.maxDocumentSize,
    skip: options.skip,
  });
  refuseSameFile(paths, written(options));
  if (files.length === 0 && context.stdin.isTTY === true && !options.quiet) {
    context.stderr.write("reading standard input: Ctrl-D on an empty line ends it\n");
  }
  const tagger = await openTagger(taggerSettings(options, needsColumns(options, format)));
  try {
    requireKnownNames(
      tagger,
      { "--text": options.text.byName.keys() },
      { "--scheme": options.scheme.byName.keys() },
    );
    for (const warning of tagger.warnings) context.stderr.write(`warning: ${warning}\n`);
    const line = progressLine(source, options, context);
    const output = await openAnnotateOutput(options, format, surface, tagger, context);
    const rejected = await openRejections(options, (text) => {
      line.clear();
      context.stderr.write(text);
    });
    const run = { source, tagger, output, rejected, line, options, context };
    const counts = await annotateAll(run);
    return finish(counts, files, run);
  } finally {
    await tagger.close();
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

/** What is written to, by the name that messages give it. */
function written(options: AnnotateOptions): { name: string; path: string }[] {
  const { output, show, errors = listBeside(options) } = options;
  return [
    ...(output === undefined ? [] : [{ name: "--output", path: output }]),
    ...(output === undefined || show ? [{ name: "standard output", path: STDOUT }] : []),
    ...(errors === undefined ? [] : [{ name: `the list of rejected documents (${errors})`, path: errors }]),
  ];
}

function progressLine(source: DocumentSource, { quiet }: AnnotateOptions, context: Context): Progress {
  const { stderr, env, clock } = context;
  return progress({
    write: (text) => stderr.write(text),
    clock,
    traits: terminalTraits(stderr, env),
    redraw: canRedraw(stderr, env),
    quiet,
    totals: { bytes: source.size },
  });
}

interface Run {
  readonly source: DocumentSource;
  readonly tagger: Tagger;
  readonly output: AnnotateOutput;
  readonly rejected: Rejections;
  readonly line: Progress;
  readonly options: AnnotateOptions;
  readonly context: Context;
}

interface Counts extends Tally {
  readonly seconds: number;
  /** Why documents were rejected. */
  readonly codes: ReadonlySet<ErrorCode>;
}

async function annotateAll(run: Run): Promise<Counts> {
  const { source, tagger, output, rejected, line, options, context } = run;
  const counts = tally(
    tagger.models.flatMap((model) => model.lenses),
    options.minScore,
  );
  const codes = new Set<ErrorCode>();
  const began = context.clock.now();
  let consumed = 0;
  const ticker = setInterval(() => tick(line, counts, consumed), 200);
  try {
    for await (const outcome of annotate(untilAborted(source.items, context.interrupted), tagger)) {
      consumed = outcome.consumed ?? consumed;
      if (outcome.kind === "rejected") {
        counts.rejected++;
        codes.add(outcome.code);
        await rejected.add(outcome);
      } else {
        // Highlighted text and the progress line may share a terminal.
        if (context.stdout.isTTY === true) line.clear();
        await output.write(outcome);
        counts.add(outcome);
      }
    }
  } finally {
    clearInterval(ticker);
    line.clear();
    await closeAll([() => output.close(), () => rejected.close()]);
  }
  return Object.assign(counts, { codes, seconds: (context.clock.now() - began) / 1000 });
}

function tick(line: Progress, { documents, spans, rejected }: Tally, bytes: number): void {
  line.tick({ documents, spans, rejected, bytes });
}

/** Closes all, and throws the first failure. */
async function closeAll(closers: readonly (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(closers.map((close) => close()));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function finish(counts: Counts, files: readonly string[], { rejected, options, context }: Run): number {
  const { stderr, env, interrupted, argv } = context;
  const { documents, words, seconds, codes } = counts;
  if (!options.quiet) {
    const totals = { documents, words, rejected: counts.rejected, seconds, lenses: counts.lenses() };
    const outputs = { output: options.output, errors: rejected.file };
    stderr.write(summary({ ...totals, ...outputs }, terminalTraits(stderr, env)));
  }
  if (documents + counts.rejected === 0 && !interrupted.aborted) {
    const names = (files.length === 0 ? ["standard input"] : files).join(", ");
    stderr.write(
      `warning: there is no document in ${names}${options.skip > 0 ? ` after the first ${options.skip}` : ""}\n`,
    );
  }
  if (!interrupted.aborted) return statusOf(codes);
  stderr.write(howToGoOn(options.skip + documents + counts.rejected, argv, files, options));
  return EXIT.interrupted;
}

/** A defect, or a model that fails, weighs more than a document that cannot be read. */
function statusOf(codes: ReadonlySet<ErrorCode>): number {
  const exits = new Set([...codes].map((code) => ERRORS[code].exit));
  if (exits.size === 0) return EXIT.ok;
  if (exits.has(EXIT.internal)) return EXIT.internal;
  return exits.has(EXIT.inference) ? EXIT.inference : EXIT.rejected;
}
