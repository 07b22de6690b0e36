import { nearest } from "../nearest.js";
import { type OptionDeclaration, variableOf } from "./option.js";
import { didYouMean, type Problem } from "./problems.js";
import type { Given, Settings } from "./resolve.js";

const PREFIX = "SPANMILL_";

/** What Kubernetes sets in every pod beside a service that is called spanmill. */
const SERVICE_LINK =
  /^SPANMILL_(?:\w+_)?(?:SERVICE_(?:HOST|PORT)(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)$/;

/**
 * Reads the variables of the options. An empty variable counts as not set; any other one that begins with
 * `SPANMILL_` and is no option is refused, save those that Kubernetes sets.
 */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  options: readonly OptionDeclaration[],
): { settings: Settings; problems: readonly Problem[] } {
  const byName = new Map(options.map((option) => [variableOf(option), option]));
  const settings = new Map<string, readonly Given[]>();
  const problems: Problem[] = [];
  for (const name of Object.keys(env).sort()) {
    const text = env[name];
    if (!name.startsWith(PREFIX) || text === undefined || text === "") continue;
    const option = byName.get(name);
    if (option !== undefined) {
      const given = option.value.split(text, "environment").map((part) => ({ text: part, where: name }));
      if (given.length > 0) settings.set(option.key, given);
    } else if (!SERVICE_LINK.test(name)) {
      const meant = nearest(
        name.slice(PREFIX.length),
        [...byName.keys()].map((known) => known.slice(PREFIX.length)),
      );
      const suggestion = didYouMean(meant === undefined ? undefined : PREFIX + meant);
      problems.push({
        code: "CONFIG_INVALID",
        message: `${name}: this environment variable is no option of spanmill${suggestion || "; unset it"}`,
      });
    }
  }
  return { settings, problems };
}
