/** To be loaded first by a process whose code is edited; see edits.ts. */
import { register } from "node:module";
import { EDITS } from "./edits.js";

register("./edit-hooks.js", import.meta.url, { data: JSON.parse(process.env[EDITS] ?? "[]") });
