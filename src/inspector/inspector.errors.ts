/** A request of the page that cannot be done; the message is shown to the person who asked. */
export class InspectorError extends Error {
  override readonly name = 'InspectorError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const notInRecord = (): InspectorError =>
  new InspectorError(404, 'This entry is no longer in the record, which keeps only the newest.');

export const unknownHub = (name: string): InspectorError =>
  new InspectorError(404, `No client, setting or call has named the hub "${name}" yet.`);

export const notConnected = (connectionId: string): InspectorError =>
  new InspectorError(404, `The connection "${connectionId}" is gone.`);

export const badField = (name: string, rule: string): InspectorError => new InspectorError(400, `"${name}" ${rule}.`);
