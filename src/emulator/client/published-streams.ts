import type { EndStreamMessage, StartStreamMessage, StreamDataMessage } from '../../protocol/client-message.js';
import type { MessageData } from '../../protocol/message-data.js';
import type { GroupDataMessage, StreamPosition } from '../../protocol/service-message.js';
import type { ClientConnection } from '../core/client-connection.js';
import type { ScheduledCall } from '../core/clock.js';
import type { StreamAckMessage, StreamClosedMessage, StreamNackMessage } from '../../protocol/service-message.js';

type StreamError = NonNullable<StreamClosedMessage['error']>;
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
/** [assumed] Ends of streams that a publisher who has come back hears of again. */
const MAX_REPEATED = 100;
const STARTED_ANEW = { name: 'Cancelled', message: 'The publisher started another stream of the same id.' };
// The official client ignores a message without a data type, the last one of a stream included; an empty text adds nothing.
const NO_DATA: MessageData = { kind: 'text', text: '' };

/** The streams that one connection publishes to groups [client-websocket 5.7]. */
export class PublishedStreams {
  readonly #streams = new Map<string, PublishedStream>();
  /** What the publisher was told last of streams that are over, oldest first. */
  readonly #closed = new Map<string, StreamClosedMessage>();

  constructor(
    private readonly connection: ClientConnection,
    private readonly answer: (message: StreamAnswer) => void,
  ) {}

  /** Whether there ever was one. */
  get hasPublished(): boolean {
    return this.#streams.size > 0 || this.#closed.size > 0;
  }

  start(message: StartStreamMessage): void {
    const { group, streamId, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS, noEcho } = message;
    const running = this.#streams.get(streamId);
    const problem = this.#findProblem(message, running);
    if (problem) {
      if (!running) return this.answer({ kind: 'streamClosed', streamId, error: problem });
      // The answer is the last word on that id, so what runs under it ends too. [assumed] BadRequest is for publishers only.
      return this.#close(streamId, problem, problem.name === 'Forbidden' ? problem : STARTED_ANEW);
    }
    running?.idleTimer.cancel();
    this.#closed.delete(streamId);
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
    const stream = this.#findWritable(streamId);
    if (!stream) return;
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
    if (!this.#findWritable(streamId)) return;
    this.#close(streamId, undefined, error && { name: 'UserError', ...error });
  }

  /** The publisher has come back. Nothing shows whether it had heard of the ends, so it hears of them again. */
  repeatClosed(): void {
    for (const message of this.#closed.values()) this.answer(message);
  }

  /** The connection has ended: receivers learn that nothing more comes. */
  cancelAll(): void {
    for (const streamId of [...this.#streams.keys()]) {
      this.#finish(streamId, { name: 'Cancelled', message: 'The publisher of the stream has disconnected.' });
    }
  }

  #findProblem(message: StartStreamMessage, running: PublishedStream | undefined): StreamError | undefined {
    const { group, streamId, idleTimeoutMs } = message;
    if (!this.connection.permissions.maySendTo(group)) return forbidden(group);
    if (idleTimeoutMs !== undefined && idleTimeoutMs <= 0) return badRequest('idleTimeoutMs must be greater than 0.');
    if (!running && this.#streams.size >= MAX_STREAMS) {
      return badRequest(`A connection publishes at most ${MAX_STREAMS} streams at a time.`);
    }
    // [assumed] A start that is repeated before any data is the same start: its answer may have been lost.
    if (running && (running.group !== group || running.expectedSequenceId > 1n)) {
      return badRequest(`The stream '${streamId}' was active already; now it has ended.`);
    }
    return undefined;
  }

  /** Undefined: the publisher has been told why not. */
  #findWritable(streamId: string): PublishedStream | undefined {
    const stream = this.#streams.get(streamId);
    if (!stream) {
      const error = { name: 'StreamNotFound', message: `The stream '${streamId}' is not active.` };
      this.answer({ kind: 'streamClosed', streamId, error });
      return undefined;
    }
    if (this.connection.permissions.maySendTo(stream.group)) return stream;
    this.#close(streamId, forbidden(stream.group));
    return undefined;
  }

  #startIdleTimer(streamId: string, idleTimeoutMs: number): ScheduledCall {
    return this.connection.hub.clock.schedule(idleTimeoutMs, () =>
      this.#close(streamId, {
        name: 'IdleTimeout',
        message: 'Nothing was sent within the idle timeout of the stream.',
      }),
    );
  }

  /** Ends the stream for its receivers and its publisher. */
  #close(streamId: string, error?: StreamError, errorForReceivers: StreamPosition['error'] = error): void {
    this.#finish(streamId, errorForReceivers);
    const message: StreamClosedMessage = { kind: 'streamClosed', streamId, ...(error && { error }) };
    this.#closed.set(streamId, message);
    if (this.#closed.size > MAX_REPEATED) this.#closed.delete(this.#closed.keys().next().value!);
    this.answer(message);
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
}

function forbidden(group: string): StreamError {
  return { name: 'Forbidden', message: `The client does not have permission to send to group '${group}'.` };
}

function badRequest(message: string): StreamError {
  return { name: 'BadRequest', message };
}
