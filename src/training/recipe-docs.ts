/** The keys of a recipe as a Markdown table, for README.md. */
import { markdownTable } from "../config/docs.js";
import { RECIPE_ROOMS } from "./recipe-schema.js";

export function recipeTable(): string {
  const rows = Object.entries(RECIPE_ROOMS).flatMap(([room, keys]) =>
    Object.entries(keys).map(([key, schema]) => {
      const absent = schema.safeParse(undefined);
      const fallback = absent.success ? written(absent.data) : "must be given";
      return [`\`${room}${key}\``, fallback, schema.description ?? ""];
    }),
  );
  return markdownTable(["key", "default", "what it says"], rows);
}

/** As it would stand in the file; nothing where there is nothing, or a room of its own. */
function written(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "" : `\`[${value.join(", ")}]\``;
  return value === undefined || typeof value === "object" ? "" : `\`${value}\``;
}
