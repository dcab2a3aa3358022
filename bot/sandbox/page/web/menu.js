// Things that open over the page: menus, pickers, confirmations, the large view of an image. Popovers lie in the browser's
// top layer, so they are never cut off by a scrolling pane or a dialog.

import { h, icon } from './dom.js';

let open = null;

export function closeMenu(refocus) {
  if (!open) return;
  const { el, anchor, done } = open;
  open = null;
  document.removeEventListener('pointerdown', outside, true);
  window.removeEventListener('resize', away);
  window.removeEventListener('scroll', scrolled, true);
  anchor.setAttribute('aria-expanded', 'false');
  el.remove();
  if (refocus) anchor.focus();
  if (done) done();
}
const outside = (e) => { if (open && !open.el.contains(e.target) && !open.anchor.contains(e.target)) closeMenu(false); };
const away = () => closeMenu(false);
// A menu goes when what it belongs to is scrolled away from it.
const scrolled = (e) => { if (open && !open.el.contains(e.target) && Math.abs(open.anchor.getBoundingClientRect().top - open.top) > 4) closeMenu(false); };

// popover shows el beside its anchor, below or above, whichever has room. A second call on the same anchor closes it.
export function popover(anchor, el, { done, align } = {}) {
  const again = open && open.anchor === anchor;
  closeMenu(false);
  if (again) return false;
  el.classList.add('popover');
  el.setAttribute('popover', 'manual');
  (anchor.closest('dialog') || document.body).append(el);
  el.showPopover?.();
  const a = anchor.getBoundingClientRect(), r = el.getBoundingClientRect();
  const room = window.innerHeight - a.bottom - 12;
  const above = r.height > room && a.top > room;
  const left = align === 'end' ? a.right - r.width : a.left;
  el.style.left = Math.max(8, Math.min(left, window.innerWidth - r.width - 8)) + 'px';
  const max = Math.max(120, (above ? a.top : room) - 8);
  el.style.maxHeight = max + 'px';
  el.style.top = (above ? Math.max(8, a.top - Math.min(r.height, max) - 4) : a.bottom + 4) + 'px';
  anchor.setAttribute('aria-expanded', 'true');
  open = { el, anchor, done, top: a.top };
  document.addEventListener('pointerdown', outside, true);
  window.addEventListener('resize', away);
  window.addEventListener('scroll', scrolled, true);
  el.addEventListener('keydown', (e) => { if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); closeMenu(true); } });
  return true;
}

// steps moves the focus among the items of a list with the arrow keys.
export function steps(e, items) {
  const list = [...items].filter((x) => !x.hidden && !x.disabled);
  const at = list.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[e.key];
  if (to === undefined || !list.length) return;
  e.preventDefault();
  list[(to + list.length) % list.length].focus();
}

// menu opens a list of commands: {label, hint, icon, danger, dataset, run} or {title} or null (a line).
export function menu(anchor, items, options = {}) {
  const el = h('div', { class: 'menu ' + (options.class || ''), role: 'menu', 'aria-label': options.label });
  for (const it of items) {
    if (!it) { el.append(h('hr', {})); continue; }
    if (it.title) { el.append(h('div', { class: 'menu-title' }, it.title)); continue; }
    el.append(h('button', {
      type: 'button', class: 'menu-item' + (it.danger ? ' danger' : ''), role: 'menuitem', tabindex: '-1', dataset: it.dataset,
      on: { click: () => { closeMenu(true); it.run(); } },
    }, it.node || [it.icon ? icon(it.icon) : null, h('span', { class: 'menu-words' }, h('span', {}, it.label), it.hint ? h('small', {}, it.hint) : null)]));
  }
  el.addEventListener('keydown', (e) => steps(e, el.querySelectorAll('[role=menuitem]')));
  if (popover(anchor, el, options)) el.querySelector('[role=menuitem]')?.focus();
}

// dialog shows a native dialog and gives it back; it is removed when it closes. onCancel is asked on Esc.
export function dialog(el, { onClose } = {}) {
  closeMenu(false);
  document.body.append(el);
  el.addEventListener('close', () => { el.remove(); if (onClose) onClose(); });
  el.showModal();
  return el;
}

// confirm asks as a button's confirm object wants; the promise says whether the person agreed.
export function confirm({ title, text, yes, no, danger }) {
  return new Promise((resolve) => {
    let agreed = false;
    const el = h('dialog', { class: 'modal confirm', role: 'alertdialog', 'aria-label': title });
    const answer = (v) => { agreed = v; el.close(); };
    el.append(
      h('div', { class: 'modal-head' }, h('h2', {}, title)),
      h('div', { class: 'modal-body' }, text),
      h('div', { class: 'modal-foot' },
        h('button', { type: 'button', class: 'btn', on: { click: () => answer(false) } }, no || 'Cancel'),
        h('button', { type: 'button', class: 'btn ' + (danger ? 'danger' : 'primary'), autofocus: true, on: { click: () => answer(true) } }, yes || 'Yes')),
    );
    dialog(el, { onClose: () => resolve(agreed) });
  });
}

// enlarge shows an image as large as the window.
export function enlarge(src, alt, href) {
  const el = h('dialog', { class: 'lightbox', role: 'dialog', 'aria-label': alt || 'image' });
  el.append(
    h('div', { class: 'lightbox-bar' }, h('span', {}, alt || ''),
      h('a', { class: 'icon-btn', href: href || src, target: '_blank', rel: 'noopener', 'aria-label': 'Open the image in a new tab' }, icon('open')),
      h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Close', on: { click: () => el.close() } }, icon('close'))),
    h('img', { src, alt: alt || '' }));
  el.addEventListener('click', (e) => { if (e.target === el || e.target.tagName === 'IMG') el.close(); });
  dialog(el);
}

// toast says briefly that something went wrong or went well.
export function toast(text, kind) {
  const box = document.getElementById('toasts') || document.body.appendChild(h('div', { id: 'toasts', popover: 'manual', role: 'status', 'aria-live': 'polite' }));
  // Shown anew each time, so that it lies above a dialog opened since.
  if (box.matches(':popover-open')) box.hidePopover();
  box.showPopover();
  const el = h('div', { class: 'toast ' + (kind || '') }, icon(kind === 'bad' ? 'warn' : 'check'), h('span', {}, text));
  box.append(el);
  setTimeout(() => { el.remove(); if (!box.children.length) box.hidePopover(); }, 6000);
}
