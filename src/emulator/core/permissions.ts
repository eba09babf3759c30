/** The two things a role or a grant may allow on groups [auth 6]. */
export type Permission = 'joinLeaveGroup' | 'sendToGroup';

/** What one connection may do: its roles, and what REST granted or revoked since. */
export interface Permissions {
  mayJoinOrLeave(group: string): boolean;
  maySendTo(group: string): boolean;
  /** False when the limit of literal rules is reached; nothing has changed then. */
  grant(permission: Permission, group: string): boolean;
  revoke(permission: Permission, group: string): boolean;
}
