// The app's own pages: its home (a view it published for this person), its direct messages and its chats.

import { h, icon, spinner } from './dom.js';
import { blocks } from './blocks.js';
import { appChannel, href, press, store } from './store.js';

// tabs are the app's, over its home, messages and chats.
export function tabs(current) {
  const dm = appChannel();
  const chats = store.channels.filter((c) => c.kind === 'assistant').sort((a, b) => (a.id < b.id ? 1 : -1));
  const tab = (key, words, to, name) => h('a', { class: 'tab', href: to, 'aria-current': current === key ? 'page' : null, dataset: { tab: key } }, icon(name), words);
  return h('nav', { class: 'tabs', 'aria-label': store.app.name },
    dm ? tab('home', 'Home', href({ tab: 'home' }), 'home') : null,
    dm ? tab('messages', 'Messages', href({ channel: dm.id }), 'chat') : null,
    chats.length ? tab('chat', 'Chat', href({ channel: chats[0].id }), 'spark') : null);
}

export function home() {
  const note = h('div', { class: 'press-note', role: 'alert' });
  const el = h('div', { class: 'home', tabindex: '0', role: 'region', 'aria-label': 'Home' });
  let sig = '';
  function update() {
    const v = store.home;
    const next = JSON.stringify([v === undefined, v && [v.id, v.blocks], store.as]);
    if (next === sig) return;
    sig = next;
    const place = {
      inputs: new Map(), press: (a) => press({ view_id: v.id }, a),
      note: (text) => note.replaceChildren(...(text ? [icon('warn'), h('span', {}, text)] : [])),
    };
    if (v) el.replaceChildren(h('div', { class: 'home-body', dataset: { viewId: v.id } }, note, blocks(place, v.blocks)));
    else {
      el.replaceChildren(h('div', { class: 'empty' }, v === undefined ? spinner() : icon('home'),
        h('p', {}, v === undefined ? 'Opening…' : store.app.name + ' has not published a home for you yet. It does so when it hears that you opened it.')));
    }
  }
  return { el, update };
}
