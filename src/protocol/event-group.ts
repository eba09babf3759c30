import type { HubEvent } from './cloud-event.js';

/** Tells a user event from a system event of the same name. */
export function eventGroupOf(kind: HubEvent['kind']): 'user' | 'group' | 'system' {
  if (kind === 'user') return 'user';
  return kind === 'joined' || kind === 'left' ? 'group' : 'system';
}
