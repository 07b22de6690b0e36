/** What is handed to a process whose clock is to go wrong; see clock.ts. */
export interface ClockFault {
  readonly offsetMs: number;
  /** From now on; 1 is right. */
  readonly rate?: number;
}

/** Names the file with it. */
export const CLOCK_FILE = "FAULT_CLOCK";
