import { element } from './dom.js';

const LONGEST_COLOURED = 100_000;
const JSON_TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function formatTime(time) {
  const date = new Date(time);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

export function formatDuration(durationMs) {
  if (durationMs === undefined || durationMs === null) return '';
  if (durationMs < 1) return '<1 ms';
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  return `${(durationMs / 1000).toFixed(durationMs < 10_000 ? 1 : 0)} s`;
}

export function formatBytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} kB`;
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}

export function formatAge(time) {
  const seconds = Math.max(0, Math.round((Date.now() - time) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** At most three significant digits, with thousands apart. */
export function formatNumber(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(value < 10 ? 2 : 3)));
}

/** `application/json` text as nodes, its tokens coloured; text that is too long for that stays plain. */
export function colourJson(text) {
  if (text.length > LONGEST_COLOURED) return [text];
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(JSON_TOKEN)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    nodes.push(element('span', { class: tokenClass(match) }, match[1] ?? match[0]));
    if (match[2] !== undefined) nodes.push(match[2]);
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

function tokenClass([token, string, colon]) {
  if (string !== undefined) return colon === undefined ? 'json-string' : 'json-name';
  return /^[tfn]/.test(token) ? 'json-word' : 'json-number';
}

/** Indented JSON; undefined when the text is no JSON object or list. Numbers keep their digits: nothing is parsed. */
export function indentJson(text) {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return text
    .replaceAll(/("(?:[^"\\]|\\.)*")|\s+|[{}[\],:]/g, (token, string) => {
      if (string !== undefined) return string;
      if (token === '{' || token === '[') {
        depth++;
        return token + line();
      }
      if (token === '}' || token === ']') {
        depth--;
        return line() + token;
      }
      if (token === ',') return token + line();
      return token === ':' ? ': ' : '';
    })
    .replaceAll(/([{[])\s+([}\]])/g, '$1$2');
}
