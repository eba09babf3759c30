import { GROUP_EVENT_NAMES, isEventName, SYSTEM_EVENT_NAMES } from '../../protocol/names.js';
import { UrlTemplate } from '../../protocol/url-template.js';
import type { EventHandlerAuth, EventHandlerSettings, HubSettings, SystemEventName } from '../core/hub-settings.js';
import { Setting } from '../setting.js';

export const HUB_FIELDS = [
  'eventHandlers',
  'anonymousConnectPolicy',
  'webSocketKeepAliveIntervalInSeconds',
] as const satisfies (keyof HubSettings)[];

export const EVENT_HANDLER_FIELDS = [
  'urlTemplate',
  'userEventPattern',
  'systemEvents',
  'auth',
] as const satisfies (keyof EventHandlerSettings)[];

const SYSTEM_EVENTS = [...SYSTEM_EVENT_NAMES, ...GROUP_EVENT_NAMES] as const satisfies SystemEventName[];

/**
 * Settings of a hub as the emulator keeps them: checked, in the spelling of the types, cut off from the caller's object.
 * `field` is where they stand, for messages. Throws an InvalidSettingError.
 */
export function validateHubSettings(value: unknown, field: string): HubSettings {
  const setting = new Setting(value, field);
  refuseEventListeners(setting);
  const read = setting.fields(HUB_FIELDS);
  const eventHandlers = read('eventHandlers');
  const policy = read('anonymousConnectPolicy');
  const keepAlive = read('webSocketKeepAliveIntervalInSeconds');
  return {
    ...(eventHandlers.isPresent && { eventHandlers: eventHandlers.list().map(readEventHandler) }),
    ...(policy.isPresent && { anonymousConnectPolicy: policy.oneOf(['allow', 'deny'] as const) }),
    ...(keepAlive.isPresent && { webSocketKeepAliveIntervalInSeconds: keepAlive.integer(1, 120) }),
  };
}

/** The resource has event listeners for Event Hubs; here a listener inside the process takes their place. */
function refuseEventListeners(setting: Setting): void {
  const { value } = setting;
  if (typeof value !== 'object' || value === null || !('eventListeners' in value)) return;
  new Setting(value.eventListeners, `${setting.field}.eventListeners`).fail(
    "the emulator has no Event Hubs; listen inside the process with emulator.on('event', ...)",
  );
}

function readEventHandler(setting: Setting): EventHandlerSettings {
  const read = setting.fields(EVENT_HANDLER_FIELDS);
  const pattern = read('userEventPattern');
  const systemEvents = read('systemEvents');
  const auth = read('auth');
  return {
    urlTemplate: readUrlTemplate(read('urlTemplate')),
    ...(pattern.isPresent && { userEventPattern: readUserEventPattern(pattern) }),
    ...(systemEvents.isPresent && { systemEvents: systemEvents.list().map((event) => event.oneOf(SYSTEM_EVENTS)) }),
    ...(auth.isPresent && { auth: readAuth(auth) }),
  };
}

function readUrlTemplate(setting: Setting): string {
  const { text, problem } = new UrlTemplate(setting.string());
  return problem === undefined ? text : setting.fail(problem);
}

/** [upstream-events 1]: `*`, or names with commas between; there are no wildcards inside a name. */
function readUserEventPattern(setting: Setting): string {
  const pattern = setting.string().trim();
  if (pattern === '*' || pattern === '') return pattern;
  for (const name of pattern.split(',').map((part) => part.trim())) {
    if (isEventName(name)) continue;
    setting.fail(`"${name}" is not an event name; write * for every event, or names with commas between`);
  }
  return pattern;
}

function readAuth(setting: Setting): EventHandlerAuth {
  const read = setting.fields(['type', 'managedIdentity']);
  const type = read('type').oneOf(['None', 'ManagedIdentity'] as const);
  if (type === 'None') return { type };
  const identity = read('managedIdentity');
  if (!identity.isPresent) identity.fail('must name the resource: { "resource": "api://..." }');
  const resource = identity.fields(['resource'])('resource');
  if (resource.string().trim() === '') resource.fail('must not be empty');
  return { type, managedIdentity: { resource: resource.string() } };
}
