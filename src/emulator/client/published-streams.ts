import type { EndStreamMessage, StartStreamMessage, StreamDataMessage } from '../../protocol/client-message.js';
import type { MessageData } from '../../protocol/message-data.js';
import type { GroupDataMessage, StreamPosition } from '../../protocol/service-message.js';
import type { ClientConnection } from '../core/client-connection.js';
import type { ScheduledCall } from '../core/clock.js';
import type { StreamAckMessage, StreamClosedMessage, StreamNackMessage } from '../../protocol/service-message.js';

type StreamAnswer = StreamAckMessage | StreamNackMessage | StreamClosedMessage;

interface PublishedStream {
  readonly group: string;
  readonly noEcho: boolean;
  readonly idleTimeoutMs: number;
  expectedSequenceId: bigint;
  idleTimer: ScheduledCall;
}

const DEFAULT_IDLE_TIMEOUT_MS = 300_000;
/** [assumed] */
const MAX_STREAMS = 100;
// The official client ignores a message without a data type, the last one of a stream included; an empty text adds nothing.
const NO_DATA: MessageData = { kind: 'text', text: '' };

/** The streams that one connection publishes to groups [client-websocket 5.7]. */
export class PublishedStreams {
  readonly #streams = new Map<string, PublishedStream>();

  constructor(
    private readonly connection: ClientConnection,
    private readonly answer: (message: StreamAnswer) => void,
  ) {}

  get size(): number {
    return this.#streams.size;
  }

  start({ group, streamId, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS, noEcho }: StartStreamMessage): void {
    if (!this.connection.permissions.maySendTo(group)) {
      return this.#refuse(streamId, 'Forbidden', `The client does not have permission to send to group '${group}'.`);
    }
    if (idleTimeoutMs <= 0) return this.#refuse(streamId, 'BadRequest', 'idleTimeoutMs must be greater than 0.');
    if (this.#streams.has(streamId)) {
      return this.#refuse(streamId, 'BadRequest', `The stream '${streamId}' is active already.`);
    }
    if (this.#streams.size >= MAX_STREAMS) {
      return this.#refuse(streamId, 'BadRequest', `A connection publishes at most ${MAX_STREAMS} streams at a time.`);
    }
    this.#streams.set(streamId, {
      group,
      noEcho,
      idleTimeoutMs,
      expectedSequenceId: 1n,
      idleTimer: this.#startIdleTimer(streamId, idleTimeoutMs),
    });
    this.#acknowledge(streamId, 1n);
  }

  write({ streamId, sequenceId, data }: StreamDataMessage): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return this.#refuseUnknown(streamId);
    stream.idleTimer.cancel();
    stream.idleTimer = this.#startIdleTimer(streamId, stream.idleTimeoutMs);
    if (sequenceId === undefined || data === undefined) return;
    if (sequenceId > stream.expectedSequenceId) {
      return this.answer({
        kind: 'streamNack',
        streamId,
        name: 'InvalidSequenceId',
        message: `The stream expects the sequence id ${stream.expectedSequenceId}.`,
        expectedSequenceId: stream.expectedSequenceId,
      });
    }
    if (sequenceId === stream.expectedSequenceId) {
      stream.expectedSequenceId++;
      this.#publish(stream, data, { streamId, sequenceId });
    }
    this.#acknowledge(streamId, stream.expectedSequenceId);
  }

  end({ streamId, error }: EndStreamMessage): void {
    if (!this.#streams.has(streamId)) return this.#refuseUnknown(streamId);
    this.#finish(streamId, error && { name: 'UserError', ...error });
    this.answer({ kind: 'streamClosed', streamId });
  }

  /** The connection has ended: receivers learn that nothing more comes. */
  cancelAll(): void {
    for (const streamId of [...this.#streams.keys()]) {
      this.#finish(streamId, { name: 'Cancelled', message: 'The publisher of the stream has disconnected.' });
    }
  }

  #startIdleTimer(streamId: string, idleTimeoutMs: number): ScheduledCall {
    return this.connection.hub.clock.schedule(idleTimeoutMs, () => {
      const error = { name: 'IdleTimeout', message: 'Nothing was sent within the idle timeout of the stream.' };
      this.#finish(streamId, error);
      this.answer({ kind: 'streamClosed', streamId, error });
    });
  }

  #finish(streamId: string, error: StreamPosition['error']): void {
    const stream = this.#streams.get(streamId);
    if (!stream) return;
    this.#streams.delete(streamId);
    stream.idleTimer.cancel();
    this.#publish(stream, NO_DATA, {
      streamId,
      sequenceId: stream.expectedSequenceId,
      endOfStream: true,
      ...(error && { error }),
    });
  }

  #publish({ group, noEcho }: PublishedStream, data: MessageData, stream: StreamPosition): void {
    const { userId, hub } = this.connection;
    const message: GroupDataMessage = {
      kind: 'groupData',
      group,
      data,
      stream,
      ...(userId !== undefined && { fromUserId: userId }),
    };
    hub.sendToGroup(message, noEcho ? { sender: this.connection } : undefined);
  }

  #acknowledge(streamId: string, expectedSequenceId: bigint): void {
    this.answer({ kind: 'streamAck', streamId, expectedSequenceId });
  }

  #refuseUnknown(streamId: string): void {
    this.#refuse(streamId, 'StreamNotFound', `The stream '${streamId}' is not active.`);
  }

  #refuse(streamId: string, name: string, message: string): void {
    this.answer({ kind: 'streamClosed', streamId, error: { name, message } });
  }
}
