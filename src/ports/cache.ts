/** Answers for blocks that were computed before. A cache may forget or fail; it never changes an answer. */
export interface Cache {
  /**
   * @param keys 32 bytes each. @returns for each key its value, or undefined. Never rejects: trouble is a miss.
   */
  get(keys: readonly Buffer[]): Promise<readonly (Buffer | undefined)[]>;
  /** Never rejects, and may be left unawaited. */
  set(entries: readonly (readonly [key: Buffer, value: Buffer])[]): Promise<void>;
  close(): Promise<void>;
}
