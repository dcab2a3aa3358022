// Slack's mrkdwn, as nodes. Written by hand rather than by nested regular expressions so that any text takes time in
// proportion to its length, and so that what is not understood stays on the screen as it was written.

import { fragment, h, link, safeURL } from './dom.js';
import { emoji } from './emoji.js';
import { pattern } from './when.js';

// names resolves ids; the page fills it from the workspace, and without it ids are shown as they are. people and places are
// what select menus of users and channels offer, file is where a file's id can be loaded from.
export const names = {
  user: () => null, channel: () => null, group: () => null, channelHref: null,
  people: () => [], places: () => [], file: (id) => '/files/' + encodeURIComponent(id) + '/',
};

export const unescape = (s) => s.replace(/&(amp|lt|gt);/g, (_, e) => ({ amp: '&', lt: '<', gt: '>' })[e]);

export function mentionUser(id, label) {
  const u = names.user(id);
  const me = u && u.me;
  return h('span', { class: 'mention' + (me ? ' mention-me' : ''), dataset: { user: id } }, '@' + ((u && u.name) || label || id));
}
export function mentionChannel(id, label) {
  const c = names.channel(id);
  const name = (c && c.name) || label;
  const text = name ? '#' + name : 'private channel';
  if (!c || !names.channelHref) return h('span', { class: 'mention' }, text);
  return h('a', { class: 'mention', href: names.channelHref(id) }, text);
}
export function mentionGroup(id, label) {
  const g = names.group(id);
  return h('span', { class: 'mention', title: g && g.name }, '@' + ((g && g.handle) || (label || id).replace(/^@/, '')));
}
export const broadcast = (range) => h('span', { class: 'mention mention-all' }, '@' + range);

// token reads what stands between < and >; null when it is none of Slack's forms.
function token(body) {
  const bar = body.indexOf('|');
  const ref = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? '' : unescape(body.slice(bar + 1));
  if (/^@[UWB][A-Z0-9]+$/.test(ref)) return mentionUser(ref.slice(1), label);
  if (/^#[CGD][A-Z0-9]+$/.test(ref)) return mentionChannel(ref.slice(1), label);
  if (/^!subteam\^[A-Z0-9]+$/.test(ref)) return mentionGroup(ref.slice(9), label);
  if (/^!(here|channel|everyone)$/.test(ref)) return broadcast(ref.slice(1));
  if (ref.startsWith('!date^')) {
    const parts = ref.slice(6).split('^');
    const text = pattern(parts[0], unescape(parts[1] || ''), label || parts[0]);
    return parts[2] && safeURL(unescape(parts[2])) ? link(unescape(parts[2]), text) : h('span', { class: 'date', title: label || null }, text);
  }
  if (ref.startsWith('!')) return document.createTextNode(label || '<' + ref + '>');
  const url = unescape(ref);
  if (safeURL(url)) return link(url, label || url.replace(/^(mailto|tel):/i, ''));
  // A link we do not follow (javascript:, data:, a relative path) keeps its words.
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return document.createTextNode(label || url);
  return null;
}

const styles = { '*': 'strong', _: 'em', '~': 's' };
const isWord = (c) => c !== undefined && /[\p{L}\p{N}]/u.test(c);
const bareURL = /https?:\/\/[^\s<>|"`]+/y;
const emojiName = /:([a-z0-9_+'-]{1,60}(?:::skin-tone-[2-6])?):/y;

// closer finds the end of *bold*, _italic_ or ~struck~ text that opens at i; -1 when there is none on the line.
function closer(s, i, mark) {
  if (isWord(s[i - 1]) || s[i + 1] === undefined || /\s/.test(s[i + 1]) || s[i + 1] === mark) return -1;
  let tries = 0;
  for (let j = s.indexOf(mark, i + 2); j > 0 && tries < 20; j = s.indexOf(mark, j + 1), tries++) {
    if (!/\s/.test(s[j - 1]) && !isWord(s[j + 1])) return j;
  }
  return -1;
}

// inline reads one line; active are the styles one is already inside of.
function inline(s, active, out) {
  const none = {}; // a mark whose closer was looked for in vain and does not occur again
  let text = '';
  const flush = () => { if (text) out.push(document.createTextNode(unescape(text))); text = ''; };
  for (let i = 0; i < s.length;) {
    const c = s[i];
    if (c === '<' && none['<'] !== true) {
      const end = s.indexOf('>', i + 1);
      if (end < 0) none['<'] = true;
      const node = end > i + 1 && end - i < 8000 ? token(s.slice(i + 1, end)) : null;
      if (node) { flush(); out.push(node); i = end + 1; continue; }
    } else if (c === '`' && none['`'] !== true) {
      const end = s.indexOf('`', i + 1);
      if (end < 0) none['`'] = true;
      if (end > i + 1) { flush(); out.push(h('code', {}, plainCode(s.slice(i + 1, end)))); i = end + 1; continue; }
    } else if (Object.hasOwn(styles, c) && !active.includes(c) && (none[c] || 0) < 200) {
      const end = closer(s, i, c);
      if (end > 0) {
        flush();
        const inner = [];
        inline(s.slice(i + 1, end), active + c, inner);
        out.push(h(styles[c], {}, inner));
        i = end + 1;
        continue;
      }
      none[c] = (none[c] || 0) + 1;
    } else if (c === ':') {
      emojiName.lastIndex = i;
      const m = emojiName.exec(s);
      const e = m && emoji(m[1]);
      if (e) { flush(); out.push(e); i += m[0].length; continue; }
    } else if (c === 'h' && !isWord(s[i - 1])) {
      bareURL.lastIndex = i;
      const m = bareURL.exec(s);
      if (m) {
        const url = m[0].replace(/[.,;:!?)\]}*_~'&]+$/, '');
        const clean = unescape(url);
        if (safeURL(clean)) { flush(); out.push(link(clean, clean)); i += url.length; continue; }
      }
    }
    text += c;
    i++;
  }
  flush();
}

// plainCode is code's text: entities read, and <url|label> shown as its words.
const plainCode = (s) => unescape(s.replace(/<((?:https?:|mailto:)[^>|]*)(?:\|([^>]*))?>/g, (_, url, label) => label || url));

const listMark = /^(\s*)(•|◦|▪︎|▪|–|-|\d{1,3}[.)])\s+/;

// line adds one line; lines that begin with a bullet or a number hang, so that long ones stay readable.
function line(s, out) {
  const m = listMark.exec(s);
  const nodes = [];
  if (!m) { inline(s, '', nodes); out.push(...nodes); return false; }
  inline(s.slice(m[0].length), '', nodes);
  const mark = m[2] === '-' ? '•' : m[2];
  const deep = Math.min(3, Math.floor(m[1].replace(/\t/g, '    ').length / 2));
  out.push(h('span', { class: 'hang hang-' + deep }, h('span', { class: 'hang-mark' }, mark), h('span', { class: 'hang-text' }, nodes)));
  return true;
}

function lines(text, out) {
  const all = text.split('\n');
  let blockBefore = true;
  all.forEach((s, i) => {
    if (!blockBefore) out.push(h('br', {}));
    else if (i > 0 && s === '') { out.push(h('br', {})); return; }
    blockBefore = line(s, out);
  });
}

const quoted = /^(?:&gt;|>)(?!(?:&gt;|>){2}) ?/;

function paragraphs(text, out) {
  const all = text.split('\n');
  let plain = [];
  const flush = () => { if (plain.length) lines(plain.join('\n'), out); plain = []; };
  for (let i = 0; i < all.length; i++) {
    if (/^(?:&gt;|>){3}/.test(all[i])) {
      flush();
      const rest = [all[i].replace(/^(?:&gt;|>){3} ?/, ''), ...all.slice(i + 1)];
      const inner = [];
      lines(rest.join('\n'), inner);
      out.push(h('blockquote', {}, inner));
      return;
    }
    if (quoted.test(all[i])) {
      flush();
      const block = [];
      for (; i < all.length && quoted.test(all[i]); i++) block.push(all[i].replace(quoted, ''));
      i--;
      const inner = [];
      lines(block.join('\n'), inner);
      out.push(h('blockquote', {}, inner));
      continue;
    }
    plain.push(all[i]);
  }
  flush();
}

// mrkdwn renders a text object's text of type mrkdwn, or a message's text.
export function mrkdwn(text) {
  const s = String(text ?? '').replace(/\r\n?/g, '\n');
  const out = [];
  const parts = s.split('```');
  parts.forEach((part, i) => {
    if (i % 2 === 1 && i < parts.length - 1) {
      out.push(h('pre', {}, plainCode(part.replace(/^\n/, '').replace(/\n$/, ''))));
      return;
    }
    // The line breaks around a fence belong to the fence; an unclosed fence is text.
    let t = i % 2 === 1 ? '```' + part : part;
    if (i > 0 && i % 2 === 0) t = t.replace(/^\n/, '');
    if (i < parts.length - 2 && i % 2 === 0) t = t.replace(/\n$/, '');
    if (t) paragraphs(t, out);
  });
  return fragment(out);
}
