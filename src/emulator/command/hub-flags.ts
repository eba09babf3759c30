import { canonicalHubName } from '../../protocol/names.js';
import { InvalidSettingError } from '../setting.errors.js';

/** A hub as its flags name it, not yet checked. */
interface FlaggedHub {
  name?: string;
  eventHandlers?: Record<string, unknown>[];
  anonymousConnectPolicy?: string;
  webSocketKeepAliveIntervalInSeconds?: number | string;
}

/** Gathers the flags of hubs in their order: each belongs to the hub named before it, or to the first one. */
export class HubFlags {
  readonly #hubs: FlaggedHub[] = [];

  get isEmpty(): boolean {
    return this.#hubs.length === 0;
  }

  name(name: string): void {
    const key = canonicalHubName(name);
    if (this.#hubs.some((hub) => hub.name !== undefined && canonicalHubName(hub.name) === key)) {
      throw new InvalidSettingError('--hub-name', `${name} is given twice; write its flags after one of them`);
    }
    const first = this.#hubs[0];
    if (first && first.name === undefined) first.name = name;
    else this.#hubs.push({ name });
  }

  /** `values` are `key=value` in the keys of the Azure command line. */
  eventHandler(values: readonly string[]): void {
    const hub = this.#current();
    hub.eventHandlers = [...(hub.eventHandlers ?? []), readEventHandler(values)];
  }

  allowAnonymous(value: string): void {
    const isAllowed = /^true$/i.test(value);
    if (!isAllowed && !/^false$/i.test(value)) {
      throw new InvalidSettingError('--allow-anonymous', `must be true or false, "${value}" was given`);
    }
    this.#current().anonymousConnectPolicy = isAllowed ? 'allow' : 'deny';
  }

  /** Seconds; checked with the other settings. */
  keepAlive(seconds: number | string): void {
    this.#current().webSocketKeepAliveIntervalInSeconds = seconds;
  }

  /** By hub name, in the shape of the options. */
  settings(): Record<string, unknown> {
    return Object.fromEntries(
      this.#hubs.map(({ name, ...settings }) => {
        if (name === undefined) {
          throw new InvalidSettingError(
            '--event-handler, --allow-anonymous and --websocket-keepalive',
            'need a --hub-name to belong to',
          );
        }
        return [name, settings];
      }),
    );
  }

  #current(): FlaggedHub {
    let hub = this.#hubs.at(-1);
    if (!hub) {
      hub = {};
      this.#hubs.push(hub);
    }
    return hub;
  }
}

function readEventHandler(values: readonly string[]): Record<string, unknown> {
  const handler: Record<string, unknown> & { systemEvents?: string[] } = {};
  const auth: { type?: string; resource?: string } = {};
  const seen = new Set<string>();
  for (const value of values) {
    const equals = value.indexOf('=');
    const key = equals < 0 ? undefined : value.slice(0, equals).toLowerCase();
    const text = value.slice(equals + 1);
    if (key !== undefined && key !== 'system-event' && seen.has(key)) {
      throw new InvalidSettingError(
        '--event-handler',
        `${key} is given twice; keep one, or begin another --event-handler`,
      );
    }
    if (key !== undefined) seen.add(key);
    switch (key) {
      case 'url-template':
        handler['urlTemplate'] = text;
        break;
      case 'user-event-pattern':
        handler['userEventPattern'] = text;
        break;
      case 'system-event':
        (handler.systemEvents ??= []).push(text);
        break;
      case 'auth-type':
        auth.type = text;
        break;
      case 'auth-resource':
        auth.resource = text;
        break;
      default:
        throw new InvalidSettingError('--event-handler', `"${value}" is not one of ${KEYS}`);
    }
  }
  if (!('urlTemplate' in handler)) throw new InvalidSettingError('--event-handler', 'needs url-template=URL');
  if (auth.resource !== undefined && auth.type === undefined) auth.type = 'ManagedIdentity';
  if (auth.type !== undefined) handler['auth'] = readAuth(auth.type, auth.resource);
  return handler;
}

function readAuth(type: string, resource: string | undefined): Record<string, unknown> {
  return { type, ...(resource !== undefined && { managedIdentity: { resource } }) };
}

const KEYS = 'url-template=..., user-event-pattern=..., system-event=..., auth-type=..., auth-resource=...';
