import { on } from 'node:events';
import { WebSocket } from 'ws';

/** What the chat sends to everyone. */
export interface ReceivedChat {
  readonly from: string;
  readonly message: string;
}

/** A plain WebSocket that takes part in the chat: sends text, and reads what everyone receives, in order. */
export class ChatClient {
  private constructor(
    private readonly socket: WebSocket,
    private readonly frames: AsyncIterator<[Buffer]>,
  ) {}

  /** Resolves when the handshake is done, and rejects with its status when it is refused. */
  static async connect(url: string): Promise<ChatClient> {
    const socket = new WebSocket(url);
    const frames = on(socket, 'message', { close: ['close'] }) as AsyncIterator<[Buffer]>;
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new ChatClient(socket, frames);
  }

  send(data: string | Buffer): void {
    this.socket.send(data);
  }

  async next(): Promise<ReceivedChat> {
    const { value, done } = await this.frames.next();
    if (done) throw new Error('The connection was closed.');
    return JSON.parse(String(value[0])) as ReceivedChat;
  }

  /** Skips what comes before. */
  async until(message: string): Promise<ReceivedChat> {
    for (;;) {
      const received = await this.next();
      if (received.message === message) return received;
    }
  }

  async closed(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    await new Promise((resolve) => this.socket.once('close', resolve));
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed();
  }
}
