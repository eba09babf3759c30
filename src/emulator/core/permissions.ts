import { isGroupName } from '../../protocol/names.js';
import { parseGroupPattern, type GroupPattern } from './group-pattern.js';

/** The two things a role or a grant may allow on groups [auth 6]. */
export type Permission = 'joinLeaveGroup' | 'sendToGroup';

/** What one connection may do: its roles, and what REST granted or revoked since. */
export interface Permissions {
  mayJoinOrLeave(group: string): boolean;
  maySendTo(group: string): boolean;
  /** Group state has roles of its own, which REST cannot grant [client-websocket 5.8]. */
  maySetState(group: string): boolean;
  mayGetState(group: string): boolean;
  /** False when the limit of literal rules is reached; nothing has changed then. */
  grant(permission: Permission, group: string): boolean;
  revoke(permission: Permission, group: string): boolean;
}

type Right = Permission | 'setGroupState' | 'getGroupState';

const ROLE_PREFIX = 'webpubsub.';
const MAX_LITERALS = 1_000;
const MAX_PATTERNS = 9;

/** Evaluates roles and grants as the service does [auth 6]. Roles are case-sensitive; unknown ones are ignored. */
export class ConnectionPermissions implements Permissions {
  readonly #roles: readonly string[];
  readonly #rules = new Map<Right, GroupRules>();

  /** `warn` hears, in words, of each role that is skipped because its pattern is invalid or one too many. */
  constructor(
    roles: readonly string[],
    private readonly warn?: (problem: string) => void,
  ) {
    // Ordinal order puts the role for all groups first, then single groups, then patterns; the rules build on it.
    this.#roles = roles.filter((role) => role.startsWith(ROLE_PREFIX)).toSorted();
  }

  mayJoinOrLeave(group: string): boolean {
    return this.#rulesOf('joinLeaveGroup').allows(group);
  }

  maySendTo(group: string): boolean {
    return this.#rulesOf('sendToGroup').allows(group);
  }

  maySetState(group: string): boolean {
    return this.#rulesOf('setGroupState').allows(group);
  }

  mayGetState(group: string): boolean {
    return this.#rulesOf('getGroupState').allows(group);
  }

  grant(permission: Permission, group: string): boolean {
    return this.#rulesOf(permission).set(group, true);
  }

  revoke(permission: Permission, group: string): boolean {
    return this.#rulesOf(permission).set(group, false);
  }

  // Most connections never ask for most rights, so rules are made when first needed.
  #rulesOf(right: Right): GroupRules {
    let rules = this.#rules.get(right);
    if (!rules) {
      rules = this.#readRoles(right);
      this.#rules.set(right, rules);
    }
    return rules;
  }

  #readRoles(right: Right): GroupRules {
    const rules = new GroupRules();
    const role = ROLE_PREFIX + right;
    for (const text of this.#roles) {
      if (text === role) rules.allowAll();
      else if (text.startsWith(`${role}.`)) rules.grantLiteral(text.slice(role.length + 1));
      else if (text.startsWith(`${role}s.`)) {
        const problem = rules.grantPattern(text.slice(role.length + 2));
        if (problem !== undefined) this.warn?.(`The role ${JSON.stringify(text)} is ignored: ${problem}.`);
      }
    }
    return rules;
  }
}

/** One right: explicit answers for single groups, then patterns, newest first, then the answer for all others. */
class GroupRules {
  readonly #literals = new Map<string, boolean>();
  readonly #patterns: GroupPattern[] = [];
  #default = false;

  allows(group: string): boolean {
    return this.#literals.get(group) ?? this.#allowsByRule(group);
  }

  /**
   * Stores an answer only where the rules say otherwise, so that granting back what was revoked, or the reverse, removes
   * the entry instead of adding one.
   */
  set(group: string, isAllowed: boolean): boolean {
    const literal = this.#literals.get(group);
    if (literal === isAllowed) return true;
    if (literal !== undefined) {
      this.#literals.delete(group);
      return true;
    }
    if (this.#allowsByRule(group) === isAllowed) return true;
    if (this.#literals.size >= MAX_LITERALS) return false;
    this.#literals.set(group, isAllowed);
    return true;
  }

  allowAll(): void {
    this.#default = true;
    this.#patterns.length = 0;
    this.#literals.clear();
  }

  grantLiteral(group: string): void {
    if (isGroupName(group)) this.set(group, true);
  }

  /** Returns why the pattern was not taken. */
  grantPattern(text: string): string | undefined {
    const parsed = parseGroupPattern(text);
    switch (parsed.kind) {
      case 'invalid':
        return parsed.problem;
      case 'literal':
        this.grantLiteral(parsed.group);
        return undefined;
      case 'everything':
        this.allowAll();
        return undefined;
      case 'pattern': {
        if (this.#patterns.length >= MAX_PATTERNS)
          return `a connection has at most ${MAX_PATTERNS} patterns for a right`;
        this.#patterns.unshift(parsed.pattern);
        for (const group of this.#literals.keys()) if (parsed.pattern.matches(group)) this.#literals.delete(group);
        return undefined;
      }
    }
  }

  #allowsByRule(group: string): boolean {
    return this.#default || this.#patterns.some((pattern) => pattern.matches(group));
  }
}
