import { fileURLToPath } from "node:url";

/** The folder of the model that is committed with the code, seen from the built file. */
export const BUILT_IN_MODEL = fileURLToPath(new URL("../../../../models/english", import.meta.url));
