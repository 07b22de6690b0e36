/**
 * The types of option values. Whatever the source (flag, environment, file), a value arrives as one or more
 * texts and is read by one grammar; defaults are written in it too.
 */

export interface ValueType<T, Many extends boolean = boolean> {
  /** What stands for the value in the help; empty for a switch, which takes none on the command line. */
  readonly placeholder: string;
  /** Completes "... is not". */
  readonly expects: string;
  /** The values there are, where they can be listed. */
  readonly known?: readonly string[];
  /** True where a value may be given several times. A type of many reads an empty list too. */
  readonly many: Many;
  /** True where the configuration file may hold a mapping; its entries become `key=value`. */
  readonly mapping: boolean;
  /** Cuts one text of a flag, or of a variable, where several values may stand in one. */
  split(text: string, source: "flag" | "environment"): readonly string[];
  read(texts: readonly string[]): Reading<T>;
}

/** The value, or the indices of the texts that are not understood. */
export type Reading<T> = { readonly value: T } | { readonly bad: readonly number[] };

interface Scalar<T> {
  readonly placeholder: string;
  readonly expects: string;
  readonly known?: readonly string[];
  /** Undefined where the text is not understood. */
  readonly parse: (text: string) => T | undefined;
}

/** One value; of several the last one counts, as command lines have it. */
export function one<T>(scalar: Scalar<T>): ValueType<T, false> {
  const { parse, ...rest } = scalar;
  return {
    ...rest,
    many: false,
    mapping: false,
    split: (text) => [text],
    read(texts) {
      const items = readEach(texts, parse);
      return "bad" in items ? items : { value: items.value.at(-1)! };
    },
  };
}

interface ListForm {
  /** What stands between the items of one flag; absent where an item may hold anything. */
  readonly separator?: RegExp;
  /** What stands between the items of a variable, which cannot be repeated as a flag can. */
  readonly environmentSeparator?: RegExp;
  readonly mapping?: true;
}

/** Values in the order given. */
export function list<T>(item: Scalar<T>, form: ListForm = {}): ValueType<readonly T[], true> {
  const { parse, ...rest } = item;
  return {
    ...rest,
    many: true,
    mapping: form.mapping ?? false,
    split: splitter(form),
    read: (texts) => readEach(texts, parse),
  };
}

/** A value by name, and the one for every name that is not listed. */
export interface Keyed<T, Otherwise = T | undefined> {
  readonly byName: ReadonlyMap<string, T>;
  readonly otherwise: Otherwise;
}

/** `VALUE`, `NAME=VALUE`, or several with commas between; in a mapping the name `*` stands for all others. */
export function keyed<T, Otherwise extends T | undefined>(
  name: string,
  item: Scalar<T>,
  otherwise: Otherwise,
): ValueType<Keyed<T, T | Otherwise>, true> {
  const { parse, ...rest } = item;
  return {
    ...rest,
    placeholder: `[${name}=]${item.placeholder}`,
    expects: `${item.expects}, or ${name}= and that`,
    many: true,
    mapping: true,
    split: splitter({ separator: /,/ }),
    read(texts) {
      const entries = readEach(texts, (text) => keyedEntry(text, parse));
      if ("bad" in entries) return entries;
      const byName = new Map<string, T>();
      let rest: T | Otherwise = otherwise;
      for (const [key, value] of entries.value) {
        if (key === "*") rest = value;
        else byName.set(key, value);
      }
      return { value: { byName, otherwise: rest } };
    },
  };
}

/** Any text but an empty one. */
export function word(placeholder: string, expects: string, pattern = /./su): Scalar<string> {
  return { placeholder, expects, parse: (text) => (pattern.test(text) ? text : undefined) };
}

export function path(placeholder: string): Scalar<string> {
  return word(placeholder, "a path", /^[^\0]+$/su);
}

/** One of the listed values, letter case aside. */
export function choice<const V extends string>(placeholder: string, known: readonly V[]): Scalar<V> {
  const byName = new Map(known.map((value) => [value.toLowerCase(), value]));
  return {
    placeholder,
    known,
    expects: `one of ${known.join(", ")}`,
    parse: (text) => byName.get(text.trim().toLowerCase()),
  };
}

/** On or off. */
export function toggle(): Scalar<boolean> {
  return {
    placeholder: "",
    expects: "true or false",
    parse: (text) => SWITCHES.get(text.trim().toLowerCase()),
  };
}

const SWITCHES = new Map([
  ...["true", "yes", "on", "1"].map((text) => [text, true] as const),
  ...["false", "no", "off", "0"].map((text) => [text, false] as const),
]);

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Said after the bounds where they surprise. */
  readonly note?: string;
  /** Also reads 3e-4. */
  readonly exponent?: true;
}

export function integer(placeholder: string, bounds: Bounds): Scalar<number> {
  return bounded(placeholder, "a whole number", bounds, /^[+-]?\d{1,15}$/);
}

export function number(placeholder: string, bounds: Bounds): Scalar<number> {
  const form = bounds.exponent ? /^[+-]?\d{1,15}(\.\d{0,15})?(e[+-]?\d{1,2})?$/i : DECIMAL;
  return bounded(placeholder, "a number", bounds, form);
}

const DECIMAL = /^[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})$/;

function bounded(
  placeholder: string,
  what: string,
  { min, max, note }: Bounds,
  form: RegExp,
): Scalar<number> {
  const limits = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return {
    placeholder,
    expects: `${what} ${limits}${note === undefined ? "" : ` (${note})`}`,
    parse(text) {
      const trimmed = text.trim();
      const value = Number(trimmed);
      return form.test(trimmed) && value >= min && value <= max ? value : undefined;
    },
  };
}

/** Bytes, from `65536`, `64KiB` (1024) or `64KB` (1000). */
export function size(placeholder: string, bounds: { min: string; max: string }): Scalar<number> {
  return quantity(placeholder, "a size", BYTES, "16MiB, 500kB or a number of bytes", bounds);
}

const BYTES = new Map([
  ["", 1],
  ["b", 1],
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
  ["kib", 2 ** 10],
  ["mib", 2 ** 20],
  ["gib", 2 ** 30],
]);

/** Milliseconds, from `250ms`, `30s`, `5m`, `2h`, `7d`. A bare number is refused: nobody can tell its unit. */
export function duration(placeholder: string, bounds: { min: string; max: string }): Scalar<number> {
  return quantity(placeholder, "a duration", MILLISECONDS, "250ms, 30s, 5m, 2h, 7d", bounds);
}

/** A time of the calendar, or one that is reckoned back from now. */
export type Moment =
  | { readonly kind: "at"; readonly time: number }
  | { readonly kind: "ago"; readonly milliseconds: number };

/** `2026-11-24`, `2026-11-24T08:30:00Z`, or `2h` for two hours ago. */
export function moment(placeholder: string): Scalar<Moment> {
  const ago = duration(placeholder, { min: "0ms", max: "36500d" });
  return {
    placeholder,
    expects: "a time (2026-11-24, 2026-11-24T08:30:00Z) or how long ago (30m, 2h, 7d)",
    parse(text) {
      const milliseconds = ago.parse(text);
      if (milliseconds !== undefined) return { kind: "ago", milliseconds };
      const time = DATE.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
      return Number.isNaN(time) ? undefined : { kind: "at", time };
    },
  };
}

/** Without a zone a time of day would mean another in each place. */
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

const MILLISECONDS = new Map([
  ["ms", 1],
  ["s", 1e3],
  ["m", 60e3],
  ["h", 3600e3],
  ["d", 86_400e3],
]);

function quantity(
  placeholder: string,
  what: string,
  units: ReadonlyMap<string, number>,
  example: string,
  bounds: { min: string; max: string },
): Scalar<number> {
  const measure = (text: string): number | undefined => {
    const [, amount, unit] = /^(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
    const factor = units.get(unit?.toLowerCase() ?? "?");
    return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
  };
  const min = measure(bounds.min)!;
  const max = measure(bounds.max)!;
  return {
    placeholder,
    expects: `${what} from ${bounds.min} to ${bounds.max} (${example})`,
    parse(text) {
      const value = measure(text);
      return value !== undefined && value >= min && value <= max ? value : undefined;
    },
  };
}

function readEach<T>(texts: readonly string[], parse: (text: string) => T | undefined): Reading<T[]> {
  const value: T[] = [];
  const bad: number[] = [];
  texts.forEach((text, index) => {
    const item = parse(text);
    if (item === undefined) bad.push(index);
    else value.push(item);
  });
  return bad.length > 0 ? { bad } : { value };
}

function keyedEntry<T>(text: string, parse: (text: string) => T | undefined): [string, T] | undefined {
  const equals = text.lastIndexOf("=");
  const name = equals < 0 ? "*" : text.slice(0, equals).trim();
  const value = parse(text.slice(equals + 1));
  return name === "" || value === undefined ? undefined : [name, value];
}

function splitter({ separator, environmentSeparator }: ListForm): ValueType<unknown>["split"] {
  return (text, source) => {
    const between = source === "environment" ? (environmentSeparator ?? separator) : separator;
    if (between === undefined) return [text];
    return text
      .split(between)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  };
}
