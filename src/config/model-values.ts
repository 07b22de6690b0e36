/** The option values that only spanmill has: where a lens comes from, how a label is renamed, a label column. */
import { list, type ValueType, word } from "./values.js";

export const lensNames = list(word("LENS", "the name of a lens", /^[A-Za-z][\w.-]*$/), { separator: /,/ });

export interface ModelSource {
  /** The lenses taken from this folder; undefined: every lens that it has. */
  readonly lenses: readonly string[] | undefined;
  readonly dir: string;
}

/** `DIR` or `LENS[,LENS]=DIR`. What stands before `=` counts as lenses only where it reads as their names. */
export function modelSources(): ValueType<readonly ModelSource[], true> {
  const item = { placeholder: "[LENS[,LENS]=]DIR", expects: "a folder, or LENS=FOLDER", parse: modelSource };
  return list(item, { environmentSeparator: /;/, mapping: true });
}

export interface LabelMapping {
  /** The lens whose labels are meant; undefined: every lens. */
  readonly lens: string | undefined;
  readonly from: string;
  /** Undefined: the label is dropped. */
  readonly to: string | undefined;
}

/**
 * `[LENS:]A=B`, `A=` to drop A. Tags such as `,` and `:` can be named: only a comma after which another `A=`
 * begins separates, and a lens is a name.
 */
export function labelMappings(): ValueType<readonly LabelMapping[], true> {
  const item = {
    placeholder: "[LENS:]A=B",
    expects: "of the form A=B, or A= to drop A",
    parse: labelMapping,
  };
  return list(item, { separator: /,(?=[^,=]+=)/, mapping: true });
}

export type Column = number | "upos" | "xpos";

export const labelColumn = {
  placeholder: "N|NAME",
  expects: "a column: 1 is the first, -1 the last, or upos or xpos",
  parse: column,
};

function modelSource(text: string): ModelSource | undefined {
  const [, names, rest] = /^((?:[\p{L}\p{N}_-]+,)*[\p{L}\p{N}_-]+)=(.*)$/su.exec(text) ?? [];
  const dir = rest ?? text;
  if (dir === "" || dir.includes("\0")) return undefined;
  return { lenses: names?.split(","), dir };
}

function labelMapping(text: string): LabelMapping | undefined {
  const [, lens, from, to] =
    /^(?:([\p{L}\p{N}_-]+):(?=[^=]|=[^=]*=))?(.[^=]*)=(.*)$/su.exec(text.trim()) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return { lens, from: from.trim(), to: to.trim() === "" ? undefined : to.trim() };
}

function column(text: string): Column | undefined {
  const name = text.trim().toLowerCase();
  if (name === "upos" || name === "xpos") return name;
  return /^-?[1-9]\d{0,3}$/.test(name) ? Number(name) : undefined;
}
