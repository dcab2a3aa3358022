// The emoji people and bots write by name. Circles and squares that carry state are drawn, so that their colour is the same
// on every machine; a name we do not know stays as it was written.

import { h } from './dom.js';

const table = `
grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 joy 😂 rofl 🤣 slightly_smiling_face 🙂 wink 😉 blush 😊 innocent 😇 heart_eyes 😍
thinking_face 🤔 thinking 🤔 neutral_face 😐 expressionless 😑 unamused 😒 face_with_rolling_eyes 🙄 grimacing 😬 relieved 😌 pensive 😔
sleeping 😴 sunglasses 😎 confused 😕 worried 😟 open_mouth 😮 astonished 😲 flushed 😳 cry 😢 sob 😭 scream 😱 sweat 😓 sweat_smile 😅
angry 😠 rage 😡 exploding_head 🤯 partying_face 🥳 shrug 🤷 facepalm 🤦 wave 👋 +1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 clap 👏 pray 🙏 raised_hands 🙌
ok_hand 👌 muscle 💪 point_right 👉 point_left 👈 point_up 👆 point_down 👇 eyes 👀 brain 🧠 heart ❤️ broken_heart 💔 100 💯 fire 🔥 sparkles ✨ star ⭐ star2 🌟
boom 💥 zap ⚡ sunny ☀️ cloud ☁️ rainbow 🌈 snowflake ❄️ umbrella ☂️ tada 🎉 confetti_ball 🎊 gift 🎁 trophy 🏆 medal 🏅 rocket 🚀 airplane ✈️ car 🚗 ship 🚢 truck 🚚
bug 🐛 ant 🐜 bee 🐝 butterfly 🦋 mosquito 🦟 cat 🐱 dog 🐶 penguin 🐧 octopus 🐙 seedling 🌱 evergreen_tree 🌲 four_leaf_clover 🍀 apple 🍎 pizza 🍕 coffee ☕ beer 🍺 cake 🍰
computer 💻 desktop_computer 🖥️ keyboard ⌨️ floppy_disk 💾 cd 💿 iphone 📱 phone ☎️ email 📧 envelope ✉️ inbox_tray 📥 outbox_tray 📤 package 📦 mailbox 📫 memo 📝 pencil2 ✏️
page_facing_up 📄 page_with_curl 📃 clipboard 📋 bookmark 🔖 books 📚 book 📖 file_folder 📁 open_file_folder 📂 card_index_dividers 🗂️ calendar 📅 date 📅 spiral_calendar_pad 🗓️
bar_chart 📊 chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 chart 💹 moneybag 💰 dollar 💵 euro 💶 credit_card 💳 money_with_wings 💸 receipt 🧾 abacus 🧮
mag 🔍 mag_right 🔎 bulb 💡 wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ gear ⚙️ link 🔗 paperclip 📎 pushpin 📌 round_pushpin 📍 scissors ✂️ lock 🔒 unlock 🔓 key 🔑 shield 🛡️
bell 🔔 no_bell 🔕 loudspeaker 📢 mega 📣 speech_balloon 💬 thought_balloon 💭 robot_face 🤖 robot 🤖 ghost 👻 skull 💀 wastebasket 🗑️ battery 🔋 satellite 🛰️ telescope 🔭 microscope 🔬 test_tube 🧪
hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ alarm_clock ⏰ clock1 🕐 clock9 🕘 watch ⌚ white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ heavy_multiplication_x ✖️
negative_squared_cross_mark ❎ warning ⚠️ no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 rotating_light 🚨 construction 🚧 exclamation ❗ question ❓ grey_question ❔ bangbang ‼️
information_source ℹ️ heavy_plus_sign ➕ heavy_minus_sign ➖ arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrow_upper_right ↗️ arrow_lower_right ↘️ arrows_counterclockwise 🔄 repeat 🔁
small_red_triangle 🔺 small_red_triangle_down 🔻 arrow_up_small 🔼 arrow_down_small 🔽 arrow_forward ▶️ black_square_for_stop ⏹️ double_vertical_bar ⏸️ recycle ♻️ infinity ♾️ checkered_flag 🏁 triangular_flag_on_post 🚩
one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ keycap_ten 🔟 new 🆕 free 🆓 up 🆙 cool 🆒 ok 🆗 sos 🆘 wavy_dash 〰️ small_blue_diamond 🔹 small_orange_diamond 🔸
earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 globe_with_meridians 🌐 house 🏠 office 🏢 factory 🏭 classical_building 🏛️ hospital 🏥 ticket 🎫 dart 🎯 jigsaw 🧩 puzzle_piece 🧩 busts_in_silhouette 👥 bust_in_silhouette 👤`;

const byName = new Map();
{
  const parts = table.trim().split(/\s+/);
  for (let i = 0; i + 1 < parts.length; i += 2) byName.set(parts[i], parts[i + 1]);
}

const colours = ['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'brown', 'black', 'white'];
const drawn = new Map();
for (const c of colours) {
  drawn.set('large_' + c + '_circle', ['round', c]);
  drawn.set(c + '_circle', ['round', c]);
  drawn.set('large_' + c + '_square', ['square', c]);
}

const tones = /::skin-tone-[2-6]$/;

// emojiText is the character for a name, or '' when it is drawn or unknown.
export const emojiText = (name) => byName.get(name.replace(tones, '')) || '';

// emoji is the node for a name without colons; null for a name we do not know.
export function emoji(name) {
  const n = name.replace(tones, '').slice(0, 100);
  const d = drawn.get(n);
  if (d) {
    return h('span', { class: 'emoji mark mark-' + d[0] + ' mark-' + d[1], role: 'img', 'aria-label': n.replaceAll('_', ' '), title: ':' + n + ':' });
  }
  const c = byName.get(n);
  return c ? h('span', { class: 'emoji', role: 'img', 'aria-label': n.replaceAll('_', ' '), title: ':' + n + ':' }, c) : null;
}

// withEmoji turns the :names: of a plain text into nodes and keeps everything else.
export function withEmoji(text) {
  const out = [];
  let from = 0;
  for (const m of text.matchAll(/:([a-z0-9_+'-]{1,60}(?:::skin-tone-[2-6])?):/g)) {
    const e = emoji(m[1]);
    if (!e) continue;
    out.push(text.slice(from, m.index), e);
    from = m.index + m[0].length;
  }
  out.push(text.slice(from));
  return out;
}
