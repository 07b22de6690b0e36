/** An intake that holds what it is given until the test finishes it. */
import type { Delivery, Intake } from "../../src/ports/source.js";

export interface HoldingIntake extends Intake {
  /** In the order of arrival, until finished. */
  readonly held: readonly Delivery[];
  /** All that ever came. */
  readonly taken: readonly Delivery[];
  /** Finishes one, or those that the test picks; makes room. */
  finish(which?: (delivery: Delivery) => boolean): Delivery[];
  /** From now on finishes each one when it comes. */
  finishAtOnce(): void;
}

/** @param size most deliveries held before there is no room */
export function holdingIntake(size = Number.POSITIVE_INFINITY): HoldingIntake {
  let held: Delivery[] = [];
  const taken: Delivery[] = [];
  let atOnce = false;
  let waiting: { promise: Promise<void>; keep: () => void } | undefined;
  const finish = (which: (delivery: Delivery) => boolean = () => true): Delivery[] => {
    const picked = held.filter(which);
    held = held.filter((delivery) => !picked.includes(delivery));
    for (const delivery of picked) delivery.done();
    waiting?.keep();
    waiting = undefined;
    return picked;
  };
  return {
    get held() {
      return held;
    },
    taken,
    finish,
    finishAtOnce: () => {
      atOnce = true;
      finish();
    },
    room: () => {
      if (held.length < size) return undefined;
      if (waiting === undefined) {
        let keep: () => void = () => undefined;
        const promise = new Promise<void>((resolve) => {
          keep = resolve;
        });
        waiting = { promise, keep };
      }
      return waiting.promise;
    },
    take: (delivery) => {
      if (held.length >= size) throw new Error("taken without room");
      taken.push(delivery);
      if (atOnce) delivery.done();
      else held.push(delivery);
    },
  };
}

export function placeOf({ message: { place } }: Delivery): string {
  return `${place.topic}/${place.partition}/${place.offset}`;
}

export function textOf({ message }: Delivery): string {
  return message.value?.toString() ?? "";
}
