import type { Attributes } from '@opentelemetry/api';
import { ATTRIBUTES } from './telemetry.constants.js';

/** An event as it is counted: the attributes that all of its kind share, made once for each outcome. */
export class EventSeries {
  readonly spanName: string;
  /** Known before the event is handled. */
  readonly attributes: Attributes;
  readonly #byOutcome = new Map<string | number, Attributes>();

  /** `label` is what `eventLabelOf` says. */
  constructor(hub: string, label: string, group: string) {
    this.spanName = `process ${hub} ${label}`;
    this.attributes = {
      [ATTRIBUTES.system]: 'azure_web_pubsub',
      [ATTRIBUTES.operationName]: 'process',
      [ATTRIBUTES.operationType]: 'process',
      [ATTRIBUTES.hub]: hub,
      [ATTRIBUTES.eventName]: label,
      [ATTRIBUTES.eventGroup]: group,
    };
  }

  /** The attributes together with those of an answer. */
  withOutcome(status: number, errorType: string | undefined): Attributes {
    const key = errorType === undefined ? status : `${status} ${errorType}`;
    let attributes = this.#byOutcome.get(key);
    if (!attributes) {
      attributes = {
        ...this.attributes,
        [ATTRIBUTES.status]: status,
        ...(errorType !== undefined && { [ATTRIBUTES.errorType]: errorType }),
      };
      this.#byOutcome.set(key, attributes);
    }
    return attributes;
  }
}
