// The two panes: the channel in the middle and the thread on the right, with what surrounds their messages.

import { avatar, h, icon } from './dom.js';
import { composer } from './composer.js';
import { home, tabs } from './home.js';
import { withEmoji } from './emoji.js';
import { list, plain, statusLine } from './message.js';
import { newChat } from './sidebar.js';
import { baseOf, channelOf, go, href, isApp, store, who } from './store.js';

// announce tells screen readers what others said since the pane was last drawn.
function announcer() {
  let key = '', last = '';
  return (k, messages) => {
    const newest = messages.length ? messages[messages.length - 1].ts : '';
    if (k === key && newest > last) {
      const fresh = messages.filter((m) => m.ts > last && m.user !== store.as);
      if (fresh.length) document.getElementById('live').append(h('p', {}, fresh.map((m) => who(m.user).name + ': ' + plain(m)).join(' ')));
      while (document.getElementById('live').children.length > 20) document.getElementById('live').firstChild.remove();
    }
    key = k;
    last = newest;
  };
}

// scroller keeps the end in sight while one is at the end.
function scroller(inner) {
  const el = h('div', { class: 'scroll' }, inner);
  let stuck = true, last = 0;
  // Only who moves up leaves the end: a picture that arrives moves the end away without anybody having moved.
  el.addEventListener('scroll', () => {
    const end = el.scrollHeight - el.scrollTop - el.clientHeight < 60;
    if (end) stuck = true;
    else if (el.scrollTop < last - 2) stuck = false;
    last = el.scrollTop;
  }, { passive: true });
  const settle = () => { if (stuck) { el.scrollTop = el.scrollHeight; last = el.scrollTop; } };
  const watch = new ResizeObserver(settle);
  watch.observe(inner);
  watch.observe(el);
  return { el, settle, toEnd: () => { stuck = true; settle(); }, loosen: () => { stuck = false; } };
}

function prompts(data, put) {
  const p = Array.isArray(data.prompts) ? { prompts: data.prompts } : data.prompts;
  if (!p || !(p.prompts || []).length) return null;
  return h('div', { class: 'prompts' }, h('p', {}, p.title || 'Try one of these'),
    h('div', {}, p.prompts.map((x) => h('button', { type: 'button', class: 'prompt', disabled: !store.canAct, on: { click: () => put(x.message) } }, withEmoji(x.title)))));
}

function intro(c) {
  if (c.kind === 'assistant') {
    return h('div', { class: 'intro' }, avatar({ app: true }, 'big'), h('h3', {}, 'Ask ' + store.app.name), h('p', {}, 'A chat of your own with the app. What you ask here, only you see.'));
  }
  if (isApp(c)) return h('div', { class: 'intro' }, avatar({ app: true }, 'big'), h('h3', {}, store.app.name), h('p', {}, 'Your direct messages with the app. Ask as you would ask a colleague; no mention needed.'));
  return h('div', { class: 'intro' }, h('span', { class: 'intro-mark' }, icon(c.kind === 'private' ? 'lock' : 'hash')), h('h3', {}, c.name), h('p', {}, c.topic || 'The beginning of this channel.'));
}

export function mainPane() {
  const pane = { channel: '', inThread: false, flat: false, status: () => '' };
  const messages = list(pane);
  const lead = h('div', {}), tail = h('div', { class: 'tail' });
  const scroll = scroller(h('div', { class: 'scroll-inner' }, lead, messages.el, tail));
  const head = h('header', { class: 'pane-head' });
  const foot = h('div', { class: 'outside' });
  const homePane = home();
  const announce = announcer();
  const write = composer({
    id: 'compose-main',
    place: () => ({ channel: store.route.channel, key: store.as + ' ' + store.route.channel }),
    placeholder: () => { const c = channelOf(store.route.channel); return !store.canAct ? store.why || 'This person cannot write' : !c ? '' : isApp(c) ? 'Ask ' + store.app.name : 'Message #' + c.name; },
    hint: () => {
      const c = channelOf(store.route.channel);
      if (!c || isApp(c)) return 'Enter sends, Shift and Enter makes a new line';
      const bot = who(store.app.user);
      if (c.app === false) return [store.app.name + ' is not in this channel: ', h('code', {}, '/invite @' + bot.handle)];
      return ['Ask ', h('code', {}, '@' + bot.handle), store.app.command ? [' or type ', h('code', {}, store.app.command)] : null].flat();
    },
  });
  const el = h('main', { class: 'pane main', id: 'main', tabindex: '-1' }, head, scroll.el, homePane.el, foot, write.el);
  let openedKey = '';

  function heading() {
    const c = channelOf(store.route.channel);
    const title = (mark, words, more) => h('div', { class: 'pane-title' }, h('h1', {}, mark, h('span', {}, words)), more || null);
    if (store.route.kind === 'app' || isApp(c)) {
      const current = store.route.kind === 'app' ? 'home' : c.kind === 'assistant' ? 'chat' : 'messages';
      head.replaceChildren(title(avatar({ app: true }, 'small'), store.app.name), tabs(current),
        current === 'chat' ? h('button', { type: 'button', class: 'btn small', disabled: !store.canAct, on: { click: newChat } }, icon('plus'), 'New chat') : '');
      return;
    }
    if (!c) { head.replaceChildren(title('', store.failed || !store.me ? 'Nothing to see here' : 'No channel')); return; }
    head.replaceChildren(
      title(icon(c.kind === 'private' ? 'lock' : 'hash'), c.name, c.topic ? h('p', { class: 'topic', title: c.topic }, c.topic) : null),
      h('div', { class: 'facts' },
        c.shared ? h('span', { class: 'badge soft' }, 'shared channel') : null,
        c.app === false ? h('span', { class: 'badge soft' }, 'without ' + store.app.name) : null,
        c.members ? h('span', { class: 'members', title: c.members + ' members' }, icon('people'), String(c.members)) : null));
  }

  function update() {
    heading();
    const app = store.route.kind === 'app';
    const c = channelOf(store.route.channel);
    homePane.el.hidden = !app;
    scroll.el.hidden = app;
    if (app) homePane.update();
    const outside = !app && c && c.member === false;
    const nothing = !app && !c;
    write.el.hidden = app || outside || nothing;
    foot.hidden = !(outside || nothing);
    if (outside) foot.replaceChildren(h('p', {}, (store.me ? store.me.name : 'This person') + ' is not in #' + c.name + ' and can only read it.'));
    if (nothing) foot.replaceChildren(h('p', {}, store.failed || store.why || 'This person sees no channel.'));
    if (!app) write.update();
    const data = store.channel;
    el.classList.toggle('loading', !app && !!c && !data);
    if (app || !c) { messages.update([]); lead.replaceChildren(); tail.replaceChildren(); openedKey = ''; return; }
    if (!data || data.id !== c.id) { messages.update([]); lead.replaceChildren(); tail.replaceChildren(); openedKey = ''; return; }
    pane.channel = c.kind === 'assistant' ? c.id : data.id;
    pane.flat = c.kind === 'assistant';
    pane.status = (ts) => (data.statuses || {})[ts] || '';
    const all = data.messages || [];
    const key = store.as + ' ' + c.id;
    const fresh = key !== openedKey;
    let unread = '';
    if (fresh) {
      const others = all.filter((m) => m.user !== store.as && !m.ephemeral);
      unread = store.unreadFrom > 0 && store.unreadFrom < all.length ? others[Math.max(0, others.length - store.unreadFrom)]?.ts || '' : '';
      pane.unread = unread;
    }
    lead.replaceChildren(data.error ? h('p', { class: 'muted pad' }, data.error) : intro(c));
    tail.replaceChildren(...[data.status ? statusLine(data.status) : null, all.some((m) => m.user === store.as) ? null : prompts(data, write.put)].filter(Boolean));
    messages.update(all, pane.unread);
    announce(key, all);
    if (fresh) {
      openedKey = key;
      scroll.toEnd();
      if (window.matchMedia('(min-width: 800px)').matches && !store.route.thread && !document.querySelector('dialog[open]')) write.focus();
    }
    scroll.settle();
  }
  return { el, update };
}

export function threadPane() {
  const pane = { channel: '', inThread: true, flat: false, status: () => '' };
  const messages = list(pane);
  const tail = h('div', { class: 'tail' });
  const scroll = scroller(h('div', { class: 'scroll-inner' }, messages.el, tail));
  const title = h('div', { class: 'pane-title' });
  const announce = announcer();
  const close = h('a', { class: 'icon-btn', 'aria-label': 'Close the thread', title: 'Close (Esc)' }, icon('close'));
  const write = composer({
    id: 'compose-thread',
    place: () => ({ channel: baseOf(store.route.channel), thread: store.route.thread, key: store.as + ' ' + store.route.channel + ' ' + store.route.thread }),
    placeholder: () => (store.canAct ? 'Reply…' : store.why || 'This person cannot write'),
    hint: () => ['Go on asking ', h('code', {}, '@' + who(store.app.user).handle)],
  });
  const el = h('aside', { class: 'pane thread', 'aria-label': 'Thread' }, h('header', { class: 'pane-head' }, title, close), scroll.el, write.el);
  el.addEventListener('keydown', (e) => { if (e.key === 'Escape' && !e.defaultPrevented) { e.preventDefault(); go({ channel: store.route.channel }); } });
  let openedKey = '';
  function update() {
    const { channel, thread } = store.route;
    el.hidden = !thread;
    if (!thread) { openedKey = ''; messages.update([]); return; }
    const c = channelOf(channel) || channelOf(baseOf(channel));
    pane.channel = channel;
    close.href = href({ channel });
    title.replaceChildren(h('h1', {}, 'Thread'), h('p', { class: 'topic' }, c ? (isApp(c) ? c.name : '#' + c.name) : ''));
    write.el.hidden = !!(c && c.member === false);
    write.update();
    const data = store.thread;
    const here = data && data.ts === thread && data.id === channel;
    el.classList.toggle('loading', !here);
    if (!here) { messages.update([]); tail.replaceChildren(); return; }
    const all = data.messages || [];
    messages.update(all);
    tail.replaceChildren(...[data.error ? h('p', { class: 'muted pad' }, data.error) : null, data.status ? statusLine(data.status) : null, all.some((m) => m.user === store.as) ? null : prompts(data, write.put)].filter(Boolean));
    const key = store.as + ' ' + channel + ' ' + thread;
    announce(key, all);
    if (key !== openedKey) {
      openedKey = key;
      // A long answer is read from its beginning; a long conversation from its end.
      if (all.length > 2) scroll.toEnd(); else scroll.loosen();
      if (window.matchMedia('(min-width: 800px)').matches && !document.querySelector('dialog[open]')) write.focus();
    }
    scroll.settle();
  }
  return { el, update };
}
