// Uploaded files in a message: pictures inline, text with its first lines, everything else as a card.

import { h, icon } from './dom.js';
import { enlarge } from './menu.js';
import { store } from './store.js';

const units = ['bytes', 'kB', 'MB', 'GB'];
function size(n) {
  let v = Number(n) || 0, i = 0;
  while (v >= 1000 && i < 3) { v /= 1000; i++; }
  return (i && v < 10 ? v.toFixed(1) : Math.round(v)) + ' ' + units[i];
}

// address of a file on this host; another host's is not loaded.
function address(f) {
  const raw = f.url || f.url_private || f.url_private_download || '';
  try {
    const u = new URL(raw, location.href);
    if (!u.pathname.startsWith('/files/')) return '';
    if (!u.searchParams.has('as')) u.searchParams.set('as', store.as);
    return u.pathname + u.search;
  } catch { return ''; }
}

const kept = new Map(); // first lines by address, so that a message drawn again does not fetch again

async function firstLines(url) {
  if (!kept.has(url)) {
    kept.set(url, fetch(url, { headers: { Range: 'bytes=0-16383' } }).then(async (r) => {
      if (!r.ok) throw new Error('status ' + r.status);
      const text = await r.text();
      return text.slice(0, 16384);
    }));
  }
  return kept.get(url);
}

// cut splits one CSV line; quotes may hold commas, a doubled quote is one.
export function cut(line) {
  const out = [''];
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (c === '"' && quoted && line[i + 1] === '"') { out[out.length - 1] += '"'; i++; } else if (c === '"') quoted = !quoted;
    else if (c === ',' && !quoted) out.push('');
    else out[out.length - 1] += c;
  }
  return out;
}

function previewCSV(text) {
  const rows = text.replace(/^\ufeff/, '').split(/\r?\n/).filter(Boolean);
  const shown = rows.slice(0, 6).map((r) => cut(r).slice(0, 8));
  if (!shown.length) return null;
  const numeric = (s) => s !== '' && /^[-+$€£]?[\d,.]+%?$/.test(s);
  return h('div', { class: 'table-wrap', tabindex: '0', role: 'region', 'aria-label': 'first rows' }, h('table', {},
    h('thead', {}, h('tr', {}, shown[0].map((c) => h('th', { scope: 'col' }, c)))),
    h('tbody', {}, shown.slice(1).map((r) => h('tr', {}, r.map((c) => h('td', { class: numeric(c) ? 'align-right' : null }, c)))))));
}

function card(f, url) {
  const name = f.title || f.name || 'file';
  const ext = (/\.([a-z0-9]{1,6})$/i.exec(f.name || '') || [])[1] || f.filetype || '';
  const preview = h('div', { class: 'file-preview' });
  const el = h('div', { class: 'file-card', dataset: { file: f.id } },
    h('div', { class: 'file-head' },
      h('span', { class: 'file-icon kind-' + ext.toLowerCase() }, ext.slice(0, 4).toUpperCase() || icon('file')),
      h('div', { class: 'file-name' }, h('strong', {}, name), h('small', {}, [ext.toUpperCase(), f.size ? size(f.size) : ''].filter(Boolean).join(' · '))),
      url ? h('a', { class: 'icon-btn', href: url, download: f.name || name, 'aria-label': 'Download ' + name }, icon('download')) : null),
    preview);
  const text = /^(text\/|application\/(json|sql|x-sql|csv))/.test(f.mimetype || '') || /^(csv|tsv|sql|txt|md|json|log|ya?ml)$/i.test(ext);
  if (url && text) {
    firstLines(url).then((t) => {
      const content = /^csv$/i.test(ext) ? previewCSV(t) : h('pre', { tabindex: '0' }, t.split('\n').slice(0, 8).join('\n'));
      if (content) preview.append(content);
      const lines = t.split('\n').filter(Boolean).length;
      const more = (/^csv$/i.test(ext) ? 6 : 8) < lines || (f.size || 0) > 16384;
      if (more) preview.append(h('a', { class: 'file-more', href: url, download: f.name || name }, 'The rest is in the file'));
    }, () => preview.append(h('div', { class: 'muted' }, 'The first lines could not be read.')));
  }
  return el;
}

export function file(f) {
  if (f.deleted || f.mode === 'tombstone') return h('div', { class: 'muted' }, 'This file was deleted.');
  const url = address(f);
  if (url && /^image\/(png|jpeg|gif|webp)$/.test(f.mimetype || '')) {
    const alt = f.alt || f.alt_txt || f.title || f.name || 'picture';
    const img = h('img', { class: 'picture', src: url, alt, loading: 'lazy', decoding: 'async', width: f.width || null, height: f.height || null });
    const el = h('figure', { class: 'figure', dataset: { file: f.id } }, h('figcaption', {}, f.title || f.name),
      h('button', { type: 'button', class: 'enlarge', 'aria-label': 'Enlarge: ' + alt, on: { click: () => enlarge(url, alt) } }, img));
    img.addEventListener('error', () => el.replaceWith(card(f, '')), { once: true });
    return el;
  }
  return card(f, url);
}
