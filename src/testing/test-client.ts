import { clearTimeout, setTimeout } from 'node:timers';
import type {
  OnGroupDataMessageArgs,
  OnServerDataMessageArgs,
  SendMessageError,
  WebPubSubClient,
  WebPubSubClientProtocol,
} from '@azure/web-pubsub-client';
import { sayMore } from './failure-reasons.js';

/**
 * Who connects, and how.
 *
 * @publicApi
 */
export interface TestClientOptions {
  /** Default: anonymous; the hub must allow it or the `connect` handler name the user. */
  userId?: string | undefined;
  /** Default: joining any group and sending to any. */
  roles?: string[] | undefined;
  /** Groups that the client is in from the start. Default: none. */
  groups?: string[] | undefined;
  /** Other claims of its access token. */
  claims?: Record<string, string | string[]> | undefined;
  /** Default: `json.webpubsub.azure.v1`; `reliable` takes the subprotocol that recovers a lost socket. */
  subprotocol?: 'json' | 'reliable' | undefined;
}

/**
 * A message that a test client received, as the official client hands it on: `kind` is `serverData` or `groupData`.
 *
 * @publicApi
 */
export type ReceivedMessage = OnServerDataMessageArgs['message'] | OnGroupDataMessageArgs['message'];

/** Who waits for a message. */
interface Waiting {
  take(message: ReceivedMessage): void;
  giveUp(reason: Error): void;
}

/** What a test service knows of what its clients are not told. */
export interface ClientErrors {
  /** Why an event failed, and nothing when that is not certain. */
  explainEvent(connectionId: string, ackId: number): string | undefined;
  /** Why no message may ever come. */
  explainSilence(): string | undefined;
}

/** Shorter than that of jest and Vitest with a whole test, which is 5 seconds. */
const PATIENCE_MS = 3_000;

/**
 * An official client with a queue of what it received, so that a test reads as a dialogue: send, then `await next()`.
 *
 * @publicApi
 */
export class TestClient {
  /** The official client itself: `sendEvent`, `joinGroup`, `sendToGroup` and the rest. */
  readonly client: WebPubSubClient;
  readonly connectionId: string;
  readonly userId: string | undefined;
  readonly #received: ReceivedMessage[] = [];
  readonly #waiting = new Set<Waiting>();
  readonly #errors: ClientErrors | undefined;
  #isStopped = false;
  /** Why no more messages come. */
  #ending?: string;

  private constructor(
    client: WebPubSubClient,
    connectionId: string,
    userId: string | undefined,
    errors: ClientErrors | undefined,
  ) {
    this.client = client;
    this.#errors = errors;
    this.connectionId = connectionId;
    this.userId = userId;
  }

  /** Resolves when the service has said that the client is connected; rejects with the reason when it refuses. */
  static async connect(
    url: string,
    subprotocol: TestClientOptions['subprotocol'],
    errors?: ClientErrors,
  ): Promise<TestClient> {
    const { WebPubSubClient, WebPubSubJsonProtocol, WebPubSubJsonReliableProtocol } = await loadClientPackage();
    const protocol: WebPubSubClientProtocol =
      subprotocol === 'reliable' ? WebPubSubJsonReliableProtocol() : WebPubSubJsonProtocol();
    const client = new WebPubSubClient(url, {
      protocol,
      autoReconnect: subprotocol === 'reliable',
      // The timers of keep-alive outlive a stopped client by up to 40 seconds, and a test process with them.
      keepAliveIntervalInMs: 0,
      keepAliveTimeoutInMs: 0,
      // A message that was refused is refused again: repeated for seconds, it would run into the patience of a test.
      messageRetryOptions: { maxRetries: 0 },
    });
    // Messages may come with the very bytes that say the client is connected.
    const early: ReceivedMessage[] = [];
    let deliver: (message: ReceivedMessage) => void = (message) => early.push(message);
    client.on('server-message', ({ message }) => deliver(message));
    client.on('group-message', ({ message }) => deliver(message));
    const connected = new Promise<{ connectionId: string; userId?: string | null }>((resolve, reject) => {
      client.on('connected', resolve);
      client.on('disconnected', ({ message }) =>
        reject(new Error(`The service ended the connection: ${message?.message}`)),
      );
    });
    connected.catch(() => {});
    await client.start();
    const { connectionId, userId } = await connected;
    const testClient = new TestClient(client, connectionId, userId ?? undefined, errors);
    deliver = (message) => testClient.#receive(message);
    early.forEach(deliver);
    let lastWords: string | undefined;
    client.on('disconnected', ({ message }) => (lastWords = message?.message));
    client.on('stopped', () => testClient.#finish(lastWords));
    testClient.#explainFailedEvents();
    return testClient;
  }

  /** Messages that nobody has taken yet, oldest first. */
  get received(): readonly ReceivedMessage[] {
    return this.#received;
  }

  /**
   * The next message, waiting for it when there is none. Rejects after `timeoutMs` (default 3 000), and at once when the
   * client has been disconnected for good, so that a test that expects too much says so.
   */
  next({ timeoutMs = PATIENCE_MS }: { timeoutMs?: number | undefined } = {}): Promise<ReceivedMessage> {
    const message = this.#received.shift();
    if (message) return Promise.resolve(message);
    if (this.#ending !== undefined) return Promise.reject(new Error(this.#ending));
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        take(next) {
          end();
          resolve(next);
        },
        giveUp(reason) {
          end();
          reject(reason);
        },
      };
      const lateness = new Error(`The client ${this.#name} received no message within ${timeoutMs} ms.`);
      const timer = setTimeout(() => {
        const why = this.#errors?.explainSilence();
        waiting.giveUp(why === undefined ? lateness : sayMore(lateness, ` ${why}`));
      }, timeoutMs);
      this.#waiting.add(waiting);
    });
  }

  /** Disconnects for good. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.client.stop();
  }

  get #name(): string {
    return this.userId ?? this.connectionId;
  }

  /** The service says no more than that an event failed; a test wants to know why. */
  #explainFailedEvents(): void {
    const sendEvent = this.client.sendEvent.bind(this.client);
    this.client.sendEvent = async (...event) => {
      try {
        return await sendEvent(...event);
      } catch (error) {
        const { ackId, errorDetail } = error as SendMessageError;
        // Without a detail the service has said nothing: the socket was lost, for one.
        const isRefusal = ackId !== undefined && errorDetail !== undefined;
        const why = isRefusal ? this.#errors?.explainEvent(this.connectionId, ackId) : undefined;
        throw why === undefined ? error : sayMore(error as Error, ` ${why}`);
      }
    };
  }

  #receive(message: ReceivedMessage): void {
    const [waiting] = this.#waiting;
    if (waiting) waiting.take(message);
    else this.#received.push(message);
  }

  #finish(lastWords: string | undefined): void {
    const why = lastWords === undefined ? '' : `: ${lastWords}`;
    this.#ending = `The client ${this.#name} receives no more messages: it has been disconnected${why}`;
    for (const waiting of this.#waiting) waiting.giveUp(new Error(this.#ending));
  }
}

async function loadClientPackage(): Promise<typeof import('@azure/web-pubsub-client')> {
  try {
    return await import('@azure/web-pubsub-client');
  } catch (error) {
    throw new Error('Test clients need the official client: npm install --save-dev @azure/web-pubsub-client', {
      cause: error,
    });
  }
}
