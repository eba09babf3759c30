import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import type { HubEvent } from '../../protocol/cloud-event.js';
import { quote as quoteText } from '../../protocol/quote.js';
import { blankSecretParameters } from '../../protocol/secret-parameters.js';
import type { GlobalEnhancers } from '../hubs/http-response.stand-in.js';
import { RateLimitedWarnings } from './rate-limited-warnings.js';
import { textOf } from './refusal.factory.js';

/** As the headers of a request name it. */
export interface EventName {
  readonly hub?: string;
  readonly event?: string;
}

/** What is known of a request when it has been answered. */
export interface AnsweredRequest extends EventName {
  readonly method: string;
  readonly url: string;
  readonly type?: string;
  readonly userId?: string;
  readonly connectionId?: string;
  readonly status: number;
  /** Why it was refused. */
  readonly reason?: string;
  readonly elapsedMs: number;
}

/**
 * What an operator sees of events, through Nest's logger: one debug line for each, warnings with the cure for what the
 * service's own settings get wrong, errors of handlers. Never keys, tokens or payloads; values from requests are quoted, so
 * that no request can forge a line.
 */
export class EventLog {
  readonly #logger = new Logger('WebPubSub');
  readonly #warnings = new RateLimitedWarnings((text) => this.#logger.warn(text));
  readonly #told = new Set<string>();

  constructor(private readonly path: string) {}

  /**
   * Whether `answered` would be seen; asked first, so that an unseen line costs nothing. Asks the logger that would write
   * it: `Logger.isLevelEnabled` knows only levels that were set as a list before Nest 12, and says no without one.
   */
  get isDebugEnabled(): boolean {
    const logger: Partial<LoggerService> | undefined = this.#logger.localInstance;
    if (logger instanceof ConsoleLogger) return logger.isLevelEnabled('debug');
    return typeof logger?.debug === 'function';
  }

  answered({ method, url, type, hub, event, userId, connectionId, status, reason, elapsedMs }: AnsweredRequest): void {
    const fields = [
      type === undefined ? `method=${quote(method)}` : `type=${quote(type)}`,
      `hub=${quote(hub)}`,
      `event=${quote(event)}`,
      `user=${quote(userId)}`,
      `connection=${quote(connectionId)}`,
      `query=${quote(redactQuery(url))}`,
      `status=${status}`,
      `ms=${elapsedMs.toFixed(1)}`,
      ...(reason === undefined ? [] : [`reason=${quote(reason)}`]),
    ];
    this.#logger.debug(fields.join(' '));
  }

  validationFailed(origin: string | undefined): void {
    this.#warnings.warn(
      'validation',
      `Refused to be validated by ${quote(origin)}. If that is your service, add its host to allowedOrigins, or give its ` +
        'connectionString to WebPubSubModule.',
    );
  }

  originRefused(origins: readonly string[]): void {
    const text = origins.length === 0 ? 'without WebHook-Request-Origin' : `of the origin ${quote(origins.join(', '))}`;
    this.#warnings.warn(
      'origin',
      `Refused an event ${text}. If it is your service, add its host to allowedOrigins, or give its connectionString to ` +
        'WebPubSubModule.',
    );
  }

  signatureRefused(connectionId: string, isMissing: boolean): void {
    this.#warnings.warn(
      'signature',
      `Refused an event of connection ${quote(connectionId)} ${isMissing ? 'without ce-signature' : 'with a wrong ce-signature'}. ` +
        'If it comes from your service, one of its two access keys must be in connectionString (a list holds several); ' +
        'was a key regenerated?',
    );
  }

  bearerRefused(reason: string): void {
    this.#warnings.warn(
      'bearer',
      `Refused an event: ${reason} Compare upstreamAuth.entra with the managed identity and resource of the event handler setting.`,
    );
  }

  hubUnknown(hub: string, known: readonly string[]): void {
    this.#warnings.warn(
      'hub',
      `Refused an event of the unknown hub ${quote(hub)}; known are ${known.map(quote).join(', ') || 'none'}. Decorate a ` +
        `class with @WebPubSubHub(${quote(hub)}) and list it under providers, or point the hub's event handler elsewhere.`,
    );
  }

  bodyLost(): void {
    this.#warnings.warn(
      'body',
      "The body of an event was read by other middleware and is lost. Remove it from this path, use attach: 'server', or " +
        'create the application with rawBody: true.',
    );
  }

  /** `suspects`: global enhancers whose error it is rather than that of the handler. */
  handlerFailed(
    handler: string | undefined,
    { context }: HubEvent,
    error: unknown,
    suspects: GlobalEnhancers | undefined,
  ): void {
    const who = suspects ? `${nameGlobal(suspects)} of ${handler}` : (handler ?? 'The module');
    const what = `${who} failed with the event ${quote(context.eventName)} of hub ${quote(context.hub)}`;
    this.#logger.error(`${what}: ${errorText(error)}`, error instanceof Error ? error.stack : undefined);
  }

  answerFailed(error: unknown): void {
    this.#logger.error(
      `An event could not be answered: ${textOf(error)}`,
      error instanceof Error ? error.stack : undefined,
    );
  }

  /** `events`: each of them, those of one name among them many times. */
  unansweredAtClosing(events: readonly EventName[], patienceMs: number): void {
    const counts = new Map<string, number>();
    for (const { event, hub } of events) {
      const name = `the event ${quote(event)} of hub ${quote(hub)}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const names = [...counts].map(([name, count]) => (count > 1 ? `${name} (${count} times)` : name));
    this.#logger.error(
      `The application closes, and after ${patienceMs / 1000} s has no answer yet to ${names.join(', ')}. The service gets ` +
        '503 and sends such events again. Has a handler not ended?',
    );
  }

  stateIgnored(handler: string, { kind }: HubEvent): void {
    this.#tellOnce(
      `state ${handler}`,
      `${handler} changed connection states, which the service ignores on ${kind} events: only connect and user events can.`,
    );
  }

  httpFilterAnswered(handler: string): void {
    this.#tellOnce(
      `filter ${handler}`,
      `An exception filter answered the event of ${handler} as an HTTP request; its status and message were taken for the ` +
        'answer. Let the filter return a value or rethrow when isWebPubSubContext(host), or set globalEnhancers: false.',
    );
  }

  refusalAnsweredAsSuccess(handler: string, status: number): void {
    this.#tellOnce(
      `success ${handler}`,
      `An exception filter answered the failure of ${handler} with status ${status}, as an HTTP request; the client is ` +
        'refused all the same. Let the filter rethrow when isWebPubSubContext(host), or set globalEnhancers: false.',
    );
  }

  globalEnhancerRefused(enhancers: GlobalEnhancers, handler: string, event: string, status: number): void {
    this.#tellOnce(
      `${enhancers.kind} ${handler} ${status}`,
      `${nameGlobal(enhancers)} refused the event ${quote(event)} of ${handler} with ${status}. ${CURES[enhancers.kind]}`,
    );
  }

  globalEnhancerFailed(enhancers: GlobalEnhancers, handler: string, event: string, error: unknown): void {
    this.#tellOnce(
      `${enhancers.kind} ${handler} failed`,
      `${nameGlobal(enhancers)} failed at the event ${quote(event)} of ${handler} (${errorText(error)}). ` +
        CURES[enhancers.kind],
    );
  }

  connectResultForeign(handler: string, result: object): void {
    this.#tellOnce(
      `connect ${handler}`,
      `The result of ${handler} has none of the fields userId, groups, roles, subprotocol, mqtt, but ` +
        `${Object.keys(result).map(quote).join(', ')}, so it says nothing to the service. If an interceptor wraps results, ` +
        'let it leave them alone when isWebPubSubContext(context), or set globalEnhancers: false.',
    );
  }

  unreachable(): void {
    this.#logger.log('The application has no HTTP server, so that it receives no events. Its service clients work.');
  }

  listening(hubs: readonly { hub: string; events: readonly string[] }[]): void {
    const served = hubs.map(({ hub, events }) => `hub ${quote(hub)} (${events.join(', ') || 'no events'})`);
    this.#logger.log(
      served.length === 0
        ? `No hub class was found, so that no events are served at ${this.path}. List a class with @WebPubSubHub(name) ` +
            'under the providers of a module.'
        : `Events are received at ${this.path} for ${served.join('; ')}.`,
    );
    for (const { hub, events } of hubs) if (events.length === 0) this.#warnOfNoHandler(hub);
  }

  severalGlobals(count: number): void {
    this.#logger.warn(
      `WebPubSubModule is imported ${count} times, each time for the whole application: modules that import none of them get ` +
        'the service clients of the first, and each receives the events of every hub at its own path. Write isGlobal: ' +
        'false in each, and import the one that is meant where its service clients are injected.',
    );
  }

  #warnOfNoHandler(hub: string): void {
    this.#logger.warn(
      `No class with @WebPubSubHub(${quote(hub)}) has a handler, so that every client is let in and nothing that it sends is ` +
        'handled. Decorate methods with @OnConnect(), @OnMessage(), @OnUserEvent(name) or the like.',
    );
  }

  #tellOnce(topic: string, text: string): void {
    if (this.#told.has(topic)) return;
    this.#told.add(topic);
    this.#logger.warn(text);
  }
}

/** Where an application tells the contexts apart; by the kind of what it registered. */
const CURES: Record<GlobalEnhancers['kind'], string> = {
  guard: cureOf('true'),
  interceptor: cureOf('next.handle()'),
};

function cureOf(result: string): string {
  return `If it was written for HTTP, let it return ${result} when isWebPubSubContext(context), or set globalEnhancers: false.`;
}

function nameGlobal({ kind, names }: GlobalEnhancers): string {
  return `A global ${kind} (${names.join(', ')})`;
}

function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : textOf(error);
}

function quote(value: string | undefined): string {
  return value === undefined ? '-' : quoteText(value);
}

function redactQuery(url: string): string {
  const mark = url.indexOf('?');
  return mark === -1 ? '' : blankSecretParameters(url.slice(mark + 1));
}
