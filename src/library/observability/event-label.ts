import type { HubEvent } from '../../protocol/cloud-event.js';
import type { HubHandler } from '../hubs/hub-handler.js';

/** Stands for user events that nobody handles, whose names clients invent. */
const UNHANDLED = '_other';
/** How a handler of all user events declares itself. */
const ANY = '*';

/**
 * The name of an event among so many as the application declares: a user event has that of its handler, `*` when a handler
 * takes any, `_other` when none does.
 */
export function eventLabelOf({ kind, context }: HubEvent, handler: HubHandler | undefined): string {
  if (kind !== 'user') return kind;
  if (!handler) return UNHANDLED;
  const name = context.eventName.toLowerCase();
  for (const declared of handler.events) {
    if (declared.kind === 'user' && declared.name.toLowerCase() === name) return declared.name;
  }
  return ANY;
}
