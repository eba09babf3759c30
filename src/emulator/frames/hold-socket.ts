import type { WebSocket } from 'ws';
import type { FrameQueue } from './frame-queue.js';

/** Returns what releases the socket; `onGone` is called when it is closed before that. */
export function holdSocket(webSocket: WebSocket, queue: FrameQueue, onGone: () => void): () => void {
  const release = queue.hold();
  webSocket.once('close', onGone);
  return () => {
    webSocket.off('close', onGone);
    release();
  };
}
