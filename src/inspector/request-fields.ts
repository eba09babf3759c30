import type { IncomingMessage } from 'node:http';
import { isJsonText } from '../protocol/json-text.js';
import type { MessageData } from '../protocol/message-data.js';
import { isGroupName, isHubName } from '../protocol/names.js';
import { badField, InspectorError } from './inspector.errors.js';

const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** The fields of a JSON request body; each reader throws an InspectorError that names the field. */
export class RequestFields {
  private constructor(private readonly values: Readonly<Record<string, unknown>>) {}

  /** An empty body has no fields. */
  static async read(request: IncomingMessage): Promise<RequestFields> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) throw new InspectorError(413, 'The request is larger than 2 MiB.');
      chunks.push(chunk);
    }
    return RequestFields.parse(Buffer.concat(chunks).toString());
  }

  static parse(text: string): RequestFields {
    if (text.trim() === '') return new RequestFields({});
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new InspectorError(400, 'The request body is not JSON.');
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new InspectorError(400, 'The request body is not a JSON object.');
    }
    return new RequestFields(value as Record<string, unknown>);
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw badField(name, 'is missing');
    return value;
  }

  /** Empty counts as absent. */
  optionalText(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') throw badField(name, 'must be a text');
    return value;
  }

  textList(name: string): string[] {
    const value = this.values[name] ?? [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw badField(name, 'must be a list of texts');
    }
    return value;
  }

  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.values[name];
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) throw badField(name, `must be one of ${choices.join(', ')}`);
    return chosen;
  }

  hub(name: string): string {
    const hub = this.text(name);
    if (!isHubName(hub))
      throw badField(name, 'is not a hub name: a letter first, then letters, digits and _ ` , . [ ]');
    return hub;
  }

  group(name: string): string {
    const group = this.text(name);
    if (!isGroupName(group)) throw badField(name, 'is not a group name: up to 1,024 characters, not blank');
    return group;
  }

  /** From `dataType` and `data`; binary data come as base64. */
  data(): MessageData {
    const text = typeof this.values['data'] === 'string' ? this.values['data'] : this.text('data');
    switch (this.choice('dataType', ['text', 'json', 'binary'])) {
      case 'text':
        return { kind: 'text', text };
      case 'json':
        if (!isJsonText(text)) throw badField('data', 'is not JSON');
        return { kind: 'json', json: text };
      case 'binary':
        if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
          throw badField('data', 'is not base64');
        }
        return { kind: 'binary', bytes: Buffer.from(text, 'base64') };
    }
  }
}
