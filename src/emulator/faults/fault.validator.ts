import { isHubName } from '../../protocol/names.js';
import { Setting } from '../setting.js';
import type { Fault, FaultKind } from './fault.js';

export const FAULT_KINDS = [
  'dropSocket',
  'forceRecovery',
  'throttleClient',
  'expireReconnectionToken',
  'expireAccessToken',
  'delayUpstream',
  'failUpstream',
  'repeatUpstream',
  'refuseValidation',
] as const satisfies FaultKind[];

/** An hour: whatever a test waits for, it is not longer. */
const MAX_DURATION_MS = 3_600_000;
const MAX_TIMES = 1_000_000;
const MAX_COPIES = 100;

/** Checks a fault of unknown make; throws an InvalidSettingError that names the field. */
export function validateFault(value: unknown): Fault {
  const setting = new Setting(value, 'fault');
  const kind = readKind(value, setting);
  switch (kind) {
    case 'dropSocket':
    case 'forceRecovery':
    case 'expireReconnectionToken': {
      const read = setting.fields(['kind', 'hub', 'connectionId']);
      return { kind, hub: hub(read('hub')), connectionId: text(read('connectionId')) };
    }
    case 'throttleClient': {
      const read = setting.fields(['kind', 'hub', 'connectionId', 'durationMs']);
      const durationMs = optional(read('durationMs'), (field) => field.integer(1, MAX_DURATION_MS));
      return { kind, hub: hub(read('hub')), connectionId: text(read('connectionId')), durationMs };
    }
    case 'expireAccessToken': {
      const read = setting.fields(['kind', 'hub', 'userId', 'times']);
      return {
        kind,
        hub: optional(read('hub'), hub),
        userId: optional(read('userId'), text),
        times: times(read('times')),
      };
    }
    case 'refuseValidation': {
      const read = setting.fields(['kind', 'hub', 'status', 'times']);
      return {
        kind,
        hub: optional(read('hub'), hub),
        status: optional(read('status'), status),
        times: times(read('times')),
      };
    }
    case 'delayUpstream': {
      const read = setting.fields(['kind', ...TARGET_FIELDS, 'delayMs']);
      return { kind, ...target(read), delayMs: read('delayMs').integer(0, MAX_DURATION_MS) };
    }
    case 'failUpstream': {
      const read = setting.fields(['kind', ...TARGET_FIELDS, 'status']);
      return { kind, ...target(read), status: optional(read('status'), status) };
    }
    case 'repeatUpstream': {
      const read = setting.fields(['kind', ...TARGET_FIELDS, 'copies']);
      return { kind, ...target(read), copies: optional(read('copies'), (field) => field.integer(1, MAX_COPIES)) };
    }
  }
}

const TARGET_FIELDS = ['hub', 'eventName', 'connectionId', 'times'] as const;

function target(read: (name: (typeof TARGET_FIELDS)[number]) => Setting) {
  return {
    hub: optional(read('hub'), hub),
    eventName: optional(read('eventName'), text),
    connectionId: optional(read('connectionId'), text),
    times: times(read('times')),
  };
}

/** Before the other fields, whose names depend on it. */
function readKind(value: unknown, setting: Setting): FaultKind {
  setting.entries();
  return new Setting((value as { kind?: unknown }).kind, 'fault.kind').oneOf(FAULT_KINDS);
}

function optional<T>(field: Setting, read: (field: Setting) => T): T | undefined {
  return field.isPresent ? read(field) : undefined;
}

function times(field: Setting): number | undefined {
  return optional(field, () => field.integer(1, MAX_TIMES));
}

function status(field: Setting): number {
  return field.integer(200, 599);
}

function text(field: Setting): string {
  return field.string() === '' ? field.fail('must not be empty') : field.string();
}

function hub(field: Setting): string {
  return isHubName(field.string()) ? field.string() : field.fail('is not a hub name');
}
