// Block Kit, as nodes. Every block becomes a <div data-block=TYPE>; a type that is not known becomes a grey box that names it,
// so that nothing an app sends is silently left out.

import { append, fragment, h, icon, link, safeURL } from './dom.js';
import { chart } from './chart.js';
import { element, textOf, wordsOf } from './elements.js';
import { enlarge } from './menu.js';
import { markdown } from './markdown.js';
import { mrkdwn, names } from './mrkdwn.js';
import { plainOf, richText } from './richtext.js';

const listOf = (x) => (Array.isArray(x) ? x : []);
const unknown = (type) => h('div', { class: 'unknown', dataset: { unknown: String(type) } }, icon('info'), 'This page cannot show ', h('code', {}, String(type || 'a block without a type')), ' yet.');

// local is an address this page may load by its policy: its own host's. Pictures of other hosts are named, not loaded.
function local(url) {
  const s = String(url ?? '');
  if (/^(data:image\/(png|gif|jpeg|webp);base64,|blob:)/i.test(s)) return s;
  try {
    const u = new URL(s, location.href);
    return u.origin === location.origin && /^https?:$/.test(u.protocol) ? u.href : '';
  } catch { return ''; }
}

function picture(e, cls) {
  const file = e.slack_file || null;
  let src = '';
  if (file && file.id) src = names.file(String(file.id));
  else if (file && file.url) { const m = /\/files\/([A-Z0-9]+)\//.exec(String(file.url)); src = m ? names.file(m[1]) : local(file.url); }
  else src = local(e.image_url);
  const alt = String(e.alt_text ?? '');
  const instead = () => h('span', { class: 'no-picture ' + cls, title: alt, role: 'group', 'aria-label': 'picture: ' + (alt || 'without a description') }, icon('file'), h('span', {}, alt || 'picture', safeURL(e.image_url) ? [' ', link(e.image_url, 'open')] : null));
  if (!src) return instead();
  const img = h('img', { class: cls, src, alt, loading: 'lazy', decoding: 'async' });
  img.addEventListener('error', () => { const box = img.closest('.enlarge') || img; if (box.isConnected) box.replaceWith(instead()); }, { once: true });
  return img;
}

// large is a picture in a button that shows it large.
function large(img, alt) {
  if (img.tagName !== 'IMG') return img;
  return h('button', { type: 'button', class: 'enlarge', 'aria-label': 'Enlarge: ' + (alt || 'picture'), on: { click: () => enlarge(img.src, alt) } }, img);
}

function section(place, b) {
  const words = h('div', { class: 'section-words' });
  if (b.text) words.append(h('div', { class: 'text' }, textOf(b.text)));
  if (listOf(b.fields).length) words.append(h('div', { class: 'fields' }, b.fields.map((f) => h('div', { class: 'text' }, textOf(f)))));
  if (!b.accessory) return words;
  const a = b.accessory.type === 'image' ? picture(b.accessory, 'thumb') : element(place, b, b.accessory) || unknown(b.accessory.type);
  return h('div', { class: 'section-row' }, words, h('div', { class: 'accessory' }, a));
}

function context(b) {
  return h('div', { class: 'context' }, listOf(b.elements).map((e) => (e.type === 'image' ? picture(e, 'tiny') : h('span', { class: 'text' }, textOf(e)))));
}

const actions = (place, b) => listOf(b.elements).map((e) => element(place, b, e) || unknown(e && e.type));

function cell(c) {
  if (!c || typeof c !== 'object') return '';
  switch (c.type) {
    case 'raw_text': return String(c.text ?? '');
    case 'raw_number': return String(c.text ?? c.value ?? '');
    case 'rich_text': return richText(c);
    case 'plain_text': case 'mrkdwn': return textOf(c);
    default: return c.text !== undefined ? String(c.text) : unknown(c.type);
  }
}
const cellWords = (c) => (!c ? '' : c.type === 'rich_text' ? plainOf(c) : String(c.text ?? c.value ?? ''));

function table(place, b) {
  const rows = listOf(b.rows).map(listOf);
  const settings = listOf(b.column_settings);
  const cls = (i, c) => {
    const s = settings[i] || {};
    const align = s.align || (c && c.type === 'raw_number' ? 'right' : 'left');
    return 'align-' + (['left', 'center', 'right'].includes(align) ? align : 'left') + (s.is_wrapped ? ' wrap' : '');
  };
  const inner = (c) => (c && c.type === 'action' && c.element ? element(place, b, c.element) : cell(c));
  const row = (r, tag, head) => h('tr', {}, r.map((c, i) => h(i === head ? 'th' : tag, { class: cls(i, c), scope: tag === 'th' ? 'col' : i === head ? 'row' : null }, inner(c))));
  const label = b.caption ? String(b.caption) : 'table of ' + rows.length + ' rows';
  return h('div', { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': label },
    h('table', {}, b.caption ? h('caption', {}, String(b.caption)) : null, h('thead', {}, rows.length ? row(rows[0], 'th') : null), h('tbody', {}, rows.slice(1).map((r) => row(r, 'td', b.row_header_column_index)))));
}

// dataTable is a table that pages and sorts, as its own block type does.
function dataTable(place, b) {
  const all = listOf(b.rows).map(listOf), head = all[0] || [], body = all.slice(1);
  const size = Math.max(1, Math.min(100, Number(b.page_size) || 5));
  const box = h('div', { class: 'data-table' });
  let at = 0, by = -1, down = false;
  const draw = () => {
    let rows = body;
    if (by >= 0) {
      const key = (r) => { const c = r[by]; return c && c.type === 'raw_number' ? Number(c.value) : cellWords(c); };
      rows = [...body].sort((x, y) => { const a = key(x), z = key(y); return (typeof a === 'number' && typeof z === 'number' ? a - z : String(a).localeCompare(String(z))) * (down ? -1 : 1); });
    }
    const pages = Math.max(1, Math.ceil(rows.length / size));
    const t = table(place, { ...b, rows: [head, ...rows.slice(at * size, at * size + size)] });
    t.querySelectorAll('thead th').forEach((th, i) => {
      const words = cellWords(head[i]);
      const sort = h('button', { type: 'button', class: 'sort', 'aria-label': 'Sort by ' + words, on: { click: () => { down = by === i ? !down : false; by = i; at = 0; draw(); } } }, words, by === i ? (down ? ' ↓' : ' ↑') : null);
      th.replaceChildren(sort);
      if (by === i) th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    });
    box.replaceChildren(t);
    if (pages > 1) {
      box.append(h('div', { class: 'pager' },
        h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Earlier rows', disabled: at === 0, on: { click: () => { at--; draw(); } } }, icon('back')),
        h('span', {}, 'page ' + (at + 1) + ' of ' + pages),
        h('button', { type: 'button', class: 'icon-btn flip', 'aria-label': 'Further rows', disabled: at === pages - 1, on: { click: () => { at++; draw(); } } }, icon('back'))));
    }
  };
  draw();
  return box;
}

function image(b) {
  const title = wordsOf(b.title);
  return h('figure', { class: 'figure' }, title ? h('figcaption', {}, textOf(b.title)) : null, large(picture(b, 'picture'), b.alt_text));
}

function video(b) {
  return h('div', { class: 'card' }, h('div', { class: 'card-head' }, icon('open'), h('div', {},
    h('strong', {}, safeURL(b.title_url) ? link(b.title_url, textOf(b.title)) : textOf(b.title)),
    h('small', {}, [b.author_name, b.provider_name].filter(Boolean).join(' · ')))),
  b.description ? h('div', { class: 'text' }, textOf(b.description)) : null,
  h('small', { class: 'muted' }, 'Videos are not played here. ', link(b.video_url, 'Open the video')));
}

// input is a labelled field of a modal (or of a message or home, where it sends at once if asked to).
function input(place, b) {
  const id = 'error-' + (b.block_id || '');
  const el = element(place, b, b.element);
  if (el) {
    const control = el.matches('input,textarea,button,select') ? el : el.querySelector('input,textarea,button') || el;
    control.setAttribute('aria-label', wordsOf(b.label));
    control.setAttribute('aria-describedby', id);
    if (!b.optional && control.matches('input,textarea')) control.setAttribute('aria-required', 'true');
  }
  return h('div', { class: 'input' },
    h('div', { class: 'label' }, textOf(b.label), b.optional ? h('span', { class: 'muted' }, ' (optional)') : null),
    el || unknown(b.element && b.element.type),
    h('div', { class: 'input-error', id, role: 'alert', dataset: { error: b.block_id } }),
    b.hint ? h('div', { class: 'hint' }, textOf(b.hint)) : null);
}

function card(place, b) {
  return h('div', { class: 'card' },
    b.hero_image ? picture(b.hero_image, 'hero') : null,
    h('div', { class: 'card-head' }, b.icon ? picture(b.icon, 'tiny') : null, h('div', {}, h('strong', {}, textOf(b.title)), b.subtitle ? h('small', {}, textOf(b.subtitle)) : null)),
    b.body ? h('div', { class: 'text' }, textOf(b.body)) : null,
    b.subtext ? h('small', { class: 'muted' }, textOf(b.subtext)) : null,
    listOf(b.actions).length ? h('div', { class: 'actions' }, actions(place, { ...b, elements: b.actions })) : null);
}

const states = { complete: ['check', 'done'], completed: ['check', 'done'], error: ['warn', 'failed'], in_progress: ['retry', 'in progress'], pending: ['more', 'to do'] };

function task(place, b) {
  const [mark, words] = states[b.status] || states.pending;
  return h('div', { class: 'task task-' + words.replace(' ', '-') }, h('div', { class: 'task-head' }, icon(mark), h('span', {}, wordsOf(b.title)), h('small', {}, words)),
    b.details ? h('div', { class: 'text' }, richText(b.details)) : null,
    b.output ? h('div', { class: 'text' }, richText(b.output)) : null,
    listOf(b.sources).length ? h('div', { class: 'context' }, b.sources.map((s) => h('span', {}, link(s.url, s.text || s.url)))) : null);
}

function container(place, b) {
  const body = h('div', { class: 'container-body' }, listOf(b.child_blocks || b.blocks).map((x) => block(place, x)));
  const head = [h('strong', {}, textOf(b.title)), b.subtitle ? h('small', {}, textOf(b.subtitle)) : null];
  if (b.is_collapsible) return h('details', { class: 'card', open: !b.default_collapsed }, h('summary', {}, head), body);
  return h('div', { class: 'card' }, h('div', { class: 'card-head' }, h('div', {}, head)), body);
}

function inside(place, b) {
  switch (b.type) {
    case 'section': return section(place, b);
    case 'header': return h(b.level > 2 ? 'h5' : 'h4', { class: 'header level-' + (Number(b.level) || 1) }, textOf(b.text));
    case 'divider': return h('hr', {});
    case 'context': return context(b);
    case 'actions': return h('div', { class: 'actions' }, actions(place, b));
    case 'context_actions': return h('div', { class: 'actions quiet' }, actions(place, b));
    case 'image': return image(b);
    case 'rich_text': return h('div', { class: 'text rich' }, richText(b));
    case 'table': return table(place, b);
    case 'data_table': return dataTable(place, b);
    case 'data_visualization': return chart(b);
    case 'markdown': return h('div', { class: 'text md' }, markdown(b.text));
    case 'input': return input(place, b);
    case 'file': return h('div', { class: 'card' }, h('div', { class: 'card-head' }, icon('file'), h('div', {}, h('strong', {}, 'A file kept elsewhere'), h('small', {}, String(b.external_id ?? '')))));
    case 'video': return video(b);
    case 'alert': return h('div', { class: 'alert ' + (/^(info|warning|error|success)$/.test(b.level) ? b.level : 'info'), role: 'note' }, icon(b.level === 'info' || !b.level ? 'info' : 'warn'), h('div', { class: 'text' }, textOf(b.text)));
    case 'card': return card(place, b);
    case 'carousel': return h('div', { class: 'carousel', tabindex: '0', role: 'region', 'aria-label': 'cards' }, listOf(b.elements).map((c) => card(place, c)));
    case 'task_card': return task(place, b);
    case 'plan': return h('div', { class: 'card' }, h('strong', {}, wordsOf(b.title)), listOf(b.tasks).map((t) => task(place, t)));
    case 'container': return container(place, b);
    default: return unknown(b.type);
  }
}

// block renders one block for a place (see elements.js). A block that breaks the rules never takes the others with it.
export function block(place, b) {
  if (!b || typeof b !== 'object' || Array.isArray(b)) return unknown(typeof b);
  let content;
  try { content = inside(place, b); } catch (err) {
    console.warn('a block of type ' + b.type + ' could not be shown', err);
    content = unknown(b.type);
  }
  return h('div', { class: 'block block-' + String(b.type).replace(/[^a-z_]/g, ''), dataset: { block: b.type, blockId: b.block_id } }, content);
}

export const blocks = (place, list) => fragment(listOf(list).map((b) => block(place, b)));

const named = { good: 'good', warning: 'warning', danger: 'danger' };

// attachment renders what is left of Slack's older form: a coloured bar with text, fields and blocks.
export function attachment(place, a) {
  const bar = h('div', { class: 'attachment' + (named[a.color] ? ' bar-' + named[a.color] : '') });
  const hex = /^#?([0-9a-f]{6})$/i.exec(a.color || '');
  if (hex) bar.style.borderLeftColor = '#' + hex[1];
  append(bar, [
    a.author_name ? h('div', { class: 'muted' }, link(a.author_link, a.author_name)) : null,
    a.title ? h('div', { class: 'att-title' }, safeURL(a.title_link) ? link(a.title_link, mrkdwn(a.title)) : mrkdwn(a.title)) : null,
    a.text ? h('div', { class: 'text' }, mrkdwn(a.text)) : null,
    listOf(a.fields).length ? h('div', { class: 'fields' }, a.fields.map((f) => h('div', { class: 'text' + (f.short ? '' : ' wide') }, h('strong', {}, mrkdwn(f.title)), h('br', {}), mrkdwn(f.value)))) : null,
    listOf(a.blocks).map((b) => block(place, b)),
    listOf(a.actions).length ? h('div', { class: 'actions' }, a.actions.map((x) => h('button', { type: 'button', class: 'btn', disabled: true, title: 'Buttons of this older kind do not work here' }, String(x.text || x.name || '')))) : null,
    a.image_url ? large(picture({ image_url: a.image_url, alt_text: a.fallback }, 'picture'), a.fallback) : null,
    a.footer ? h('div', { class: 'context' }, mrkdwn(a.footer)) : null,
  ]);
  if (!bar.childNodes.length) append(bar, [h('div', { class: 'text' }, mrkdwn(a.fallback))]);
  return fragment(a.pretext ? h('div', { class: 'text' }, mrkdwn(a.pretext)) : null, bar);
}
