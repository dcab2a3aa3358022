// The person switcher: as whom one acts, and what each kind of person may do.

import { avatar, h, icon } from './dom.js';
import { menu } from './menu.js';
import { go, store } from './store.js';

const kinds = {
  admin: ['Workspace admin', ''],
  member: ['Member', ''],
  guest: ['Guest', 'Invited into single channels; the app tells guests no numbers.'],
  stranger: ['Another workspace', 'Here through a shared channel; the app tells strangers no numbers.'],
  bot: ['App', ''],
  deactivated: ['Deactivated', 'The account is closed: sees and does nothing.'],
};

// described says in a line or two who somebody is and what that means here.
function described(u) {
  const groups = [...store.groups.values()].filter((g) => (g.users || []).includes(u.id)).map((g) => '@' + g.handle);
  const [kind, means] = kinds[u.kind] || [u.kind, ''];
  const where = u.kind === 'stranger' && u.team ? 'Of ' + u.team : kind;
  return [[where, groups.length ? 'in ' + groups.join(', ') : ''].filter(Boolean).join(' · '), u.note || means];
}

export function switcher() {
  const el = h('button', { type: 'button', id: 'switcher', class: 'switcher', 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
  el.addEventListener('click', () => {
    const people = [...store.users.values()].filter((u) => u.kind !== 'bot' && u.kind !== 'app' && !u.app);
    menu(el, [
      { title: 'Act as. What each may see is up to the app’s rules.' },
      ...people.map((u) => {
        const [line, means] = described(u);
        return {
          dataset: { person: u.id },
          node: [avatar(u), h('span', { class: 'menu-words' + (u.canAct ? '' : ' off') }, h('span', {}, h('strong', {}, u.name), u.title ? h('span', { class: 'muted' }, ' ' + u.title) : null),
            h('small', {}, line), means ? h('small', {}, means) : null), u.id === store.as ? icon('check', 'tick') : null],
          run: () => { if (u.id !== store.as) go({ as: u.id, ...store.route, thread: '' }); },
        };
      }),
    ], { label: 'Act as', align: 'end', class: 'people' });
  });
  function update() {
    const u = store.me;
    if (!u) return;
    el.setAttribute('aria-label', 'Acting as ' + u.name + (u.title ? ', ' + u.title : '') + '. Change');
    el.replaceChildren(avatar(u), h('span', { class: 'switcher-words' }, h('small', {}, 'acting as'), h('span', {}, h('strong', {}, u.name), u.title ? h('span', { class: 'muted switcher-title' }, ' (' + u.title + ')') : null)), icon('down'));
  }
  return { el, update };
}
