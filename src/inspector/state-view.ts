import { decodeStateHeader } from '../protocol/connection-states.codec.js';

/** A connection state as a person reads it. */
export interface StateView {
  /** JSON, indented; of an opaque state the value itself. */
  readonly text: string;
  readonly isJson: boolean;
  /** In words: who writes it so, or why it stays opaque. */
  readonly note?: string;
}

/** Decodes the value of `ce-connectionState`, in the form of either official SDK [upstream-events 5]. */
export function viewState(header: string): StateView {
  if (header.trim() === '') return { text: '{}', isJson: true, note: 'Empty: the state was cleared.' };
  try {
    const unwrapped = decodeStateHeader(header, 'dotnet');
    const plain = decodeStateHeader(header, 'json');
    // Both forms read the same when no value was wrapped; bytes mean that a value only happened to look like base64.
    const isWrapped =
      plain.size > 0 &&
      [...unwrapped].every(([name, value]) => !(value instanceof Uint8Array) && value !== plain.get(name));
    const values = Object.fromEntries(isWrapped ? unwrapped : plain);
    return {
      text: JSON.stringify(values, undefined, 2),
      isJson: true,
      ...(isWrapped && { note: 'In the form of the .NET SDK: each value is base64 of its own; shown unwrapped.' }),
    };
  } catch (error) {
    return {
      text: header,
      isJson: false,
      note: `${(error as Error).message} The service does not mind; it keeps any text.`,
    };
  }
}
