import { MAX_MESSAGE_TTL_SECONDS } from '../../protocol/message-data.js';
import { canonicalHubName, isGroupName, isHubName } from '../../protocol/names.js';
import type { Permission } from '../core/permissions.js';
import { restErrors } from './rest.errors.js';
import type { RestQuery } from './rest-query.js';

const PERMISSIONS = ['sendToGroup', 'joinLeaveGroup'] as const satisfies Permission[];

/** What path and query of a call say, checked on reading: each method throws 400 for a value outside its rule. */
export class RestParameters {
  constructor(
    private readonly path: Readonly<Record<string, string>>,
    readonly query: RestQuery,
  ) {}

  /** In the canonical form. */
  hub(): string {
    const name = this.#segment('hub');
    if (!isHubName(name)) {
      const rule = 'a letter, then letters, digits and _`,.[] up to 128 characters';
      throw restErrors.invalidParameter('hub', rule, 'hub name');
    }
    return canonicalHubName(name);
  }

  group(): string {
    const name = this.#segment('group');
    // [rest-api 2] the service's pattern has a dot that no line feed matches
    if (!isGroupName(name) || name.includes('\n')) throw restErrors.invalidGroupName();
    return name;
  }

  userId(): string {
    return this.#segment('userId');
  }

  connectionId(): string {
    return this.#segment('connectionId');
  }

  /** Compared without regard to case [assumed]. */
  permission(): Permission {
    const given = this.#segment('permission').toLowerCase();
    const permission = PERMISSIONS.find((candidate) => candidate.toLowerCase() === given);
    if (!permission) throw restErrors.invalidParameter('permission', PERMISSIONS.join(' or '));
    return permission;
  }

  /** The group a permission is about; required, and literal: `*` stands for itself [rest-api 6.3]. */
  targetName(): string {
    const name = this.query.text('targetName');
    if (name === undefined || !isGroupName(name)) {
      throw restErrors.invalidParameter('targetName', 'the name of the group that the permission is about');
    }
    return name;
  }

  /** 0 to 300; 0 and absent: the message does not expire. */
  messageTtlSeconds(): number {
    return this.query.integer('messageTtlSeconds', 0, MAX_MESSAGE_TTL_SECONDS) ?? 0;
  }

  /** Connection ids; ids that do not exist have no effect. */
  excluded(): ReadonlySet<string> {
    return new Set(this.query.list('excluded'));
  }

  /** What clients are told; the default is that of an older emulator of the service [assumed, rest-api 4]. */
  reason(): string {
    return this.query.text('reason') ?? 'Closed by REST API.';
  }

  #segment(name: string): string {
    const value = this.path[name];
    if (value === undefined) throw new Error(`The route has no segment ${name}.`);
    return value;
  }
}
