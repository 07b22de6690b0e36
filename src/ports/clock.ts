/** Time, as an argument. `now` never goes back and has no fixed beginning; `wall` is the calendar's and may jump. */
export interface Clock {
  /** Milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}
