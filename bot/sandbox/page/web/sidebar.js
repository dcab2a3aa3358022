// The sidebar: channels, direct messages, and the app with its chats.

import { avatar, h, icon } from './dom.js';
import { api, appChannel, baseOf, fetchState, go, href, isApp, store, who } from './store.js';
import { toast } from './menu.js';
import { clockTime, fromTS } from './when.js';

// newChat opens a thread in the assistant container and goes there.
export async function newChat() {
  try {
    const viewing = store.channels.find((c) => c.id === store.route.channel && !isApp(c));
    const r = await api('open', { what: 'assistant', viewing: viewing ? viewing.id : '' });
    await fetchState();
    go({ channel: r.channel, thread: r.channel.includes(':') ? '' : r.thread });
  } catch (err) { toast(err.message, 'bad'); }
}

function row(c, content, cls) {
  const here = store.route.kind === 'channel' && (store.route.channel === c.id);
  return h('a', { class: 'side-row' + (cls ? ' ' + cls : '') + (c.unread ? ' unread' : '') + (c.member === false ? ' out' : ''), href: href({ channel: c.id }), 'aria-current': here ? 'page' : null, dataset: { channel: c.id } },
    content, c.unread ? h('span', { class: 'count', 'aria-label': c.unread + ' unread' }, c.unread > 99 ? '99+' : String(c.unread)) : null);
}

// titled tells a chat that the app has not named yet from the others by when it began.
const titled = (c) => (c.name && c.name !== 'New chat' ? c.name : 'Chat of ' + clockTime(fromTS(c.thread || c.id.split(':')[1])));

const section = (title, ...rows) => h('section', { class: 'side-section', 'aria-label': title }, h('h2', {}, title), ...rows);

export function sidebar() {
  const el = h('nav', { class: 'sidebar', id: 'sidebar', 'aria-label': 'Channels and messages' });
  let sig = '';
  function update() {
    const next = JSON.stringify([store.channels, store.route, store.as, store.app, store.links]);
    if (next === sig) return;
    sig = next;
    const focused = el.contains(document.activeElement) ? document.activeElement.dataset.channel || document.activeElement.dataset.side : null;
    const rooms = store.channels.filter((c) => c.kind === 'public' || c.kind === 'private');
    const people = store.channels.filter((c) => c.kind === 'im' && !isApp(c));
    const dm = appChannel();
    const chats = store.channels.filter((c) => c.kind === 'assistant').sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, 8);
    const bot = who(store.app.user);
    const home = store.route.kind === 'app' || (dm && baseOf(store.route.channel) === dm.id && !store.route.channel.includes(':'));
    el.replaceChildren(
      section('Channels', ...rooms.map((c) => row(c, [icon(c.kind === 'private' ? 'lock' : 'hash'), h('span', { class: 'side-name' }, c.name), c.shared ? h('span', { class: 'shared', title: 'Shared with another workspace' }, icon('people')) : null]))),
      ...(people.length ? [section('Direct messages', ...people.map((c) => row(c, [avatar(c.user ? who(c.user) : { name: c.name }, 'small'), h('span', { class: 'side-name' }, c.name)])))] : []),
      ...(dm || chats.length ? [section('Apps',
        h('a', { class: 'side-row' + (dm && dm.unread ? ' unread' : ''), href: dm && dm.unread ? href({ channel: dm.id }) : href({ tab: 'home' }), 'aria-current': home ? 'page' : null, dataset: { side: 'app', channel: dm ? dm.id : null } },
          avatar({ ...bot, app: true }, 'small'), h('span', { class: 'side-name' }, store.app.name), dm && dm.unread ? h('span', { class: 'count', 'aria-label': dm.unread + ' unread' }, String(dm.unread)) : null),
        ...chats.map((c) => row(c, [icon('chat'), h('span', { class: 'side-name' }, titled(c))], 'nested')),
        h('button', { type: 'button', class: 'side-row nested new-chat', dataset: { side: 'new' }, disabled: !store.canAct, on: { click: newChat } }, icon('plus'), h('span', { class: 'side-name' }, 'New chat')))] : []),
      ...(store.links.length ? [section('Beside Slack', ...store.links.map((l) => h('a', { class: 'side-row', href: l.path }, icon('file'), h('span', { class: 'side-name' }, l.name))))] : []),
      h('p', { class: 'side-note' }, 'A sandbox: people, channels and money are invented, and nothing leaves this machine.'));
    if (focused) el.querySelector(`[data-channel="${CSS.escape(focused)}"], [data-side="${CSS.escape(focused)}"]`)?.focus();
  }
  return { el, update };
}
