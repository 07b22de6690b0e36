/** Loaded before the command line, as an OpenTelemetry SDK would be: at the end, all spans are in the file `SPANS`. */
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { trace } from "@opentelemetry/api";
import { recordingProvider } from "./recorded-spans.js";

if (isMainThread) {
  const { provider, spans } = recordingProvider();
  trace.setGlobalTracerProvider(provider);
  process.on("exit", () => writeFileSync(process.env.SPANS!, JSON.stringify(spans)));
}
