/**
 * What an answer's last decimals depend on beside the models: the version of ONNX Runtime and the processor's
 * family, which decides the kernels it takes.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Kernel families of ONNX Runtime's CPU provider, best first, by the flag Linux reports. */
const FAMILIES = ["amx_int8", "avx512_vnni", "avx_vnni", "avx512bw", "avx2", "asimddp", "asimd"];

export function runtimeIdentity(): string {
  return `onnxruntime-${runtimeVersion()} ${process.platform}-${process.arch}-${processorFamily()}`;
}

/** Read from the package, so that the main thread need not load the runtime. */
export function runtimeVersion(): string {
  const require = createRequire(import.meta.url);
  return (require("onnxruntime-node/package.json") as { version: string }).version;
}

export function processorFamily(): string {
  const flags = processorFlags();
  return FAMILIES.find((family) => flags.has(family)) ?? "generic";
}

function processorFlags(): ReadonlySet<string> {
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    return new Set(line?.split(/\s+/));
  } catch {
    return new Set();
  }
}
