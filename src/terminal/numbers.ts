/** Numbers as people read them: `1 240`, `12.4 k`, `0:21`. A plain space groups, so that a line can be searched. */

/** A whole number, its thousands set apart. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** At most about six characters: whole below 10 000, then `12.4 k`, `1.2 M`, `3.1 G`. */
export function compact(value: number): string {
  if (Math.round(value) < 10_000) return grouped(value);
  for (const [unit, size] of UNITS) {
    if (value / size < 999.95 || unit === "T") return `${(value / size).toFixed(1)} ${unit}`;
  }
  return grouped(value);
}

const UNITS = [
  ["k", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["T", 1e12],
] as const;

/** A rate with the digits that mean something: `0.42`, `5.2`, then as `compact`. */
export function rate(value: number): string {
  if (value > 0 && value < 0.995) return value.toFixed(2);
  return value < 9.95 ? value.toFixed(1) : compact(value);
}

/** Minutes and seconds, with hours from the first on: `0:21`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** A time that has passed: `0.85 s`, `12.4 s`, then as `clock`. */
export function elapsed(seconds: number): string {
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : clock(seconds);
}

/** `1 document`, `1 240 documents`. */
export function counted(count: number, singular: string): string {
  return `${grouped(count)} ${singular}${count === 1 ? "" : "s"}`;
}
