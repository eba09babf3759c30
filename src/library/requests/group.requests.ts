import type { GroupEvent } from '../../protocol/cloud-event.js';
import type { ConnectionContext } from './connection-context.js';
import { HubRequest } from './hub.request.js';

/**
 * A connection joined a group [upstream-events 6.5].
 *
 * @publicApi
 */
export class GroupJoinedRequest extends HubRequest {
  readonly group: string;

  constructor(event: GroupEvent, context: ConnectionContext) {
    super(context);
    this.group = event.group;
  }
}

/**
 * A connection left a group [upstream-events 6.5].
 *
 * @publicApi
 */
export class GroupLeftRequest extends HubRequest {
  readonly group: string;

  constructor(event: GroupEvent, context: ConnectionContext) {
    super(context);
    this.group = event.group;
  }
}
