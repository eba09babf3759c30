import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';

/**
 * Resolves when a client has had all that was written to it, and what it sent before it knew has been read; or when it has
 * gone.
 */
export function roundTrip(webSocket: WebSocket): Promise<void> {
  if (webSocket.readyState === webSocket.CLOSED) return Promise.resolve();
  const payload = randomBytes(16);
  return new Promise((resolve) => {
    const finish = (): void => {
      webSocket.off('pong', hear);
      webSocket.off('close', finish);
      resolve();
    };
    const hear = (echo: Buffer): void => {
      if (echo.equals(payload)) finish();
    };
    webSocket.on('pong', hear);
    webSocket.on('close', finish);
    webSocket.ping(payload);
  });
}
