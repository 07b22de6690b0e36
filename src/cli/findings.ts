/** What was found where something was looked at, for people and for programs. */
import type { Finding } from "../compose/finding.js";
import { EXIT } from "../errors.js";

const MARKS = { ok: "ok     ", warning: "warning", failed: "FAILED " };

export function findingLine({
  check,
  status,
  finding,
}: Pick<Finding, "status" | "finding"> & { check: string }) {
  return `${MARKS[status]}  ${check}: ${finding}`;
}

/** With the code of the failure in place of the failure. */
export function plainFinding({ error, ...finding }: Finding) {
  return error === undefined ? finding : { ...finding, code: error.code };
}

/** That of the first failure. */
export function statusOf(findings: readonly Finding[]): number {
  return findings.find(({ error }) => error !== undefined)?.error?.exitCode ?? EXIT.ok;
}
