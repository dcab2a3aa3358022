// What the page knows: who one is, where one is, and what the workspace last said about it. The URL's fragment is the truth
// about where; the server is the truth about everything else, so after every event what is open is fetched again.

import { names } from './mrkdwn.js';
import { setNow } from './when.js';

export const store = {
  as: '', route: { kind: '', channel: '', thread: '', tab: '' },
  team: { name: '' }, me: null, canAct: true, why: '', app: { name: 'the app', shortcuts: [] },
  users: new Map(), groups: new Map(), channels: [], links: [],
  channel: null, thread: null, home: undefined, modal: null,
  online: true, failed: '',
};

const listeners = new Set();
export const subscribe = (f) => { listeners.add(f); };
const changed = (what) => { for (const f of listeners) f(what); };

// answers longer than this count as none, as in the client that this page stands in for.
export const patience = 3000;

export async function api(path, body) {
  const options = body === undefined ? {} : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  let resp;
  try {
    resp = await fetch('/app/' + path + (store.as ? '?as=' + encodeURIComponent(store.as) : ''), options);
  } catch {
    throw new Error('The workspace cannot be reached. Is it still running?');
  }
  let data = null;
  try { data = await resp.json(); } catch { /* no JSON: the status says it */ }
  if (!resp.ok || (data && data.ok === false && data.error)) throw new Error(said((data && data.error) || 'The workspace answered ' + resp.status));
  return data || {};
}
const said = (s) => { const t = String(s); return t.charAt(0).toUpperCase() + t.slice(1) + (/[.?!]$/.test(t) ? '' : '.'); };

// --- where one is ---

export const baseOf = (id) => String(id || '').split(':')[0];

export function href({ channel, thread, tab, as = store.as }) {
  const path = tab ? '/app/' + tab : channel ? '/c/' + encodeURIComponent(channel) + (thread ? '/t/' + encodeURIComponent(thread) : '') : '/';
  return '#' + path + (as ? '?as=' + encodeURIComponent(as) : '');
}
export const go = (where) => { location.hash = href(where); };

function readRoute() {
  const [path, query] = location.hash.replace(/^#/, '').split('?');
  const part = (s) => { try { return decodeURIComponent(s || ''); } catch { return ''; } };
  const p = path.split('/').slice(1);
  const as = new URLSearchParams(query || '').get('as') || '';
  const route = { kind: '', channel: '', thread: '', tab: '' };
  if (p[0] === 'c' && p[1]) { route.kind = 'channel'; route.channel = part(p[1]); if (p[2] === 't') route.thread = part(p[3]); }
  if (p[0] === 'app') { route.kind = 'app'; route.tab = p[1] || 'home'; }
  return { as, route };
}

// --- people and places ---

function person(u) {
  const profile = u.profile || {};
  const kind = u.kind || (u.deleted ? 'deactivated' : u.is_bot || u.bot ? 'bot' : u.is_stranger ? 'stranger' : u.is_restricted || u.is_ultra_restricted ? 'guest' : u.is_admin ? 'admin' : 'member');
  return {
    id: u.id, handle: u.name || u.id, name: u.real_name || profile.real_name || u.name || u.id, title: u.title || profile.title || '', kind,
    team: typeof u.team === 'string' ? u.team : '', color: /^#?[0-9a-f]{6}$/i.test(u.color || '') ? '#' + u.color.replace('#', '') : '',
    canAct: u.canAct !== undefined ? u.canAct : !['bot', 'app', 'deleted', 'deactivated'].includes(kind), note: u.note || '',
  };
}

// who finds a person to draw; the app is drawn with its own picture.
export function who(id) {
  const u = store.users.get(id);
  if (!u) return { id, name: id || 'unknown', kind: '' };
  return u;
}

export const appChannel = () => store.channels.find((c) => c.kind === 'im' && (c.app || c.name === store.app.name));
export const isApp = (c) => !!c && ((c.kind === 'im' && (c.app === true || c.name === store.app.name)) || c.kind === 'assistant');
export const channelOf = (id) => store.channels.find((c) => c.id === id) || null;

function takeState(s) {
  store.team = s.team || store.team;
  store.app = { shortcuts: [], ...s.app };
  if (typeof store.app.command === 'object' && store.app.command) store.app = { ...store.app, command: store.app.command.name, hint: store.app.command.hint };
  store.users = new Map((s.users || []).map((u) => [u.id, person(u)]));
  const bot = store.users.get(store.app.user);
  if (bot) bot.app = true;
  store.groups = new Map((s.groups || []).map((g) => [g.id, g]));
  const me = typeof s.me === 'string' ? s.me : s.me?.id;
  store.me = store.users.get(me) || (typeof s.me === 'object' && s.me ? person(s.me) : null);
  store.as = me || store.as;
  store.links = s.links || [];
  store.canAct = s.canAct !== false;
  store.why = s.why || '';
  if (s.now) setNow(typeof s.now === 'number' ? s.now * 1000 : Date.parse(s.now));
  // The open channel was read the moment it was fetched.
  store.channels = (s.channels || []).map((c) => (c.id === store.route.channel && document.visibilityState === 'visible' ? { ...c, unread: 0 } : c));
  store.failed = '';
}

names.user = (id) => { const u = store.users.get(id); return u ? { name: u.name, me: id === store.as } : null; };
names.channel = (id) => channelOf(id);
names.group = (id) => store.groups.get(id) || null;
names.channelHref = (id) => href({ channel: id });
names.people = () => [...store.users.values()].filter((u) => u.kind !== 'deactivated').map((u) => ({ id: u.id, name: u.name }));
names.places = () => store.channels.filter((c) => c.kind !== 'assistant').map((c) => ({ id: c.id, name: c.name, hash: c.kind !== 'im' }));
names.file = (id) => '/files/' + encodeURIComponent(id) + '/?as=' + encodeURIComponent(store.as);

// --- fetching: one request of a kind at a time, and one more if something changed meanwhile ---

function feed(what, load) {
  let running = null, again = false;
  async function run() {
    do {
      again = false;
      try { if ((await load()) !== false) changed(what); } catch (err) { store.failed = err.message; changed('failed'); }
    } while (again);
    running = null;
  }
  // Who asks while one is under way waits for the one after it, which began later than the question.
  return () => {
    if (running) again = true;
    else running = run();
    return running;
  };
}

const fetchState = feed('state', async () => {
  const as = store.as;
  const s = await api('state');
  if (as && as !== store.as) return false;
  takeState(s);
});
const fetchChannel = feed('channel', async () => {
  const { channel } = store.route, as = store.as;
  if (!channel) { store.channel = null; return; }
  let data;
  try { data = await api('channel/' + encodeURIComponent(channel)); } catch (err) { data = { messages: [], error: err.message }; }
  if (store.route.channel !== channel || store.as !== as) return false;
  store.channel = { id: channel, as, ...data };
});
const fetchThread = feed('thread', async () => {
  const { channel, thread } = store.route, as = store.as;
  if (!thread) { store.thread = null; return; }
  let data;
  try { data = await api('thread/' + encodeURIComponent(baseOf(channel)) + '/' + encodeURIComponent(thread)); } catch (err) { data = { messages: [], error: err.message }; }
  if (store.route.channel !== channel || store.route.thread !== thread || store.as !== as) return false;
  store.thread = { id: channel, ts: thread, as, ...data };
});
const fetchHome = feed('home', async () => {
  const as = store.as;
  const data = await api('home');
  if (store.as !== as) return false;
  store.home = data.view || null;
});
const fetchModal = feed('modal', async () => {
  const as = store.as;
  const data = await api('modal');
  if (store.as !== as) return false;
  store.modal = data.view ? { ...data.view, depth: data.depth || 1 } : null;
});

export async function refreshAll() {
  await fetchState();
  await Promise.all([fetchChannel(), fetchThread(), fetchModal(), store.route.kind === 'app' ? fetchHome() : null]);
}
export { fetchChannel, fetchThread, fetchHome, fetchModal, fetchState };

// --- pressing ---

const waiting = new Set();

function settle(n) {
  for (const p of waiting) {
    const same = n.view_id ? p.view_id === n.view_id : baseOf(p.channel) === baseOf(n.channel) && p.ts === n.ts;
    if (!same) continue;
    waiting.delete(p);
    if (n.type === 'acked') p.resolve();
    else p.reject(new Error(store.app.name + ' did not respond. Try again.'));
    return;
  }
}

// press sends what a person did with an element, and ends when the app has acknowledged it, refused it, or not answered.
export function press(where, action) {
  return acknowledged(where, () => api('press', { ...where, value: '', ...action }));
}
export function shortcut(callback_id, channel, ts) {
  return acknowledged({ channel, ts }, () => api('shortcut', { callback_id, channel, ts }));
}
export const react = (channel, ts, name, on) => api('react', { channel, ts, name, on });
function acknowledged(where, call) {
  return new Promise((resolve, reject) => {
    const p = { ...where, resolve, reject };
    waiting.add(p);
    const timer = setTimeout(() => { waiting.delete(p); reject(new Error(store.app.name + ' did not respond. Try again.')); }, patience);
    const done = (f) => (v) => { clearTimeout(timer); waiting.delete(p); f(v); };
    p.resolve = done(resolve);
    p.reject = done(reject);
    call().then((r) => { if (r.acked === true || !store.online) p.resolve(); }, p.reject);
  });
}

// --- events ---

let events = null, delay = 500, timer = 0;

function heard(n) {
  const here = (id) => id && (id === store.route.channel || baseOf(id) === baseOf(store.route.channel));
  switch (n.type) {
    case 'acked': case 'failed': settle(n); return;
    case 'modal': fetchModal(); return;
    case 'home': fetchHome(); return;
    case 'reload': case 'state': refreshAll(); return;
    case 'channel': fetchState(); if (here(n.channel)) fetchChannel(); return;
    default: // message, update, ephemeral, status, prompts, and what may come later
      if (!n.channel) { refreshAll(); return; }
      if (here(n.channel)) {
        fetchChannel();
        if (store.route.thread && (!n.thread || n.thread === store.route.thread || n.ts === store.route.thread)) fetchThread();
      }
      if (!here(n.channel) || n.type === 'prompts') fetchState();
  }
}

export function connect() {
  clearTimeout(timer);
  if (events) events.close();
  if (!store.me) return;
  const source = new EventSource('/app/events?as=' + encodeURIComponent(store.as));
  events = source;
  source.onopen = () => {
    delay = 500;
    if (!store.online) { store.online = true; changed('online'); }
    refreshAll(); // what was said while nobody listened
  };
  source.onmessage = (e) => { try { heard(JSON.parse(e.data)); } catch { /* a comment or something newer than this page */ } };
  source.onerror = () => {
    source.close();
    if (events !== source) return;
    if (store.online) { store.online = false; changed('online'); }
    timer = setTimeout(connect, delay);
    delay = Math.min(delay * 1.8, 15000);
  };
}

// --- moving about ---

const opened = new Set(); // what the app was told of, by person

function tellOpened(what) {
  const key = store.as + ' ' + what;
  if (what === 'dm' && opened.has(key)) return;
  opened.add(key);
  if (store.canAct) api('open', { what }).then(() => { if (what === 'home') fetchHome(); }, () => {});
}

export async function moved(first) {
  let { as, route } = readRoute();
  const switched = first || (as && as !== store.as);
  const before = store.route;
  if (as) store.as = as;
  if (!switched) store.route = route;
  else {
    // Nothing is fetched for the new person until it is known what they see.
    if (events) { events.close(); events = null; }
    store.route = { kind: '', channel: '', thread: '', tab: '' };
    Object.assign(store, { channel: null, thread: null, home: undefined, modal: null, me: null, failed: '' });
    await fetchState();
    if (store.failed && !store.me && store.as) { // perhaps a person of an earlier workspace: then the first of this one
      const wanted = store.as;
      store.as = '';
      await fetchState();
      if (!store.me) store.as = wanted;
    }
    if (store.failed && !store.me) { timer = setTimeout(() => moved(true), 2000); return; }
    ({ as, route } = readRoute()); // one may have moved on meanwhile
    if (as && as !== store.as && store.users.has(as)) return;
    store.route = route;
    try { localStorage.setItem('as', store.as); } catch { /* private windows may not keep it */ }
  }
  // Nowhere yet, or a place this person does not see: the first channel they are in.
  const seen = route.kind === 'app' ? !!appChannel() : store.channels.some((c) => c.id === route.channel || c.id === baseOf(route.channel));
  if (!seen && store.channels.length) {
    const home = store.channels.find((c) => c.member !== false && c.kind !== 'assistant') || store.channels[0];
    history.replaceState(null, '', href({ channel: home.id }));
    store.route = { kind: 'channel', channel: home.id, thread: '', tab: '' };
  } else if (!seen) {
    store.route = { kind: '', channel: '', thread: '', tab: '' };
  } else if (as !== store.as) {
    history.replaceState(null, '', href({ ...store.route }));
  }
  const r = store.route;
  if (r.channel !== before.channel || switched) {
    const c = channelOf(r.channel);
    store.unreadFrom = c ? c.unread || 0 : 0;
    store.channel = null;
  }
  if (r.thread !== before.thread || r.channel !== before.channel) store.thread = null;
  changed('route');
  if (switched) { connect(); fetchModal(); }
  fetchChannel().then(() => { const c = channelOf(r.channel); if (c && c.unread) { c.unread = 0; changed('state'); } });
  fetchThread();
  if (r.kind === 'app') { tellOpened('home'); fetchHome(); } else if (isApp(channelOf(r.channel)) && channelOf(r.channel).kind === 'im') tellOpened('dm');
}

export function start() {
  if (!readRoute().as) { try { store.as = localStorage.getItem('as') || ''; } catch { /* as above */ } }
  window.addEventListener('hashchange', () => moved(false));
  return moved(true);
}
