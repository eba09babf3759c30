import WebSocket from 'ws';

/**
 * The server's side of a WebSocket. Emits `closing` before its close frame is sent, whoever wished for it: nothing may be
 * written behind that [RFC 6455 5.5.1].
 */
export class AnnouncingWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    this.emit('closing');
    super.close(code, reason);
  }
}
