/**
 * A worker whose code differs in one place: mutants that the checker must see, and points where the process dies. The
 * compiled module is changed as the process loads it, so that src has no hook for tests and dist stays as it is.
 */
export interface Edit {
  /** Below dist/: `src/adapters/kafka/lane.js`. */
  readonly file: string;
  /** Must stand there exactly once, else the process ends. */
  readonly find: string;
  readonly put: string;
}

/** Where the edits are handed to the process. */
export const EDITS = "FAULT_EDITS";

/** What a process writes to standard error when it loads an edited module. */
export function editMark({ file }: Pick<Edit, "file">): string {
  return `edited ${file}`;
}

/** Nothing wrong: only an output that takes its time, so that there is work in flight whenever a fault comes. */
export function slowOutput(ms: number): Edit {
  const find = "const outcome = await decide(courier, part);";
  return {
    file: "src/adapters/kafka/lane.js",
    find,
    put: `await new Promise((go) => setTimeout(go, ${ms})); ${find}`,
  };
}

/**
 * The process kills itself the n-th time that it comes to where `before` stands, before that is done.
 *
 * @param unless an expression there; a time when it holds does not count.
 */
export function dieBefore(file: string, before: string, count: number, unless = "false"): Edit {
  const name = `globalThis.__passed_${file.replaceAll(/\W/g, "_")}`;
  const die = `if (!(${unless}) && (${name} = (${name} ?? 0) + 1) === ${count}) process.kill(process.pid, "SIGKILL");`;
  return { file, find: before, put: `${die} ${before}` };
}

/** The process aborts where a function of the main thread is called for a document in which `marks` finds the word. */
export function abortIn(file: string, head: string, marks: string): Edit {
  return { file, find: head, put: `${head} if (${marks}) process.kill(process.pid, "SIGABRT");` };
}
