/** Options on how a run is seen: its log, its probes and metrics, its traces. */
import type { OptionDeclaration } from "../option.js";
import { choice, integer, one, word } from "../values.js";

export const OPERATION_OPTIONS = [
  {
    key: "log.level",
    value: one(choice("LEVEL", ["debug", "info", "warn", "error", "fatal", "silent"])),
    default: "info",
    group: "Operations",
    commands: ["run"],
    doc: "The least level of the lines on standard error; debug has a line a document.",
  },
  {
    key: "probes.port",
    value: one(integer("PORT", { min: 0, max: 65_535, note: "0 takes one that is free" })),
    absent: "no probes",
    group: "Operations",
    commands: ["run"],
    doc: "Answers /livez, /readyz and /metrics over HTTP on this port.",
  },
  {
    key: "probes.host",
    value: one(word("HOST", "an address or a host name", /^[\w.:-]{1,255}$/)),
    default: "127.0.0.1",
    group: "Operations",
    commands: ["run"],
    doc: "The address on which the probes listen; 0.0.0.0 lets others than this machine ask.",
  },
  {
    key: "traces",
    value: one(choice("HOW", ["none", "document", "batch"])),
    default: "document",
    group: "Operations",
    commands: ["run"],
    doc: "Spans for an OpenTelemetry SDK, where the process has one: each document, or those of a partition together.",
  },
  {
    key: "instance",
    value: one(word("NAME", "a name", /^[\w.:/@-]{1,200}$/)),
    absent: "the machine's name and the number of the process",
    group: "Operations",
    commands: ["run"],
    doc: "What tells this worker from others in the log.",
  },
] as const satisfies readonly OptionDeclaration[];
