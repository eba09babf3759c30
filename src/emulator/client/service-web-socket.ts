import { AnnouncingWebSocket } from '../frames/announcing-web-socket.js';
import { CLOSES, type CloseReason } from './close-reasons.js';

const FRAME_ERRORS: ReadonlyMap<number | undefined, CloseReason> = new Map<number | undefined, CloseReason>(
  [CLOSES.invalidFrame, CLOSES.invalidUtf8, CLOSES.messageTooLarge].map((close) => [close.code, close]),
);

/**
 * The server's side of a WebSocket. `ws` closes by itself when a frame breaks the protocol, is not UTF-8 or is too large,
 * with a code alone; clients of the service get its words too.
 */
export class ServiceWebSocket extends AnnouncingWebSocket {
  /** Why a frame was not accepted; its close frame has been sent. */
  refusal?: CloseReason;

  override close(code?: number, reason?: string | Buffer): void {
    // Without a reason, `ws` closes for a frame it cannot accept; all others give one, if only an empty one.
    if (code !== undefined && reason === undefined) {
      this.refusal = FRAME_ERRORS.get(code) ?? { code, reason: '' };
      super.close(code, this.refusal.reason);
    } else {
      super.close(code, reason);
    }
  }
}
