/** What is wrong with JSON that a zod definition refuses, in words of our own: zod's may quote the value. */
import type { z } from "zod";
import { nearest } from "./nearest.js";

/** Names the place: keys of foreign JSON may hold anything, so only what looks like a name is printed. */
export function placeOf({ path }: z.core.$ZodIssue): string {
  return path.length === 0 ? "the whole" : path.map(safeKey).join(".");
}

/** @param known keys that the definition has, for the nearest one to a key that it has not. */
export function complaint(issue: z.core.$ZodIssue, known: readonly string[] = []): string {
  switch (issue.code) {
    case "invalid_type":
      return `is missing or not of type ${issue.expected}`;
    case "invalid_value":
      return `is not one of ${issue.values.map(String).join(", ")}`;
    case "unrecognized_keys":
      return `holds a key that is not known: ${issue.keys.map((key) => withNearest(key, known)).join(", ")}`;
    case "too_small":
      if (issue.origin === "array" || issue.origin === "string") return "is empty";
      return issue.inclusive === false
        ? `is not more than ${issue.minimum}`
        : `is less than ${issue.minimum}`;
    case "too_big":
      return issue.inclusive === false
        ? `is not less than ${issue.maximum}`
        : `is more than ${issue.maximum}`;
    case "invalid_key":
      return "has a name that is not allowed";
    default:
      return "is not of the right form";
  }
}

function withNearest(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return meant === undefined ? safeKey(key) : `${safeKey(key)} (did you mean ${meant}?)`;
}

function safeKey(key: PropertyKey): string {
  return typeof key === "number" || /^[\w.-]{1,40}$/.test(String(key)) ? String(key) : "(a key)";
}
