// One message, and a list of them: who said it and when, blocks, files, replies, and what one may do with it.

import { avatar, h, icon } from './dom.js';
import { attachment, blocks } from './blocks.js';
import { emoji } from './emoji.js';
import { file } from './files.js';
import { menu, toast } from './menu.js';
import { mrkdwn } from './mrkdwn.js';
import { baseOf, go, href, press, react, shortcut, store, who } from './store.js';
import { ago, clockTime, day, dayKey, fromTS, full } from './when.js';

const dismissed = new Set(); // ephemeral messages put away, until the page is loaded again

const badge = (u) => (u.app || u.kind === 'app' || u.kind === 'bot' ? h('span', { class: 'badge' }, 'APP')
  : u.kind === 'guest' ? h('span', { class: 'badge soft' }, 'guest')
    : u.kind === 'stranger' ? h('span', { class: 'badge soft' }, u.team || 'other workspace') : null);

// plain is a message's words for a screen reader's announcement.
export const plain = (m) => { const el = h('div', {}); el.append(mrkdwn(m.text || '')); return el.textContent.slice(0, 300); };

function tools(m, pane, row) {
  if (m.ephemeral) {
    return h('div', { class: 'tools' }, h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Put this message away', title: 'Put away',
      on: { click: () => { dismissed.add(m.ts); row.remove(); } } }, icon('close')));
  }
  const items = () => {
    const own = (store.app.shortcuts || []).filter((s) => !s.global && s.type !== 'global' && s.type !== 'shortcut');
    return [
      ...(own.length && store.canAct ? [{ title: 'Shortcuts of ' + store.app.name }] : []),
      ...(store.canAct ? own.map((s) => ({ icon: 'spark', label: s.name, dataset: { shortcut: s.callback_id },
        run: () => shortcut(s.callback_id, m.channel || baseOf(pane.channel), m.ts).catch((err) => toast(err.message, 'bad')) })) : []),
      ...(own.length && store.canAct ? [null] : []),
      ...(store.canAct ? [['pushpin', '📌'], ['ticket', '🎫']].filter(([name]) => name !== 'ticket' || pane.inThread).map(([name, sign]) => ({ icon: 'spark', label: (marked(m, name) ? 'Take off the ' : 'Mark with ') + sign,
        dataset: { react: name }, run: () => toggle(m, pane, name) })) : []),
      ...(pane.inThread || pane.flat ? [] : [{ icon: 'reply', label: 'Reply in the thread', run: () => go({ channel: pane.channel, thread: m.ts }) }]),
      { icon: 'link', label: 'Copy the link', run: () => copy(location.origin + location.pathname + href({ channel: baseOf(pane.channel), thread: m.thread_ts || m.ts }), 'The link was copied') },
      { icon: 'file', label: 'Copy the text', run: () => copy(plain(m), 'The text was copied') },
    ];
  };
  const more = h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'More about this message', title: 'More', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
    on: { click: () => menu(more, items(), { label: 'What to do with this message', align: 'end' }) } }, icon('more'));
  return h('div', { class: 'tools' },
    pane.inThread || pane.flat ? null : h('a', { class: 'icon-btn', href: href({ channel: pane.channel, thread: m.ts }), 'aria-label': 'Reply in the thread', title: 'Reply in the thread' }, icon('reply')),
    more);
}

// marked tells whether the person put an emoji on a message.
const marked = (m, name) => (m.reactions || []).some((r) => r.name === name && (r.users || []).includes(store.me && store.me.id));
const toggle = (m, pane, name) => react(m.channel || baseOf(pane.channel), m.ts, name, !marked(m, name)).catch((err) => toast(err.message, 'bad'));

async function copy(text, words) {
  try { await navigator.clipboard.writeText(text); toast(words); } catch { toast('The browser did not let the page copy', 'bad'); }
}

function replies(m, pane) {
  const t = m.thread;
  if (!t || !t.count || pane.inThread || pane.flat) return null;
  return h('a', { class: 'replies', href: href({ channel: pane.channel, thread: m.ts }) },
    (t.users || []).slice(0, 4).map((id) => avatar(who(id), 'small')),
    h('strong', {}, t.count + (t.count === 1 ? ' reply' : ' replies')),
    t.last ? h('span', { class: 'muted' }, 'last ' + ago(fromTS(t.last))) : null);
}

export const statusLine = (text) => h('div', { class: 'status-line', role: 'status' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }, h('i', {}), h('i', {}), h('i', {})),
  h('span', {}, h('strong', {}, store.app.name), ' ' + text));

// message draws one. pane: {channel, inThread, flat (an assistant's chat), status(ts)}; joined: goes on from the one above.
function message(m, pane, joined) {
  const u = who(m.user), at = fromTS(m.ts);
  const note = h('div', { class: 'press-note', role: 'alert' });
  const place = {
    inputs: new Map(),
    press: (a) => press({ channel: m.channel || baseOf(pane.channel), ts: m.ts, thread: m.thread_ts || '' }, a),
    note: (text) => { note.replaceChildren(...(text ? [icon('warn'), h('span', {}, text)] : [])); },
  };
  const own = Array.isArray(m.blocks) && m.blocks.length > 0;
  const body = h('div', { class: 'body' },
    own ? blocks(place, m.blocks) : m.text ? h('div', { class: 'text' }, mrkdwn(m.text)) : null,
    m.edited ? h('span', { class: 'edited' }, '(edited)') : null,
    (m.attachments || []).map((a) => attachment(place, a)),
    (m.files || []).map(file));
  const time = h('time', { datetime: Number.isNaN(at.getTime()) ? null : at.toISOString(), title: full(at) }, clockTime(at));
  const name = m.username || u.name;
  const row = h('div', {
    class: 'message' + (joined ? ' joined' : '') + (m.ephemeral ? ' ephemeral' : '') + (m.streaming ? ' streaming' : ''), tabindex: '0', role: 'article',
    'aria-label': name + ', ' + clockTime(at) + (m.ephemeral ? ', only visible to you' : ''), dataset: { ts: m.ts, user: m.user },
  });
  const system = /^(channel_|group_)(join|leave|topic|purpose|name)/.test(m.subtype || '');
  row.append(
    h('div', { class: 'gutter' }, joined ? time : avatar(u)),
    h('div', { class: 'content' + (system ? ' system' : '') },
      m.ephemeral ? h('div', { class: 'only-you' }, icon('eye'), 'Only visible to you') : null,
      m.broadcast && !pane.inThread ? h('div', { class: 'only-you' }, icon('reply'), h('a', { href: href({ channel: pane.channel, thread: m.thread_ts }) }, 'replied in a thread')) : null,
      m.pinned ? h('div', { class: 'only-you' }, '📌 Pinned') : null,
      joined ? null : h('div', { class: 'who' }, h('strong', {}, name), badge(u), time),
      body, note,
      (m.reactions || []).length ? h('div', { class: 'reactions' }, m.reactions.map((r) => h('button', { type: 'button', class: 'reaction' + (marked(m, r.name) ? ' mine' : ''), disabled: !store.canAct || m.ephemeral, 'aria-pressed': String(marked(m, r.name)), on: { click: () => toggle(m, pane, r.name) }, title: (r.users || []).map((id) => who(id).name).join(', ') }, emoji(r.name) || ':' + r.name + ':', ' ', String((r.users || []).length || r.count || 1)))) : null,
      replies(m, pane),
      pane.status(m.ts) ? statusLine(pane.status(m.ts)) : null),
    tools(m, pane, row));
  return row;
}

// list keeps a <div> of messages in step with the data: a message that did not change keeps its node, with what is typed and
// waited for in it.
export function list(pane) {
  const el = h('div', { class: 'messages', role: 'log', 'aria-label': 'Messages', 'aria-live': 'off' });
  let drawn = new Map();
  function update(messages, unreadTS) {
    const next = new Map(), nodes = [];
    let before = null;
    const put = (key, sig, make) => {
      const old = drawn.get(key);
      const entry = old && old.sig === sig ? old : { sig, node: make() };
      next.set(key, entry);
      nodes.push(entry.node);
    };
    messages.forEach((m, i) => {
      if (m.ephemeral && dismissed.has(m.ts)) return;
      const at = fromTS(m.ts);
      const newDay = !before || dayKey(fromTS(before.ts)) !== dayKey(at);
      if (newDay && !pane.inThread) put('day ' + dayKey(at), day(at), () => h('div', { class: 'divider' }, h('span', {}, day(at))));
      if (unreadTS && m.ts === unreadTS) put('new', 'new', () => h('div', { class: 'divider new' }, h('span', {}, 'New')));
      const joined = !newDay && m.ts !== unreadTS && before.user === m.user && before.username === m.username && !before.ephemeral && !m.ephemeral && !(before.thread && before.thread.count) &&
        Number(m.ts) - Number(before.ts) < 300 && !(pane.inThread && i === 1);
      put(m.ts + (m.ephemeral ? 'e' : ''), JSON.stringify([m, joined, pane.status(m.ts), store.users.get(m.user)?.name]), () => message(m, pane, joined));
      if (pane.inThread && i === 0 && messages.length > 1) {
        const n = messages.length - 1;
        put('count', String(n), () => h('div', { class: 'divider below' }, h('span', {}, n + (n === 1 ? ' reply' : ' replies'))));
      }
      before = m;
    });
    drawn = next;
    nodes.forEach((n, i) => { if (el.children[i] !== n) el.insertBefore(n, el.children[i] || null); });
    while (el.children.length > nodes.length) el.lastChild.remove();
  }
  // Up and down walk from message to message.
  el.addEventListener('keydown', (e) => {
    if (!e.target.classList.contains('message') || (e.key !== 'ArrowUp' && e.key !== 'ArrowDown')) return;
    const all = [...el.querySelectorAll('.message')];
    const to = all[all.indexOf(e.target) + (e.key === 'ArrowDown' ? 1 : -1)];
    if (to) { e.preventDefault(); to.focus(); }
  });
  return { el, update };
}
