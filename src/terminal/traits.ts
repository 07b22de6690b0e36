/** What a terminal can show, read once from its stream and the environment and passed on as plain data. */
export interface TerminalTraits {
  readonly color: ColorDepth;
  /** Columns. */
  readonly width: number;
  /** Whether our own ornaments may leave ASCII. Document text is always written as it is. */
  readonly unicode: boolean;
}

export type ColorDepth = "none" | "16" | "256" | "truecolor";

export interface StreamTraits {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const DEPTHS: readonly ColorDepth[] = ["none", "16", "256", "truecolor"];

/**
 * `FORCE_COLOR` beats `NO_COLOR` (as in Node itself): `0` or `false` is none, `1` to `3` or nothing asks for at
 * least 16, 256 or all colours. `NO_COLOR` counts when not empty (no-color.org). A flag such as `--color=always`
 * is passed on as `{ ...env, FORCE_COLOR: "1" }`.
 */
export function terminalTraits(stream: StreamTraits, env: Environment): TerminalTraits {
  return { color: colorDepth(stream, env), width: columnCount(stream, env), unicode: showsUnicode(env) };
}

/** Whether a line can be erased and drawn again: not in a file, and not on `TERM=dumb`. */
export function canRedraw(stream: StreamTraits, env: Environment): boolean {
  return stream.isTTY === true && env.TERM !== "dumb";
}

function colorDepth(stream: StreamTraits, env: Environment): ColorDepth {
  const force = env.FORCE_COLOR;
  if (force !== undefined) {
    if (force === "0" || force === "false") return "none";
    const asked = /^[123]$/.test(force) ? Number(force) : 1;
    return DEPTHS[Math.max(asked, DEPTHS.indexOf(depthOfTerminal(env)))]!;
  }
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return "none";
  return stream.isTTY === true ? depthOfTerminal(env) : "none";
}

function depthOfTerminal(env: Environment): ColorDepth {
  const term = env.TERM ?? "";
  if (term === "dumb") return "none";
  if (/^(truecolor|24bit)$/i.test(env.COLORTERM ?? "")) return "truecolor";
  if (/-direct$|^xterm-(kitty|ghostty)$|^(alacritty|wezterm|foot)/.test(term)) return "truecolor";
  return /256/.test(term) ? "256" : "16";
}

function columnCount(stream: StreamTraits, env: Environment): number {
  for (const columns of [stream.columns, Number(env.COLUMNS)]) {
    if (columns !== undefined && Number.isInteger(columns) && columns > 0) return columns;
  }
  return 80;
}

/** A locale that is not set says nothing (containers), one that names another character set says no. */
function showsUnicode(env: Environment): boolean {
  if (env.TERM === "dumb" || env.TERM === "linux") return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  if (locale === "C" || locale === "POSIX") return false;
  const charset = /\.([^@]+)/.exec(locale)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}
