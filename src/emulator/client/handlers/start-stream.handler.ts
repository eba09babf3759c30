import type { StartStreamMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';

export function handleStartStream({ streams }: ClientSession, message: StartStreamMessage): void {
  streams.start(message);
}
