import type { StreamDataMessage } from '../../../protocol/client-message.js';
import type { ClientSession } from '../client-session.js';

export function handleStreamData({ streams }: ClientSession, message: StreamDataMessage): void {
  streams.write(message);
}
