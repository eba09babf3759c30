/** The naming rules of the service [rest-api 2, client-websocket 12]. Lengths are in UTF-16 units. */
const HUB_NAME = /^[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}$/;
const EVENT_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;
const MAX_GROUP_NAME_LENGTH = 1024;

/** Events that the service itself raises. */
export const SYSTEM_EVENT_NAMES = ['connect', 'connected', 'disconnected'] as const;
/** Events of group presence. */
export const GROUP_EVENT_NAMES = ['joined', 'left'] as const;

export function isHubName(name: string): boolean {
  return HUB_NAME.test(name);
}

/** The form in which hubs are stored and compared: hub names are case-insensitive. */
export function canonicalHubName(name: string): string {
  return name.toLowerCase();
}

export function isEventName(name: string): boolean {
  return EVENT_NAME.test(name);
}

/** Whether the service itself raises events of that name; a client's event may be called so too. */
export function isSystemEventName(name: string): boolean {
  return (SYSTEM_EVENT_NAMES as readonly string[]).includes(name);
}

/** Group names are case-sensitive; anything but white space alone, up to 1,024 characters. */
export function isGroupName(name: string): boolean {
  return name.length >= 1 && name.length <= MAX_GROUP_NAME_LENGTH && name.trim() !== '';
}
