// Rewrites the tables in Markdown files that are made from the options, the exit codes and the keys of a recipe.
//   node scripts/docs.mjs [--check] [FILES...]     (README.md; build first)
// With --check nothing is written, and the exit status is 1 where a file is not up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { rewriteDocs } from "../dist/src/config/docs.js";
import { recipeTable } from "../dist/src/training/recipe-docs.js";

const args = process.argv.slice(2);
const check = args.includes("--check");
const named = args.filter((arg) => arg !== "--check");
for (const file of named.length > 0 ? named : ["README.md"]) {
  const before = readFileSync(file, "utf8");
  const after = rewriteDocs(before, recipeTable);
  if (after === before) continue;
  if (check) {
    console.error(
      `${file}: the generated tables are out of date; run \`npm run build && node scripts/docs.mjs\``,
    );
    process.exitCode = 1;
  } else {
    writeFileSync(file, after);
    console.error(`${file}: written`);
  }
}
