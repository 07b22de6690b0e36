/** Flags beat environment beat file beat defaults; each option is taken whole from one source. */

import { nearest } from "../nearest.js";
import { type OptionDeclaration, propertyOf } from "./option.js";
import { didYouMean, type Problem, quote } from "./problems.js";

/** One text of a value, and the place it comes from, as a message names it. */
export interface Given {
  readonly text: string;
  readonly where: string;
}

/** What one source gives, by option key. */
export type Settings = ReadonlyMap<string, readonly Given[]>;

export interface Sources {
  readonly flags: Settings;
  readonly environment: Settings;
  readonly file: Settings;
}

export interface Resolved {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
}

/**
 * Reads the options of one command (`own`). What a stronger source overrides is checked as well, so that a
 * wrong file is found today and not when the flag is left out; there a value passes that any of `all`
 * understands, since commands may share a file. In `values` a key with a problem is missing.
 */
export function resolveOptions(
  own: readonly OptionDeclaration[],
  all: readonly OptionDeclaration[],
  sources: Sources,
): Resolved {
  const values: Record<string, unknown> = {};
  const problems: Problem[] = [];
  const inUse = new Set<readonly Given[]>();
  for (const option of own) {
    const { key } = option;
    const given = sources.flags.get(key) ?? sources.environment.get(key) ?? sources.file.get(key);
    if (given !== undefined) inUse.add(given);
    const texts = given?.map(({ text }) => text) ?? (option.default === undefined ? [] : [option.default]);
    const reading =
      texts.length === 0 && !option.value.many ? { value: undefined } : option.value.read(texts);
    if ("value" in reading) values[propertyOf(option)] = reading.value;
    else problems.push(...reading.bad.map((index) => badValue(option, given![index]!, sources)));
  }
  for (const settings of [sources.environment, sources.file]) {
    for (const [key, given] of settings)
      if (!inUse.has(given)) problems.push(...unused(key, given, all, sources));
  }
  return { values, problems };
}

function unused(
  key: string,
  given: readonly Given[],
  all: readonly OptionDeclaration[],
  sources: Sources,
): readonly Problem[] {
  const texts = given.map(({ text }) => text);
  const declared = all.filter((option) => option.key === key);
  const readings = declared.map((option) => option.value.read(texts));
  if (readings.some((reading) => "value" in reading)) return [];
  const first = readings[0];
  if (first === undefined || "value" in first) return [];
  return first.bad.map((index) => badValue(declared[0]!, given[index]!, sources));
}

function badValue(option: OptionDeclaration, given: Given, { flags }: Sources): Problem {
  const { expects, known } = option.value;
  const shown = option.secret ? "the value" : quote(given.text);
  // In NAME=VALUE it is the value that is chosen from a list.
  const chosen = option.value.mapping ? given.text.slice(given.text.lastIndexOf("=") + 1) : given.text;
  const meant = known === undefined ? undefined : nearest(chosen.trim(), known);
  const fromFlag = flags.get(option.key)?.includes(given) ?? false;
  return {
    code: fromFlag ? "USAGE" : "CONFIG_INVALID",
    message: `${given.where}: ${shown} is not ${expects}${didYouMean(meant)}`,
  };
}
