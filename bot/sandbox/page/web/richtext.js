// rich_text blocks: sections, lists, quotes and preformatted text, as nodes.

import { fragment, h, link } from './dom.js';
import { emoji } from './emoji.js';
import { broadcast, mentionChannel, mentionGroup, mentionUser } from './mrkdwn.js';
import { pattern } from './when.js';

function styled(node, style) {
  if (!style) return node;
  let n = node;
  if (style.code) n = h('code', {}, n);
  if (style.strike) n = h('s', {}, n);
  if (style.underline) n = h('u', {}, n);
  if (style.italic) n = h('em', {}, n);
  if (style.bold) n = h('strong', {}, n);
  if (style.highlight || style.client_highlight) n = h('mark', {}, n);
  return n;
}

function withBreaks(text) {
  const out = [];
  String(text ?? '').split('\n').forEach((s, i) => { if (i) out.push(h('br', {})); if (s) out.push(s); });
  return out;
}

function element(e) {
  if (!e || typeof e !== 'object') return null;
  switch (e.type) {
    case 'text': return styled(fragment(withBreaks(e.text)), e.style);
    case 'link': return styled(link(e.url, e.text || e.url), e.style);
    case 'emoji': {
      if (e.unicode && !emoji(e.name || '')) return unicode(e);
      return emoji(e.name || '') || document.createTextNode(':' + e.name + ':');
    }
    case 'user': return styled(mentionUser(String(e.user_id || ''), ''), e.style);
    case 'channel': return styled(mentionChannel(String(e.channel_id || ''), ''), e.style);
    case 'usergroup': return styled(mentionGroup(String(e.usergroup_id || ''), ''), e.style);
    case 'team': return styled(h('span', { class: 'mention' }, '@' + e.team_id), e.style);
    case 'broadcast': return styled(broadcast(String(e.range || 'here')), e.style);
    case 'date': return styled(link(e.url, pattern(e.timestamp, String(e.format || '{date}'), e.fallback || String(e.timestamp))), e.style);
    case 'color': return h('span', { class: 'colour' }, h('i', { style: { backgroundColor: /^#[0-9a-f]{3,8}$/i.test(e.value) ? e.value : 'transparent' } }), e.value);
    default: return e.text ? document.createTextNode(String(e.text)) : h('span', { class: 'unknown-inline' }, String(e.type));
  }
}

function unicode(e) {
  const points = String(e.unicode).split('-').map((x) => Number.parseInt(x, 16));
  const ok = points.length < 16 && points.every((p) => p > 0x1f && p <= 0x10ffff);
  return ok ? h('span', { class: 'emoji', role: 'img', 'aria-label': e.name }, String.fromCodePoint(...points)) : document.createTextNode(':' + e.name + ':');
}

const elements = (list) => (Array.isArray(list) ? list : []).map(element);

// lists: Slack gives a nested list as a following list with a larger indent; each is drawn with its own indentation.
function list(e) {
  const tag = e.style === 'ordered' ? 'ol' : 'ul';
  const deep = Math.max(0, Math.min(8, Number(e.indent) || 0));
  const start = tag === 'ol' && Number(e.offset) > 0 ? Number(e.offset) + 1 : null;
  const items = (e.elements || []).map((item) => h('li', {}, item.type === 'rich_text_section' ? elements(item.elements) : part(item)));
  return h(tag, { class: 'rt-list indent-' + deep + (e.border ? ' bordered' : ''), start }, items);
}

function part(e) {
  if (!e || typeof e !== 'object') return null;
  switch (e.type) {
    case 'rich_text_section': return h('div', { class: 'rt-section' }, elements(e.elements));
    case 'rich_text_list': return list(e);
    case 'rich_text_quote': return h('blockquote', {}, elements(e.elements));
    case 'rich_text_preformatted': return h('pre', {}, elements(e.elements));
    default: return element(e);
  }
}

// richText renders the elements of a rich_text block or of a rich_text table cell.
export const richText = (block) => fragment((Array.isArray(block.elements) ? block.elements : []).map(part));

// plainOf is a rich text's words, for labels and for sorting.
export function plainOf(block) {
  const words = (e) => (e && typeof e === 'object' ? (e.text ?? e.url ?? '') + (Array.isArray(e.elements) ? e.elements.map(words).join(' ') : '') : '');
  return words(block).trim();
}
