// Building nodes. Everything on the page is made here or with createTextNode: text stays text, whatever it says.

const SVG = 'http://www.w3.org/2000/svg';

// h makes an element. Props: class, dataset, on (event handlers), style (an object), and attributes; false, null and
// undefined leave an attribute out. Children: nodes, strings, numbers, nested arrays; null and false are left out.
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [k, v] of Object.entries(props || {})) {
    if (v === null || v === undefined || v === false) continue;
    if (k === 'class') el.className = v;
    else if (k === 'dataset') { for (const [d, x] of Object.entries(v)) if (x !== undefined && x !== null) el.dataset[d] = x; }
    else if (k === 'on') for (const [e, f] of Object.entries(v)) el.addEventListener(e, f);
    else if (k === 'style') Object.assign(el.style, v);
    else if (k === 'value') el.value = v;
    else if (/^on/i.test(k)) throw new Error('a handler must be a function under "on": ' + k);
    else el.setAttribute(k, v === true ? '' : String(v));
  }
  append(el, children);
  return el;
}

export function append(el, children) {
  for (const c of children.flat(Infinity)) {
    if (c === null || c === undefined || c === false || c === true) continue;
    el.append(c instanceof Node ? c : document.createTextNode(String(c)));
  }
  return el;
}

export const fragment = (...children) => append(document.createDocumentFragment(), children);

// Paths of our own icons, drawn on a 20 by 20 grid with a line of 1.6.
const icons = {
  hash: 'M7.6 3.5 6 16.5M14 3.5l-1.6 13M4 7.5h13M3 12.5h13',
  lock: 'M5.5 9h9v7.5h-9zM7.3 9V6.6a2.7 2.7 0 0 1 5.4 0V9',
  reply: 'M3.5 4.5h13v8.8H9.2L5.6 16.4v-3.1H3.5z',
  more: 'M10 4.6v.01M10 10v.01M10 15.4v.01',
  close: 'm5 5 10 10M15 5 5 15',
  back: 'M12.5 4.5 7 10l5.5 5.5',
  down: 'm5.5 8 4.5 4.5L14.5 8',
  menu: 'M3.5 5.5h13M3.5 10h13M3.5 14.5h13',
  send: 'M3.8 16.2 16.8 10 3.8 3.8l1.7 6.2zM5.5 10h5.3',
  at: 'M13.2 10a3.2 3.2 0 1 1-6.4 0 3.2 3.2 0 0 1 6.4 0v1.1a2 2 0 0 0 3.9 0V10a7.1 7.1 0 1 0-2.9 5.7',
  slash: 'M13 3.5 7 16.5',
  people: 'M7.5 9.4a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM2.5 16.2c0-2.8 2-4.6 5-4.6s5 1.8 5 4.6M13 4.3a2.6 2.6 0 0 1 0 4.9M14.3 11.9c2 .5 3.2 2 3.2 4.3',
  up: 'M6.3 9.3v7.2M3.4 9.3h2.9l3.3-6c1.2 0 2 .9 2 2.1v2.8h3.6c1.1 0 1.9 1 1.6 2.1l-1.2 4.7c-.2.9-1 1.5-1.9 1.5H6.3',
  thumbdown: 'M6.3 10.7V3.5M3.4 10.7h2.9l3.3 6c1.2 0 2-.9 2-2.1v-2.8h3.6c1.1 0 1.9-1 1.6-2.1l-1.2-4.7c-.2-.9-1-1.5-1.9-1.5H6.3',
  trash: 'M4 5.5h12M8 5.5V3.7h4v1.8M5.5 5.5l.8 11h7.4l.8-11',
  link: 'M8.3 11.7a3 3 0 0 0 4.3 0l2.9-2.9a3 3 0 1 0-4.3-4.3l-1 1M11.7 8.3a3 3 0 0 0-4.3 0l-2.9 2.9a3 3 0 1 0 4.3 4.3l1-1',
  file: 'M5.5 3h6l3.5 3.5V17h-9.5zM11.3 3v3.7H15',
  open: 'M8 4.5H4.5v11h11V12M11.5 4.5h4v4M15.2 4.8 9.5 10.5',
  download: 'M10 3.5v9M6 9l4 4 4-4M4 16.5h12',
  warn: 'M10 3.5 17.3 16H2.7zM10 8.3v3.6M10 13.8v.01',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.3v4.2M10 6.6v.01',
  check: 'm4.5 10.5 3.6 3.7 7.4-8.2',
  home: 'M3.5 9.5 10 4l6.5 5.5M5.3 8.3v8.2h9.4V8.3',
  chat: 'M10 4c4 0 7 2.4 7 5.6s-3 5.6-7 5.6c-.8 0-1.6-.1-2.3-.3L4 16.6l.9-3A5 5 0 0 1 3 9.6C3 6.4 6 4 10 4z',
  spark: 'M10 3.2l1.7 5.1L16.8 10l-5.1 1.7L10 16.8l-1.7-5.1L3.2 10l5.1-1.7z',
  eye: 'M2.5 10c1.8-3.3 4.4-5 7.5-5s5.7 1.7 7.5 5c-1.8 3.3-4.4 5-7.5 5s-5.7-1.7-7.5-5zM10 12.4a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8z',
  plus: 'M10 4.5v11M4.5 10h11',
  retry: 'M15.7 8A6 6 0 1 0 16 11M16 4v4h-4',
};

// icon draws one of our icons; it is decoration and hidden from screen readers.
export function icon(name, cls) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon' + (cls ? ' ' + cls : ''));
  const p = document.createElementNS(SVG, 'path');
  p.setAttribute('d', icons[name] || icons.info);
  svg.append(p);
  return svg;
}

// shape makes an SVG element with attributes, for charts.
export function shape(tag, attrs, ...children) {
  const el = document.createElementNS(SVG, tag);
  for (const [k, v] of Object.entries(attrs || {})) el.setAttribute(k, String(v));
  return append(el, children);
}

// safeURL returns the address when it may be linked (http, https, mailto, tel), else ''. Control characters and blanks,
// which browsers drop before they read the scheme, make an address unsafe.
export function safeURL(url) {
  const s = String(url ?? '');
  if (s === '' || s.length > 8000 || /[\u0000-\u0020\u007f-\u00a0\u2028\u2029]/.test(s)) return '';
  return /^(https?:\/\/[^/]|mailto:[^/]|tel:[+\d])/i.test(s) ? s : '';
}

export function link(url, ...children) {
  const ok = safeURL(url);
  if (!ok) return fragment(...children);
  return h('a', { href: ok, target: '_blank', rel: 'noopener noreferrer' }, ...children);
}

// avatar shows a person's initials on a colour that is always theirs; the app has a picture of its own.
export function avatar(who, size) {
  const cls = 'avatar' + (size ? ' ' + size : '');
  if (who && who.app) {
    const bar = (x, y, cls) => shape('rect', { x, y, width: 5, height: 25 - y, rx: 1, class: cls });
    return h('span', { class: cls + ' avatar-app', 'aria-hidden': 'true' }, shape('svg', { viewBox: '0 0 32 32' }, bar(6, 16, 'dim'), bar(13.5, 7, ''), bar(21, 12, 'warm')));
  }
  const name = (who && who.name) || '?';
  const given = who && /^#[0-9a-f]{6}$/i.test(who.color || '') ? who.color : '';
  const words = name.replace(/[^\p{L}\p{N} ]/gu, ' ').trim().split(/\s+/);
  const letters = ((words[0] || '?')[0] + (words.length > 1 ? words[words.length - 1][0] : '')).toUpperCase();
  let sum = 7;
  for (const c of String((who && who.id) || name)) sum = (sum * 31 + c.codePointAt(0)) % 9973;
  return h('span', { class: cls + ' hue-' + (sum % 10), style: given ? { backgroundColor: given } : null, 'aria-hidden': 'true' }, letters);
}

// spinner is the small turning ring; what is waited for is said by aria-busy on the element it stands in.
export const spinner = () => h('span', { class: 'spinner', 'aria-hidden': 'true' });
