// Modals. The server keeps the stack of them; the page shows the top one, collects what is entered and sends it off.

import { h, icon, spinner } from './dom.js';
import { blocks } from './blocks.js';
import { textOf, wordsOf } from './elements.js';
import { closeMenu } from './menu.js';
import { api, fetchModal, press, store } from './store.js';

let shown = null; // {id, sig, el, place}

function errors(el, place, view) {
  const all = { ...(view.errors || {}) };
  el.querySelectorAll('.input-error').forEach((x) => {
    const text = all[x.dataset.error] || '';
    x.textContent = text;
    x.closest('.input').classList.toggle('bad', !!text);
    delete all[x.dataset.error];
  });
  const rest = Object.values(all);
  el.querySelector('.modal-note').replaceChildren(...(rest.length ? [icon('warn'), h('span', {}, rest.join(' '))] : []));
  const told = JSON.stringify(view.errors || {});
  if (el.dataset.told === told) return; // whoever mends it may be typing elsewhere by now
  el.dataset.told = told;
  const first = [...place.inputs.values()].find((i) => (view.errors || {})[i.block_id]);
  if (first && first.focus) {
    first.focus();
    document.activeElement.closest('.input')?.scrollIntoView({ block: 'nearest' });
  }
}

function values(place) {
  const out = {};
  for (const i of place.inputs.values()) {
    const v = i.read();
    if (v === undefined) continue;
    (out[i.block_id] ||= {})[i.action_id] = v;
  }
  return out;
}

function busy(el, on) {
  const b = el.querySelector('.modal-submit');
  if (!b) return;
  b.disabled = on;
  b.setAttribute('aria-busy', String(on));
  b.querySelector('.spinner')?.remove();
  if (on) b.append(spinner());
}

function make(view) {
  const note = h('div', { class: 'modal-note press-note', role: 'alert' });
  const place = {
    modal: true, inputs: new Map(), press: (a) => press({ view_id: view.id }, a),
    note: (text) => note.replaceChildren(...(text ? [icon('warn'), h('span', {}, text)] : [])),
  };
  const el = h('dialog', { class: 'modal', role: 'dialog', 'aria-label': wordsOf(view.title) || 'Dialog', dataset: { viewId: view.id, callbackId: view.callback_id } });
  const close = () => api('view/close', { view_id: view.id }).then(fetchModal, (err) => { place.note(err.message); fetchModal(); });
  const form = h('form', { class: 'modal-form', novalidate: true, method: 'dialog' });
  form.append(
    h('div', { class: 'modal-head' },
      view.depth > 1 || view.previous_view_id ? h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Back', on: { click: close } }, icon('back')) : null,
      h('h2', {}, textOf(view.title)),
      h('button', { type: 'button', class: 'icon-btn modal-close', 'aria-label': 'Close', on: { click: close } }, icon('close'))),
    h('div', { class: 'modal-body', tabindex: '-1' }, blocks(place, view.blocks)),
    note,
    h('div', { class: 'modal-foot' },
      h('button', { type: 'button', class: 'btn', on: { click: close } }, view.close ? textOf(view.close) : view.submit ? 'Cancel' : 'Close'),
      view.submit ? h('button', { type: 'submit', class: 'btn primary modal-submit' }, h('span', {}, textOf(view.submit))) : null));
  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    if (!view.submit) return;
    busy(el, true);
    delete el.dataset.told;
    place.note('');
    try {
      const r = await api('view/submit', { view_id: view.id, values: values(place) });
      if (r.errors && Object.keys(r.errors).length) { busy(el, false); errors(el, place, r); }
    } catch (err) {
      busy(el, false);
      place.note(err.message);
    }
    fetchModal();
  });
  el.append(form);
  el.addEventListener('cancel', (e) => { e.preventDefault(); close(); });
  el.addEventListener('pointerdown', (e) => { if (e.target === el) el.dataset.outside = 'yes'; else delete el.dataset.outside; });
  el.addEventListener('click', (e) => { if (e.target === el && el.dataset.outside) close(); });
  return { el, place };
}

// keepTyped carries text over to an updated view's fields with the same block and action.
function keepTyped(from, to) {
  for (const f of to.querySelectorAll('input.field, textarea.field')) {
    const was = [...from.querySelectorAll('input.field, textarea.field')].find((x) => x.dataset.blockId === f.dataset.blockId && x.dataset.actionId === f.dataset.actionId);
    if (!was || was.value === f.value) continue;
    f.value = was.value;
    f.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

// updateModal shows what the server says is open. An unchanged view keeps its node, and with it what is typed; the same view with
// other blocks keeps what is typed in blocks that are still there.
export function updateModal() {
  const view = store.modal;
  if (!view) {
    if (shown) { const { el } = shown; shown = null; closeMenu(false); el.close(); el.remove(); }
    return;
  }
  const { errors: found, busy: waits, hash, state, ...rest } = view;
  const sig = JSON.stringify(rest);
  if (!shown || shown.id !== view.id || shown.sig !== sig) {
    const old = shown;
    const { el, place } = make(view);
    if (old && old.id === view.id) keepTyped(old.el, el);
    document.body.append(el);
    if (old) { closeMenu(false); old.el.close(); old.el.remove(); }
    el.showModal();
    (el.querySelector('.modal-body input:not([type=checkbox]):not([type=radio]), .modal-body textarea') || el.querySelector('.modal-body')).focus({ preventScroll: true });
    shown = { id: view.id, sig, el, place };
  }
  busy(shown.el, waits === true);
  if (!waits) errors(shown.el, shown.place, { errors: found || {} });
}
