import type { ClientSession } from '../client-session.js';

export function handlePing(session: ClientSession): void {
  session.send({ kind: 'pong' });
}
