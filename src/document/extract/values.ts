/** Values of JSON fields that are no text: languages and times. Null and absence are nothing, not a mistake. */
import { LAST_TIME } from "../place.js";
import { kindOf } from "./json.js";

type Read<Value> = { readonly value: Value } | { readonly wrong: string } | undefined;

/** A language tag of BCP 47 by its shape alone; underscores become hyphens. */
export function languageOf(value: unknown): Read<string> {
  if (value == null || value === "") return undefined;
  if (typeof value !== "string") return { wrong: `${kindOf(value)}, not a language tag` };
  const tag = value.replaceAll("_", "-");
  return LANGUAGE.test(tag) ? { value: tag } : { wrong: "a string that is no language tag" };
}

/** To milliseconds since 1970. A number below 1e11 counts seconds: as milliseconds it would end in March 1973. */
export function timeOf(value: unknown): Read<number> {
  if (value == null || value === "") return undefined;
  if (typeof value === "number") {
    const milliseconds = Math.floor(Math.abs(value) < 1e11 ? value * 1000 : value);
    return inRange(milliseconds) ? { value: milliseconds } : { wrong: "a number that is no time" };
  }
  if (typeof value !== "string") return { wrong: `${kindOf(value)}, not a time` };
  const milliseconds = RFC3339.test(value) ? Date.parse(value.replace(" ", "T")) : Number.NaN;
  return inRange(milliseconds)
    ? { value: milliseconds }
    : { wrong: "a string that is no RFC 3339 time, such as 2026-03-01T09:30:00Z" };
}

/** Years 1970 to 9999: what RFC 3339 can write. NaN is not in it. */
function inRange(milliseconds: number): boolean {
  return milliseconds >= 0 && milliseconds <= LAST_TIME;
}

const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,7}$/;

/** With a zone: without one a time is a different instant on every machine. */
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
