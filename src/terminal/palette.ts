/**
 * Colours for labels. The hues are those of Okabe and Ito (Color Universal Design, 2008), which people with any
 * colour vision tell apart; colour is never the only sign, since the label is printed too. Every pair of text and
 * ground that is set here reaches a contrast of 4.5 (WCAG 2 AA); `ink` stands on the terminal's own ground, so it
 * is of the one luminance that reaches 4.5 on black and on white.
 */
import type { ColorDepth } from "./traits.js";

/** Parameters of SGR sequences (`ESC [ … m`), for `paint`; empty for no change. */
export interface LabelStyle {
  /** Text inside a span. */
  readonly surface: string;
  /** The label that follows it. */
  readonly badge: string;
  /** Rules, bars and labels on the terminal's own ground. */
  readonly ink: string;
}

type Rgb = readonly [red: number, green: number, blue: number];

interface Hue {
  readonly rgb: Rgb;
  /** The nearest of the 16 colours, whose shades are the terminal's choice: 30 + this, 90 + this when bright. */
  readonly ansi: number;
  /** A light and a dark shade in the 6 x 6 x 6 cube, chosen by eye: the nearest ones often turn grey. */
  readonly cube: readonly [light: number, dark: number];
}

const HUES = {
  skyBlue: { rgb: [86, 180, 233], ansi: 6, cube: [153, 24] },
  orange: { rgb: [230, 159, 0], ansi: 3, cube: [222, 94] },
  bluishGreen: { rgb: [0, 158, 115], ansi: 2, cube: [115, 23] },
  reddishPurple: { rgb: [204, 121, 167], ansi: 5, cube: [218, 89] },
  yellow: { rgb: [240, 228, 66], ansi: 3, cube: [228, 58] },
  blue: { rgb: [0, 114, 178], ansi: 4, cube: [74, 18] },
  vermilion: { rgb: [213, 94, 0], ansi: 1, cube: [209, 88] },
} as const satisfies Record<string, Hue>;

/** Labels that most users see first keep hues that differ most, whatever their case. */
const PINNED: ReadonlyMap<string, Hue> = new Map<string, Hue>([
  ...["PER", "PERSON"].map((label) => [label, HUES.orange] as const),
  ...["ORG", "ORGANIZATION", "ORGANISATION"].map((label) => [label, HUES.skyBlue] as const),
  ...["LOC", "LOCATION", "GPE"].map((label) => [label, HUES.bluishGreen] as const),
  ["MISC", HUES.reddishPurple],
  ["NP", HUES.blue],
  ["VP", HUES.vermilion],
  ["PP", HUES.bluishGreen],
]);

export const BOLD = "1";

/** Grey of contrast 4.5 on black and on white. */
export function muted(color: ColorDepth): string {
  if (color === "none") return "";
  if (color === "truecolor") return "38;2;118;118;118";
  return color === "256" ? "38;5;243" : "2";
}

/** `uncertain` spans lose their ground and are underlined: less weight, and told apart without colour vision. */
export function labelStyle(label: string, color: ColorDepth, uncertain = false): LabelStyle {
  const key = label.toUpperCase();
  const hue = PINNED.get(key) ?? HASHED[hash(key) % HASHED.length]!;
  if (color === "none") return { surface: "", badge: "", ink: "" };
  if (color === "16") {
    const ink = `3${hue.ansi}`;
    return uncertain
      ? { surface: "4", badge: "2", ink }
      : { surface: `30;10${hue.ansi}`, badge: `1;9${hue.ansi};40`, ink };
  }
  const ink = `38;${(color === "256" ? code256 : codeRgb)(INKS.get(hue)!)}`;
  if (uncertain) return { surface: "4", badge: ink, ink };
  if (color === "256") {
    const [light, dark] = hue.cube;
    return { surface: `38;5;16;48;5;${light}`, badge: `1;38;5;231;48;5;${dark}`, ink };
  }
  return {
    surface: `38;2;0;0;0;48;${codeRgb(mix(hue.rgb, WHITE, 0.45))}`,
    badge: `1;38;2;255;255;255;48;${codeRgb(mix(hue.rgb, BLACK, 0.5))}`,
    ink,
  };
}

/** Wraps text in an SGR sequence and its reset. The text holds no line end and no escape. */
export function paint(sgr: string, text: string): string {
  return sgr === "" || text === "" ? text : `\u001b[${sgr}m${text}\u001b[0m`;
}

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

const HASHED: readonly Hue[] = Object.values(HUES);

const INKS: ReadonlyMap<Hue, Rgb> = new Map(HASHED.map((hue) => [hue, onAnyGround(hue.rgb)]));

/** FNV-1a over UTF-16 units: the same label has the same colour in every run. */
function hash(label: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) value = Math.imul(value ^ label.charCodeAt(i), 0x01000193);
  // The low bits of FNV mix poorly on short strings; fold the high ones in.
  return (value ^ (value >>> 16)) >>> 0;
}

function codeRgb(rgb: Rgb): string {
  return `2;${rgb.map(Math.round).join(";")}`;
}

/** The nearest colour of the 6 x 6 x 6 cube; the first 16 are left out, since users redefine them. */
function code256(rgb: Rgb): string {
  const levels = rgb.map((value) => (value < 48 ? 0 : value < 115 ? 1 : Math.floor((value - 35) / 40)));
  return `5;${16 + 36 * levels[0]! + 6 * levels[1]! + levels[2]!}`;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => from[i]! + (to[i]! - from[i]!) * share) as unknown as Rgb;
}

/** The colour of this hue whose contrast with black equals that with white: relative luminance 0.179. */
function onAnyGround(rgb: Rgb): Rgb {
  const ground = luminance(rgb) > 0.179 ? BLACK : WHITE;
  let [low, high] = [0, 1];
  for (let step = 0; step < 12; step++) {
    const middle = (low + high) / 2;
    const passed = luminance(mix(rgb, ground, middle)) > 0.179 === luminance(rgb) > 0.179;
    if (passed) low = middle;
    else high = middle;
  }
  return mix(rgb, ground, high);
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(rgb: Rgb): number {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
