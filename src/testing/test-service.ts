import { WebPubSubServiceClient } from '@azure/web-pubsub';
import type { INestApplication } from '@nestjs/common';
import { DEFAULT_ACCESS_KEY } from '../emulator/access-keys.js';
import type { HubSettings, SystemEventName } from '../emulator/core/hub-settings.js';
import type { EmulatorOptions } from '../emulator/emulator-options.js';
import type { FaultSwitches } from '../emulator/faults/fault-switches.js';
import { WebPubSubEmulator } from '../emulator/web-pubsub-emulator.js';
import { knownHubNames, readHubName } from '../library/service-client/service-client-hubs.js';
import { SERVICE_CLIENT_FACTORY, SERVICE_CLIENTS, WEB_PUBSUB_HUBS } from '../library/web-pubsub.constants.js';
import { signClientToken } from '../protocol/client-token.js';
import { canonicalHubName, GROUP_EVENT_NAMES, SYSTEM_EVENT_NAMES } from '../protocol/names.js';
import { ApplicationFront } from './application-front.js';
import { ApplicationHubs } from './application-hubs.js';
import { findEventFailure, findRefusal, sayMore } from './failure-reasons.js';
import { PendingCalls } from './pending-calls.js';
import { optionsOf, partOf, readModuleSettings, shutdownOf } from './module-settings.js';
import { ProcessHold } from './process-hold.js';
import { trustTestBearer } from './test-bearer.js';
import { TestClient, type TestClientOptions } from './test-client.js';

/**
 * How the emulator of a test service stands to the application.
 *
 * @publicApi
 */
export interface TestServiceOptions {
  /**
   * Settings of hubs, in the place of those parts of the default that they name. Default for each hub of the application:
   * one event handler, the application, that gets every event; anonymous clients are let in.
   */
  hubs?: Readonly<Record<string, HubSettings>> | undefined;
  /** Further options of the emulator. Port, keys and hubs are the test service's own. */
  emulator?: Omit<EmulatorOptions, 'port' | 'accessKey' | 'secondaryAccessKey' | 'hubs' | 'serviceHost'> | undefined;
}

const ALL_SYSTEM_EVENTS: SystemEventName[] = [...SYSTEM_EVENT_NAMES, ...GROUP_EVENT_NAMES];
const DEFAULT_ROLES = ['webpubsub.joinLeaveGroup', 'webpubsub.sendToGroup'];
const TOKEN_LIFETIME_SECONDS = 3_600;
const SHORTEST_KEY_BYTES = 32;
/** As often as the service, and at once: a test of what fails shall not wait for nine seconds. */
const RETRY_DELAYS_MS = [0, 0, 0];

/**
 * The emulator on a free port, wired to an application that need not listen: events of clients reach its hub classes, and
 * its service clients reach the emulator, whatever service its options name.
 *
 * @publicApi
 */
export class TestService {
  readonly emulator: WebPubSubEmulator;
  readonly #front: ApplicationFront;
  readonly #hubs: ApplicationHubs;
  readonly #calls: PendingCalls;
  readonly #clients = new Set<TestClient>();
  readonly #accessKey: string;
  readonly #hold: ProcessHold;
  readonly #leave: () => void;
  #isClosed = false;

  /** Made by `startTestService`. */
  constructor(emulator: WebPubSubEmulator, { application, front, hubs, calls, accessKey }: TestServiceParts) {
    this.emulator = emulator;
    this.#front = front;
    this.#hubs = hubs;
    this.#calls = calls;
    this.#accessKey = accessKey;
    this.#hold = new ProcessHold(emulator.port);
    this.#leave = closeWith(application, () => this.close());
    emulator.traffic.subscribe(() => this.#hold.renew());
  }

  /** Breaks things on purpose: drops sockets, delays or fails events, ... */
  get faults(): FaultSwitches {
    return this.emulator.faults;
  }

  /**
   * A connected official client. Rejects when the handshake is refused, by the `connect` handler for one, with status and
   * reason; with a TypeError when the name is no hub name.
   */
  async client(hub: string, options: TestClientOptions = {}): Promise<TestClient> {
    const url = this.clientUrl(hub, options);
    const { traffic } = this.emulator;
    const { lastId } = traffic;
    const errors = {
      explainEvent: (connectionId: string, ackId: number) =>
        findEventFailure(traffic.entries(), connectionId, ackId) ?? this.#hubs.explainUnheard(hub),
      explainSilence: () => this.#hubs.explainSilence(hub),
    };
    try {
      const client = await TestClient.connect(url, options.subprotocol, errors);
      this.#clients.add(client);
      client.client.on('stopped', () => this.#clients.delete(client));
      return client;
    } catch (error) {
      const why = findRefusal(traffic.entries(), hub, error as Error, lastId);
      throw why === undefined ? error : sayMore(error as Error, `, ${why}`);
    }
  }

  /**
   * The URL with which a client of one's own may connect, for an hour. Throws a TypeError when the name is no hub name, an
   * Error when the service has been closed.
   */
  clientUrl(hub: string, { userId, roles = DEFAULT_ROLES, groups = [], claims }: TestClientOptions = {}): string {
    readHubName(hub);
    if (this.#isClosed) throw new Error('The test service has been closed.');
    const path = `/client/hubs/${encodeURIComponent(hub)}`;
    const audience = this.emulator.endpoint + path;
    const token = signClientToken(
      { audience, userId, roles, groups, claims, issuedAt: Date.now(), lifetimeSeconds: TOKEN_LIFETIME_SECONDS },
      this.#accessKey,
    );
    return `${this.emulator.endpoint.replace(/^http/, 'ws')}${path}?access_token=${token}`;
  }

  /**
   * Resolves when everything that was set going has ended: frames handled, events answered, calls of the service made, and
   * every message received by its client.
   */
  async idle(): Promise<void> {
    do {
      await this.emulator.idle();
    } while (await this.#calls.settle());
  }

  /**
   * Stops the clients, waits until their events have been handled, and ends the emulator. The application goes on, but its
   * service clients have nobody to call. Comes by itself when the application has closed; calling it again is harmless.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const client of this.#clients) client.stop();
    await this.emulator.close();
    this.#calls.end();
    await this.#front.close();
    this.#hold.end();
    this.#leave();
  }
}

interface TestServiceParts {
  readonly application: INestApplication;
  readonly front: ApplicationFront;
  readonly hubs: ApplicationHubs;
  readonly calls: PendingCalls;
  readonly accessKey: string;
}

/**
 * Starts a service for an application made by `Test.createTestingModule(...)`, or by `NestFactory`; initializes it when
 * that has not been done. Closing the application closes the service. Rejects when the application has no
 * `WebPubSubModule`, has been closed, or has an access key shorter than the emulator takes.
 *
 * @publicApi
 */
export async function startTestService(
  application: INestApplication,
  options: TestServiceOptions = {},
): Promise<TestService> {
  const { accessKeys, path, origin } = readModuleSettings(application);
  if (shutdownOf(application).hasBegun) throw new Error('The application has been closed.');
  const [accessKey, secondaryAccessKey] = accessKeys();
  assertLongEnough(accessKey);
  const front = await ApplicationFront.open(application, trustTestBearer(application));
  const hubs = new ApplicationHubs(partOf(application, WEB_PUBSUB_HUBS), options.hubs);
  const emulator = await WebPubSubEmulator.start({
    endsOnCloseWithoutCode: true,
    upstreamRetryDelaysMs: RETRY_DELAYS_MS,
    unref: true,
    ...options.emulator,
    port: 0,
    serviceHost: origin,
    ...(accessKey !== undefined && { accessKey }),
    ...(secondaryAccessKey !== undefined && { secondaryAccessKey }),
    hubs: settingsOf(hubs, front.origin + path, options.hubs),
  }).catch(async (error: unknown) => {
    await front.close();
    throw error;
  });
  const calls = new PendingCalls();
  pointServiceClients(application, emulator.connectionString, hubs, calls);
  return new TestService(emulator, { application, front, hubs, calls, accessKey: accessKey ?? DEFAULT_ACCESS_KEY });
}

function settingsOf(
  { served }: ApplicationHubs,
  urlTemplate: string,
  given: TestServiceOptions['hubs'] = {},
): Record<string, HubSettings> {
  const settings: HubSettings = {
    eventHandlers: [{ urlTemplate, userEventPattern: '*', systemEvents: ALL_SYSTEM_EVENTS }],
    anonymousConnectPolicy: 'allow',
  };
  const hubs = Object.fromEntries(served.map((hub) => [canonicalHubName(hub), settings]));
  for (const [name, own] of Object.entries(given)) {
    const hub = canonicalHubName(name);
    hubs[hub] = { ...hubs[hub], ...own };
  }
  return hubs;
}

/**
 * A service whose application has closed is of no use; a test that fails may come to close the application alone. Returns
 * what undoes it, since one application may have many services in turn.
 */
function closeWith(application: INestApplication, closeService: () => Promise<void>): () => void {
  type Close = INestApplication['close'];
  const { close } = Object.getPrototypeOf(application) as { close: Close };
  const own = Object.getOwnPropertyDescriptor(application, 'close')?.value as Close | undefined;
  let end: (() => Promise<void>) | undefined = closeService;
  const value = async function (this: INestApplication, ...signals: Parameters<Close>): Promise<void> {
    try {
      await (own ?? close).apply(this, signals);
    } finally {
      await end?.();
    }
  };
  // Defined, since what is assigned to an application of NestFactory is lost.
  const define = (method: Close): void => {
    Object.defineProperty(application, 'close', { value: method, writable: true, configurable: true });
  };
  define(value);
  return () => {
    end = undefined;
    if (Object.getOwnPropertyDescriptor(application, 'close')?.value !== value) return;
    if (own) define(own);
    else Reflect.deleteProperty(application, 'close');
  };
}

/**
 * The service clients are made when the application is, before there is an emulator. Hub classes hold them already, so each
 * is changed in place, and the factory makes those that are asked for later.
 */
function pointServiceClients(
  application: INestApplication,
  connectionString: string,
  hubs: ApplicationHubs,
  calls: PendingCalls,
): void {
  const options = optionsOf(application);
  const { serviceClientOptions } = options;
  const create = (hub: string): WebPubSubServiceClient => {
    hubs.addCalled(hub);
    return new WebPubSubServiceClient(connectionString, hub, {
      ...serviceClientOptions,
      allowInsecureConnection: true,
      additionalPolicies: [
        ...(serviceClientOptions?.additionalPolicies ?? []),
        { policy: calls.policy, position: 'perCall' },
      ],
    });
  };
  const factory = partOf(application, SERVICE_CLIENT_FACTORY);
  const clients = partOf(application, SERVICE_CLIENTS);
  if (factory.isServiceKnown) {
    for (const hub of [...knownHubNames(), ...(options.hubs ?? [])]) {
      Object.assign(clients.for(hub), create(hub));
    }
  }
  for (const [hub, client] of factory.standIns) Object.assign(client, create(hub));
  factory.create = create;
}

function assertLongEnough(accessKey: string | undefined): void {
  if (accessKey === undefined || Buffer.byteLength(accessKey) >= SHORTEST_KEY_BYTES) return;
  throw new Error(
    `The access key of the application's options has ${Buffer.byteLength(accessKey)} bytes; the emulator takes keys of at ` +
      `least ${SHORTEST_KEY_BYTES}. Give the test a longer one.`,
  );
}
