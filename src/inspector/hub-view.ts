import type { ClientConnection } from '../emulator/core/client-connection.js';
import type { EventHandlerSettings, HubSettings } from '../emulator/core/hub-settings.js';
import type { Hub } from '../emulator/core/hub.js';
import type { TrafficLog } from '../emulator/traffic-log.js';
import { blankUrl } from '../emulator/upstream/secrets.js';
import type { ValidationState } from '../emulator/upstream/webhook.validator.js';
import { UrlTemplate } from '../protocol/url-template.js';
import { viewState, type StateView } from './state-view.js';
import { viewValidation, type ValidationView } from './validation-view.js';

export interface HubView {
  readonly name: string;
  /** As they were set, secrets in URLs blanked. */
  readonly settings: HubSettings;
  readonly handlers: readonly HandlerView[];
  readonly connectionCount: number;
  readonly groupCount: number;
}

export interface HandlerView {
  readonly settings: EventHandlerSettings;
  /** Absent while nothing was sent to it. */
  readonly validation?: ValidationView;
}

export interface ConnectionView {
  readonly connectionId: string;
  readonly userId?: string;
  /** The subprotocol; absent for a simple client without one. */
  readonly subprotocol?: string;
  readonly isMqtt: boolean;
  /** False while the client is away and may come back. */
  readonly isOnline: boolean;
  readonly groups: readonly string[];
  readonly groupCount: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly state?: StateView;
}

export interface HubMembers {
  /** Those that match the search, at most `MAX_LISTED`. */
  readonly connections: readonly ConnectionView[];
  readonly matchCount: number;
  readonly connectionCount: number;
  /** The largest first, at most `MAX_LISTED`. */
  readonly groups: readonly { readonly name: string; readonly memberCount: number }[];
  readonly groupCount: number;
}

export const MAX_LISTED = 200;
const MAX_LISTED_GROUPS = 12;

export function viewHub(
  hub: Hub,
  validations: readonly ValidationState[],
  traffic: Pick<TrafficLog, 'entries'>,
): HubView {
  const settings = blankSettings(hub.settings);
  return {
    name: hub.name,
    settings,
    handlers: (settings.eventHandlers ?? []).map((handler) => viewHandler(hub.name, handler, validations, traffic)),
    connectionCount: hub.connections.size,
    groupCount: hub.groups.size,
  };
}

/** Validation is known by URL, in which secrets are blanked as they are in these settings. */
function viewHandler(
  hub: string,
  settings: EventHandlerSettings,
  validations: readonly ValidationState[],
  traffic: Pick<TrafficLog, 'entries'>,
): HandlerView {
  const template = new UrlTemplate(settings.urlTemplate);
  if (template.problem !== undefined) {
    const problem = `The URL template is broken: ${template.problem}.`;
    return { settings, validation: { url: settings.urlTemplate, status: 'refused', problem } };
  }
  const url = blankUrl(template.validationUrl(hub));
  const validation = validations.find((known) => known.url === url);
  return { settings, ...(validation && { validation: viewValidation(validation, traffic) }) };
}

/** `search` is looked for in connection id, user id, subprotocol and groups, in any case; empty finds all. */
export function viewMembers(hub: Hub, search: string): HubMembers {
  const wanted = search.trim().toLowerCase();
  const connections: ConnectionView[] = [];
  let matchCount = 0;
  for (const connection of hub.connections.values()) {
    if (!matches(connection, wanted)) continue;
    if (++matchCount <= MAX_LISTED) connections.push(viewConnection(connection));
  }
  const groups = [...hub.groups]
    .map(([name, members]) => ({ name, memberCount: members.size }))
    .sort((one, other) => other.memberCount - one.memberCount || one.name.localeCompare(other.name))
    .slice(0, MAX_LISTED);
  return { connections, matchCount, connectionCount: hub.connections.size, groups, groupCount: hub.groups.size };
}

function viewConnection(connection: ClientConnection): ConnectionView {
  return {
    connectionId: connection.connectionId,
    ...(connection.userId !== undefined && { userId: connection.userId }),
    ...(connection.subprotocol !== undefined && { subprotocol: connection.subprotocol }),
    isMqtt: connection.mqtt !== undefined,
    isOnline: connection.isOnline,
    groups: [...connection.groups].slice(0, MAX_LISTED_GROUPS),
    groupCount: connection.groups.size,
    createdAt: connection.createdAt,
    ...(connection.state !== undefined && { state: viewState(connection.state) }),
  };
}

function matches(connection: ClientConnection, wanted: string): boolean {
  if (wanted === '') return true;
  const { connectionId, userId, subprotocol, groups } = connection;
  return [connectionId, userId, subprotocol, ...groups].some((text) => text?.toLowerCase().includes(wanted) ?? false);
}

function blankSettings(settings: HubSettings): HubSettings {
  if (!settings.eventHandlers) return settings;
  const eventHandlers = settings.eventHandlers.map((handler) => ({
    ...handler,
    urlTemplate: blankUrl(handler.urlTemplate),
  }));
  return { ...settings, eventHandlers };
}
