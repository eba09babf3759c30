import type { EndStreamMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';

export function handleEndStream({ streams }: ClientSession, message: EndStreamMessage): void {
  streams.end(message);
}
