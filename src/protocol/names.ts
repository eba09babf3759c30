/** The naming rules of the service [rest-api 2, client-websocket 12]. Lengths are in UTF-16 units. */
const HUB_NAME = /^[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}$/;
const EVENT_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;
const MAX_GROUP_NAME_LENGTH = 1024;

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

/** Group names are case-sensitive; anything but white space alone, up to 1,024 characters. */
export function isGroupName(name: string): boolean {
  return name.length >= 1 && name.length <= MAX_GROUP_NAME_LENGTH && name.trim() !== '';
}
