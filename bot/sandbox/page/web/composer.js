// Where one writes: completion of @people, #channels and the slash command, Enter to send, drafts kept per place.

import { avatar, h, icon } from './dom.js';
import { api, store } from './store.js';

const drafts = new Map();

// what may follow the word at the caret: [{insert, label, hint, who}].
function offers(text, caret) {
  const upto = text.slice(0, caret);
  if (/^\/\S*$/.test(upto) && caret === upto.length) {
    const all = [
      ...(store.app.command ? [{ insert: store.app.command + ' ', label: store.app.command, hint: store.app.hint || 'ask ' + store.app.name }] : []),
      { insert: '/invite @' + (store.users.get(store.app.user)?.handle || 'app'), label: '/invite', hint: 'bring ' + store.app.name + ' into this channel' },
    ];
    return { from: 0, list: all.filter((o) => o.label.startsWith(upto)) };
  }
  const m = /(^|[\s(])([@#])([\p{L}\p{N}._-]*)$/u.exec(upto);
  if (!m) return null;
  const q = m[3].toLowerCase();
  const from = caret - m[3].length - 1;
  if (m[2] === '#') {
    return { from, list: store.channels.filter((c) => c.kind === 'public' || c.kind === 'private').filter((c) => c.name.toLowerCase().includes(q)).slice(0, 6).map((c) => ({ insert: '#' + c.name + ' ', label: '#' + c.name, hint: c.topic })) };
  }
  const people = [...store.users.values()].filter((u) => u.kind !== 'deactivated').filter((u) => u.handle.toLowerCase().startsWith(q) || u.name.toLowerCase().split(' ').some((w) => w.startsWith(q)));
  people.sort((a, b) => Number(!!b.app) - Number(!!a.app));
  const groups = [...store.groups.values()].filter((g) => g.handle.toLowerCase().startsWith(q)).map((g) => ({ insert: '@' + g.handle + ' ', label: '@' + g.handle, hint: g.name }));
  return { from, list: [...people.map((u) => ({ insert: '@' + u.handle + ' ', label: u.name, hint: '@' + u.handle + (u.app ? ' · ask it about spend' : ''), who: u })), ...groups].slice(0, 7) };
}

// composer makes one. place(): {channel, thread, key}; placeholder() and hint() are asked on every update.
export function composer({ id, place, placeholder, hint }) {
  const area = h('textarea', { id, rows: '1', 'aria-label': 'Message', 'aria-autocomplete': 'list', 'aria-controls': id + '-offers', autocomplete: 'off', spellcheck: 'true' });
  const popup = h('div', { class: 'offers', id: id + '-offers', role: 'listbox', 'aria-label': 'Completions', hidden: true });
  const tip = h('div', { class: 'compose-hint' });
  const failed = h('div', { class: 'press-note', role: 'alert' });
  const send = h('button', { type: 'button', class: 'send', 'aria-label': 'Send', title: 'Send (Enter)' }, icon('send'));
  let open = null, at = 0, key = '';

  const size = () => { area.style.height = 'auto'; area.style.height = Math.min(area.scrollHeight, 220) + 'px'; };
  const ready = () => { send.disabled = !area.value.trim() || !store.canAct; };

  function close() { open = null; popup.hidden = true; area.removeAttribute('aria-activedescendant'); }
  function complete() {
    open = offers(area.value, area.selectionStart);
    if (!open || !open.list.length) { close(); return; }
    at = 0;
    popup.replaceChildren(...open.list.map((o, i) => h('div', { class: 'offer', role: 'option', id: id + '-offer-' + i, 'aria-selected': String(i === 0),
      on: { pointerdown: (e) => { e.preventDefault(); take(i); } } }, o.who ? avatar(o.who, 'small') : null, h('strong', {}, o.label), h('small', {}, o.hint || ''))));
    popup.hidden = false;
    area.setAttribute('aria-activedescendant', id + '-offer-0');
  }
  function move(to) {
    at = (to + open.list.length) % open.list.length;
    [...popup.children].forEach((c, i) => c.setAttribute('aria-selected', String(i === at)));
    popup.children[at].scrollIntoView({ block: 'nearest' });
    area.setAttribute('aria-activedescendant', id + '-offer-' + at);
  }
  function take(i) {
    const o = open.list[i], caret = area.selectionStart;
    area.setRangeText(o.insert, open.from, caret, 'end');
    close();
    changed();
    area.focus();
  }
  function changed() { drafts.set(key, area.value); size(); ready(); }

  async function submit() {
    const text = area.value.trim();
    if (!text || !store.canAct) return;
    const where = place();
    area.value = '';
    close();
    changed();
    failed.replaceChildren();
    try { await api('post', { channel: where.channel, thread: where.thread || '', text }); } catch (err) {
      failed.replaceChildren(icon('warn'), h('span', {}, err.message));
      if (!area.value) { area.value = text; changed(); }
    }
    area.focus();
  }

  area.addEventListener('input', () => { changed(); complete(); });
  area.addEventListener('click', complete);
  area.addEventListener('blur', close);
  // enter takes the completion that is offered, or sends.
  function enter() {
    if (open && !popup.hidden && area.value.slice(open.from, area.selectionStart) !== open.list[at].insert.trim()) take(at);
    else submit();
  }
  // Keyboards of phones tell of Enter only by the line break that is about to come.
  let entered = false;
  area.addEventListener('beforeinput', (e) => {
    if (e.inputType !== 'insertLineBreak' || shifted) return;
    e.preventDefault();
    if (!entered) enter();
    entered = false;
  });
  let shifted = false;
  area.addEventListener('keydown', (e) => {
    shifted = e.shiftKey;
    entered = false;
    if (e.isComposing) return;
    if (open && !popup.hidden) {
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); move(at + (e.key === 'ArrowDown' ? 1 : -1)); return; }
      if (e.key === 'Tab') { e.preventDefault(); take(at); return; }
      if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); close(); return; }
    }
    if (e.key === 'Enter' && !e.shiftKey) { e.preventDefault(); entered = true; enter(); }
  });
  send.addEventListener('click', submit);

  const insert = (text) => () => {
    const before = area.value.slice(0, area.selectionStart);
    area.setRangeText((text !== '/' && before && !/\s$/.test(before) ? ' ' : '') + text, area.selectionStart, area.selectionEnd, 'end');
    area.focus();
    changed();
    complete();
  };
  const tool = (name, label, run) => h('button', { type: 'button', class: 'icon-btn', 'aria-label': label, title: label, on: { click: run } }, icon(name));
  const el = h('div', { class: 'composer' }, failed, h('div', { class: 'compose-box' }, popup, area,
    h('div', { class: 'compose-bar' }, tool('at', 'Mention somebody', insert('@')), tool('slash', 'Slash command', () => { if (!area.value) insert('/')(); else area.focus(); }), tip, send)));

  function update() {
    const p = place();
    if (p.key !== key) {
      key = p.key;
      area.value = drafts.get(key) || '';
      failed.replaceChildren();
      close();
    }
    area.placeholder = placeholder();
    area.disabled = !store.canAct;
    tip.replaceChildren(...[hint()].flat().filter(Boolean));
    ready();
    requestAnimationFrame(size);
  }
  function put(text) { area.value = text; changed(); submit(); }
  return { el, update, focus: () => area.focus(), put };
}
