/**
 * kafkajs has no callback before partitions are taken away, but it joins again only after all handlers are over. So a
 * handler that learns of a rebalance, from its heartbeat, waits here for what is in flight and commits.
 */
import { type Desk, tickOf } from "./desk.js";

/**
 * One drain for all handlers. Never rejects.
 *
 * @param heartbeat goes on while we wait: the broker answers REBALANCE_IN_PROGRESS and still counts it, else a drain
 * longer than the session would put us out.
 */
export function drain(desk: Desk, heartbeat: () => Promise<void>): Promise<void> {
  desk.draining ??= drainOnce(desk, heartbeat);
  desk.waiting.wake();
  return desk.draining;
}

async function drainOnce(desk: Desk, heartbeat: () => Promise<void>): Promise<void> {
  const { assignment, clock, settings } = desk;
  const began = clock.now();
  const before = assignment.open();
  const spent = () => clock.now() - began;
  while (assignment.open() > 0 && spent() < settings.drainTimeout) {
    await desk.waiting.pause(Math.min(tickOf(settings), settings.drainTimeout - spent()));
    if (!(await stillMember(heartbeat))) break;
  }
  await desk.commits.flush();
  desk.report({ kind: "drained", before, left: assignment.open(), ms: Math.round(spent()) });
}

async function stillMember(heartbeat: () => Promise<void>): Promise<boolean> {
  try {
    await heartbeat();
    return true;
  } catch (error) {
    return isRebalance(error);
  }
}

/** The one answer at which a drain helps: what is committed now still counts. */
export function isRebalance(error: unknown): boolean {
  return (error as { type?: unknown } | undefined)?.type === "REBALANCE_IN_PROGRESS";
}
