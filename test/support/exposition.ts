/** Reads Prometheus's text format 0.0.4 by its own rules, strictly, knowing nothing of the library that wrote it. */

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** @throws Error with the line that breaks the format. */
export function parseExposition(text: string): Family[] {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families: (Family & { samples: Sample[] })[] = [];
  let help: { name: string; help: string } | undefined;
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const said = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (said?.[1] === "HELP") help = { name: said[2]!, help: said[3]! };
    else if (said?.[1] === "TYPE") {
      if (help?.name !== said[2]) throw new Error(`TYPE without its HELP: ${line}`);
      if (families.some(({ name }) => name === said[2])) throw new Error(`twice: ${line}`);
      families.push({ ...help!, type: said[3]!, samples: [] });
    } else {
      const sample = parseSample(line);
      const family = families.at(-1);
      if (family === undefined || !belongs(sample.name, family)) throw new Error(`homeless: ${line}`);
      family.samples.push(sample);
    }
  }
  return families;
}

export function sampleOf(families: readonly Family[], name: string, labels: Record<string, string> = {}) {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return families
    .flatMap(({ samples }) => samples)
    .find((one) => one.name === name && JSON.stringify(Object.entries(one.labels).sort()) === wanted)?.value;
}

function belongs(name: string, family: Family): boolean {
  const ends = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
  return ends.some((end) => name === family.name + end);
}

function parseSample(line: string): Sample {
  const [, name, rest] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(.*)$/.exec(line) ?? [];
  if (name === undefined || rest === undefined) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  let at = 0;
  if (rest[0] === "{") {
    const pair = /(?:\{|,)([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/y;
    for (let found = pair.exec(rest); found !== null; found = pair.exec(rest)) {
      labels[found[1]!] = found[2]!.replace(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));
      at = pair.lastIndex;
    }
    if (rest[at++] !== "}") throw new Error(`labels do not end: ${line}`);
  }
  const value = /^ (Nan|NaN|[+-]Inf|[-+]?[\d.]+(?:e[-+]?\d+)?)$/.exec(rest.slice(at))?.[1];
  if (value === undefined) throw new Error(`no value: ${line}`);
  return { name, labels, value: Number(value.replace("Inf", "Infinity")) };
}
