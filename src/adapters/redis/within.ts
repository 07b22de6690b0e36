/** How a command ended, as far as anybody waits for it. */
export type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "timeout" }
  /** `code` is one of Redis's error codes (`OOM`), one of the system's (`ECONNRESET`), or `CLOSED`. */
  | { readonly kind: "failed"; readonly code: string };

/**
 * Waits for a command for so long and no longer. Never rejects.
 *
 * When the time is up, what has come in already is read first: a process that was busy itself has no late answer to
 * complain about.
 */
export function within<T>(command: Promise<T>, milliseconds: number): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => setImmediate(() => resolve({ kind: "timeout" })), milliseconds);
    command.then(
      (value) => {
        clearTimeout(timer);
        resolve({ kind: "done", value });
      },
      (error: unknown) => {
        clearTimeout(timer);
        resolve({ kind: "failed", code: codeOf(error) });
      },
    );
  });
}

/**
 * The first word of what Redis says, where it is a code, else the system's code. Nothing more: the rest may quote a
 * command's arguments.
 */
export function codeOf(error: unknown): string {
  const { name, code, message } = (error ?? {}) as { name?: unknown; code?: unknown; message?: unknown };
  if (name === "ReplyError") return (/^[A-Z]{2,20}\b/.exec(String(message)) ?? ["ERR"])[0];
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : "CLOSED";
}
