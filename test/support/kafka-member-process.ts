/** A member of a consumer group in a process of its own, which can be stopped, blocked and killed. */
import { existsSync } from "node:fs";
import type { Delivery } from "../../src/ports/source.js";
import { textOf } from "./holding-intake.js";
import { openMember } from "./kafka-members.js";

export interface ToldDelivery {
  readonly value: string;
  readonly deaths: number;
  readonly unsure: boolean;
}

export type FromMember =
  | { readonly kind: "taken"; readonly delivery: ToldDelivery }
  | { readonly kind: "suspected" | "woke" | "assigned" | "commit-failed" };

export type MemberOrder =
  /** Documents whose number is smaller. */
  | { readonly kind: "finish"; readonly below: number }
  /** Holds up the event loop until that file is there, and then finishes. */
  | { readonly kind: "block"; readonly until: string; readonly below: number }
  | { readonly kind: "suspect"; readonly value: string };

const { bootstrap, topic, group, settings } = JSON.parse(process.argv[2] ?? "{}");
const tell = (message: FromMember) => void process.send?.(message);

const member = openMember(bootstrap, topic, group, settings, undefined, undefined, (event) => {
  if (event.kind === "assigned" || event.kind === "commit-failed") tell({ kind: event.kind });
});
const { intake, source } = member;
const { take } = intake;
intake.take = (delivery: Delivery) => {
  take(delivery);
  const { deaths, unsure = false } = delivery;
  tell({ kind: "taken", delivery: { value: textOf(delivery), deaths, unsure } });
};
const cell = new Int32Array(new SharedArrayBuffer(4));
const below = (bound: number) => void intake.finish((delivery) => Number(textOf(delivery)) < bound);

process.on("message", async (order: MemberOrder) => {
  switch (order.kind) {
    case "finish":
      below(order.below);
      break;
    case "block":
      while (!existsSync(order.until)) Atomics.wait(cell, 0, 0, 20);
      below(order.below);
      tell({ kind: "woke" });
      break;
    case "suspect":
      await source.suspect(intake.held.find((delivery) => textOf(delivery) === order.value)!);
      tell({ kind: "suspected" });
  }
});
