import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { DEFAULT_ACCESS_KEY } from '../emulator/access-keys.js';
import type { ConnectionStateForm } from '../protocol/connection-states.codec.js';
import { EVENT_HEADERS } from '../protocol/event-headers.js';
import { readHubName } from '../library/service-client/service-client-hubs.js';
import { ApplicationFront } from './application-front.js';
import { readModuleSettings, shutdownOf } from './module-settings.js';
import { SimulatedConnection, type SimulatedClient, type SimulatedService } from './simulated-connection.js';
import { trustTestBearer } from './test-bearer.js';
import { sendUpstreamRequest } from './upstream-request.js';

/**
 * For which hub events are sent, and as which service.
 *
 * @publicApi
 */
export interface UpstreamSimulatorOptions {
  /** The hub whose events are sent. */
  hub: string;
  /**
   * Signs the events; several as the service has two, `null` for none. Default: the keys of the application's own options,
   * or, with a URL, the emulator's default key.
   */
  accessKey?: string | readonly string[] | null | undefined;
  /**
   * The access token of the service's managed identity, `null` for none. Default: one that the application is made to
   * accept, when its own options have `upstreamAuth.entra`; with a URL, none.
   */
  bearer?: string | null | undefined;
  /** Host of the service, as `WebHook-Request-Origin`. Default: that of the application's options, else `localhost`. */
  origin?: string | undefined;
  /** Where events go, on an application. Default: the `path` of the application's options. */
  path?: string | undefined;
  /** How connection states are decoded. Default: that of the application's options, else `json`. */
  stateCodec?: ConnectionStateForm | undefined;
}

/**
 * What upstream answered to a validation request [upstream-events 3].
 *
 * @publicApi
 */
export interface SimulatedValidation {
  readonly status: number;
  /** The lines of `WebHook-Allowed-Origin`. */
  readonly allowedOrigins: readonly string[];
  /** Whether the service would accept the answer. */
  readonly isAccepted: boolean;
}

/**
 * The service's side of upstream calls, without a service: sends signed events straight into an application, in the same
 * process and without listening, or to a URL.
 *
 * ```ts
 * const simulator = UpstreamSimulator.for(app, { hub: 'chat' });
 * const ann = await simulator.connect({ userId: 'ann' });
 * expect(await ann.event('join', { room: 'blue' })).toMatchObject({ status: 200, data: { joined: 'blue' } });
 * ```
 *
 * @publicApi
 */
export class UpstreamSimulator {
  readonly #service: SimulatedService;
  #front: Promise<ApplicationFront> | undefined;

  private constructor(target: INestApplication | URL, options: UpstreamSimulatorOptions) {
    const isUrl = target instanceof URL;
    const settings = isUrl
      ? { accessKeys: () => [DEFAULT_ACCESS_KEY], path: '', origin: 'localhost', stateCodec: 'json' as const }
      : readModuleSettings(target);
    if (!isUrl) shutdownOf(target);
    const path = options.path ?? settings.path;
    const authorization = authorizationOf(target, options.bearer);
    this.#service = {
      hub: options.hub,
      origin: options.origin ?? settings.origin,
      accessKeys: listKeys(options.accessKey) ?? settings.accessKeys,
      ...(authorization !== undefined && { authorization }),
      stateForm: options.stateCodec ?? settings.stateCodec,
      url: isUrl ? async () => target : async () => new URL((await this.#frontOf(target)).origin + path),
    };
  }

  /**
   * On an application (initialized when that has not been done) or the URL that receives events.
   * Throws a TypeError when the hub is no hub name or the URL is none.
   */
  static for(target: INestApplication | string | URL, options: UpstreamSimulatorOptions): UpstreamSimulator {
    const { hub } = (options as UpstreamSimulatorOptions | undefined) ?? {};
    if (hub === undefined) throw new TypeError('Say whose events are sent: UpstreamSimulator.for(target, { hub }).');
    readHubName(hub);
    return new UpstreamSimulator(typeof target === 'string' ? new URL(target) : target, options);
  }

  /**
   * Sends the `connect` event. The connection says whether upstream accepted it, and as whom; one that was refused cannot
   * send events.
   */
  async connect(client: SimulatedClient = {}): Promise<SimulatedConnection> {
    const connection = new SimulatedConnection(this.#service, client, client.connectionId ?? randomConnectionId());
    await connection.connect();
    return connection;
  }

  /** Sends the validation request that comes before the first event. */
  async validate(): Promise<SimulatedValidation> {
    const { origin } = this.#service;
    const { status, headers } = await sendUpstreamRequest(await this.#service.url(), {
      method: 'OPTIONS',
      headers: { [EVENT_HEADERS.requestOrigin]: origin, [EVENT_HEADERS.awpsVersion]: '1.0' },
    });
    const allowedOrigins = headers[EVENT_HEADERS.allowedOrigin.toLowerCase()] ?? [];
    const isNamed = allowedOrigins.some((line) => line === '*' || line.toLowerCase() === origin.toLowerCase());
    return { status, allowedOrigins, isAccepted: status >= 200 && status < 300 && isNamed };
  }

  /** Ends what the simulator opened. A test that forgets it still ends. */
  async close(): Promise<void> {
    const front = this.#front;
    this.#front = undefined;
    await (await front)?.close();
  }

  #frontOf(application: INestApplication): Promise<ApplicationFront> {
    this.#front ??= ApplicationFront.open(application);
    return this.#front;
  }
}

function listKeys(accessKey: UpstreamSimulatorOptions['accessKey']): (() => readonly string[]) | undefined {
  if (accessKey === undefined) return undefined;
  const keys = typeof accessKey === 'string' ? [accessKey] : (accessKey ?? []);
  return () => keys;
}

function authorizationOf(
  target: INestApplication | URL,
  bearer: UpstreamSimulatorOptions['bearer'],
): string | undefined {
  if (bearer === null) return undefined;
  if (bearer !== undefined) return `Bearer ${bearer}`;
  return target instanceof URL ? undefined : trustTestBearer(target);
}

function randomConnectionId(): string {
  return randomUUID().replaceAll('-', '');
}
