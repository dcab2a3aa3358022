package state

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// crew is several processes with several workers each on one file, under one clock.
type crew struct {
	t       *testing.T
	handles []*DB
	workers []*worker
	names   int
	now     time.Time
}

// worker has a name until it dies; another then takes its place.
type worker struct {
	db    *DB
	name  string
	items []string
	posts []*attempt
}

// attempt is a worker on its way with a post.
type attempt struct {
	post    *Post
	unknown bool
	until   time.Time // its deadline: the end of its lease
	step    string    // "": it has not begun; "sending": it is in Slack by now, but nobody was told
}

func newCrew(t *testing.T) *crew {
	path := filepath.Join(t.TempDir(), "spendbot.db")
	return &crew{t: t, handles: []*DB{quick(t, path), quick(t, path), quick(t, path)}}
}

// reset begins with an empty file: making one anew for each check would be most of the time.
func (c *crew) reset() {
	for _, table := range []string{"inbox", "outbox"} {
		if _, err := c.handles[0].sql.Exec("DELETE FROM " + table); err != nil {
			c.t.Fatal(err)
		}
	}
	c.now, c.workers = t0, nil
	for i := range 5 {
		c.workers = append(c.workers, &worker{db: c.handles[i%len(c.handles)]})
		c.kill(c.workers[i])
	}
}

func (c *crew) kill(w *worker) {
	c.names++
	w.name, w.items, w.posts = fmt.Sprint("w", c.names), nil, nil
}

func (c *crew) worker(t *rapid.T) *worker { return rapid.SampledFrom(c.workers).Draw(t, "worker") }

func (c *crew) pass(t *rapid.T) {
	c.now = c.now.Add(time.Duration(rapid.IntRange(1, 4).Draw(t, "half leases")) * lease / 2)
}

type modelItem struct {
	ordinal  int
	lane     string
	owner    string
	until    time.Time
	attempts int
	outcome  string
	finished time.Time
}

// The inbox does what a map in memory does, whatever order things happen in and whoever dies: each item is fresh once, held by
// one at a time, and finished once.
func TestInboxAgainstAModel(t *testing.T) {
	c := newCrew(t)
	rapid.Check(t, func(t *rapid.T) {
		c.reset()
		items, ordinal, finishes := map[string]*modelItem{}, 0, map[string]int{}
		open := func(it *modelItem) bool { return it.outcome == "" }
		first := func() (key string, it *modelItem) { // the one that must be taken next
			for _, k := range slices.SortedFunc(maps.Keys(items), func(a, b string) int { return items[a].ordinal - items[b].ordinal }) {
				it := items[k]
				behind := it.lane != "" && slices.ContainsFunc(slices.Collect(maps.Values(items)), func(e *modelItem) bool {
					return e.lane == it.lane && e.ordinal < it.ordinal && open(e)
				})
				if open(it) && !behind && !it.until.After(c.now) {
					return k, it
				}
			}
			return "", nil
		}
		take := func(t *rapid.T, w *worker) bool {
			key, want := first()
			got, err := w.db.Take(c.t.Context(), w.name, c.now, lease)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				if want != nil {
					t.Fatalf("nothing to take, want %s", key)
				}
				return false
			}
			if want == nil || got.Key != key || got.Attempts != want.attempts+1 || string(got.Payload) != "payload of "+key {
				t.Fatalf("took %+v, want %s %+v", got, key, want)
			}
			want.owner, want.until, want.attempts = w.name, c.now.Add(lease), got.Attempts
			w.items = append(w.items, key)
			return true
		}
		finish := func(t *rapid.T, w *worker, outcome string) {
			if len(w.items) == 0 {
				return
			}
			key := w.items[0]
			w.items = w.items[1:]
			if err := w.db.Finish(c.t.Context(), key, outcome, c.now); err != nil && items[key] != nil {
				t.Fatal(err)
			}
			if it := items[key]; it != nil && open(it) {
				it.outcome, it.finished, it.owner, it.until = outcome, c.now, "", time.Time{}
				finishes[key]++
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"receive": func(t *rapid.T) {
				key := rapid.StringMatching(`[a-h]`).Draw(t, "key")
				lane := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "lane")
				fresh, err := c.worker(t).db.Receive(c.t.Context(), Item{Key: key, Lane: lane, Payload: []byte("payload of " + key), Received: c.now})
				if err != nil {
					t.Fatal(err)
				}
				if fresh != (items[key] == nil) {
					t.Fatalf("%s fresh: %v", key, fresh)
				}
				if fresh {
					ordinal++
					items[key] = &modelItem{ordinal: ordinal, lane: lane}
					finishes[key] = 0
				}
			},
			"take":   func(t *rapid.T) { take(t, c.worker(t)) },
			"finish": func(t *rapid.T) { finish(t, c.worker(t), "by "+fmt.Sprint(ordinal)) },
			"die":    func(t *rapid.T) { c.kill(c.worker(t)) },
			"time":   c.pass,
			"renew": func(t *rapid.T) {
				w := c.worker(t)
				if err := w.db.Renew(c.t.Context(), w.name, c.now, lease); err != nil {
					t.Fatal(err)
				}
				for _, it := range items {
					if open(it) && it.owner == w.name && it.until.Before(c.now.Add(lease)) {
						it.until = c.now.Add(lease)
					}
				}
			},
			"release": func(t *rapid.T) {
				w := c.worker(t)
				if err := w.db.Release(c.t.Context(), w.name); err != nil {
					t.Fatal(err)
				}
				for _, it := range items {
					if it.owner == w.name {
						it.owner, it.until = "", time.Time{}
					}
				}
				w.items = nil
			},
			"days": func(t *rapid.T) {
				c.now = c.now.AddDate(0, 0, rapid.IntRange(1, KeptDays).Draw(t, "days"))
				if err := c.worker(t).db.Purge(c.t.Context(), c.now); err != nil {
					t.Fatal(err)
				}
				maps.DeleteFunc(items, func(_ string, it *modelItem) bool {
					return !open(it) && it.finished.Before(c.now.AddDate(0, 0, -KeptDays))
				})
			},
			"": func(t *rapid.T) {
				want := 0
				for key, it := range items {
					if open(it) {
						want++
					}
					if finishes[key] > 1 || finishes[key] == 1 == open(it) {
						t.Fatalf("%s was finished %d times: %+v", key, finishes[key], it)
					}
				}
				if n, err := c.worker(t).db.Unfinished(c.t.Context()); n != want || err != nil {
					t.Fatalf("%d unfinished, %v; want %d", n, err, want)
				}
			},
		})
		// Whatever happened, once everybody is dead one that lives finishes everything.
		for _, w := range c.workers {
			c.kill(w)
		}
		c.now = c.now.Add(2 * lease)
		for take(t, c.workers[0]) {
			finish(t, c.workers[0], "in the end")
		}
		for key, it := range items {
			if open(it) || finishes[key] != 1 {
				t.Fatalf("%s: %+v, finished %d times", key, it, finishes[key])
			}
		}
	})
}

// Posts get to Slack once, and in the order of their thread, through senders that keep to the rule: end before the lease does,
// and look before sending what may be there.
func TestOutboxAgainstSlack(t *testing.T) {
	c := newCrew(t)
	rapid.Check(t, func(t *rapid.T) {
		c.reset()
		var slack []string
		ctx, lanes, givenUp := c.t.Context(), map[string]string{}, map[string]bool{}
		overtaken := func(t *rapid.T, a *attempt, err error) bool {
			if err == nil {
				return false
			}
			p, readErr := c.handles[0].PostByKey(ctx, a.post.Key)
			if !errors.Is(err, ErrOvertaken) || readErr != nil || p.State != Sent && c.now.Before(a.until) {
				t.Fatalf("%v; %+v, %v", err, p, readErr)
			}
			return true
		}
		take := func(t *rapid.T, w *worker) bool {
			p, unknown, err := w.db.TakePost(ctx, w.name, c.now, lease)
			if err != nil {
				t.Fatal(err)
			}
			if p == nil {
				return false
			}
			for _, other := range c.workers {
				for _, a := range other.posts {
					if a.post.Key == p.Key && a.until.After(c.now) {
						t.Fatalf("%s is taken by %s under the lease of %s", p.Key, w.name, other.name)
					}
				}
			}
			if slices.Contains(slack, p.Key) && !unknown {
				t.Fatalf("%s is in Slack and comes back as if it were not", p.Key)
			}
			w.posts = append(w.posts, &attempt{post: p, unknown: unknown, until: c.now.Add(lease)})
			return true
		}
		// step brings a worker's oldest attempt one step further, ended as told.
		step := func(t *rapid.T, w *worker, how string) {
			if len(w.posts) == 0 {
				return
			}
			a := w.posts[0]
			done := func() { w.posts = w.posts[1:] }
			late := !c.now.Before(a.until)
			there := slices.Contains(slack, a.post.Key)
			switch {
			case a.step == "" && how == "break": // Slack can be asked for nothing
				done()
				if a.unknown {
					overtaken(t, a, w.db.Unsure(ctx, a.post, how, c.now.Add(lease/2)))
				} else {
					overtaken(t, a, w.db.Retry(ctx, a.post, how, c.now.Add(lease/2)))
				}
			case a.step == "" && late: // past its deadline it sends nothing, and lets it be
				done()
			case a.step == "" && a.unknown && there:
				a.step = "sending"
			case a.step == "" && how == "refuse":
				done()
				if !overtaken(t, a, w.db.GiveUp(ctx, a.post, how, c.now)) {
					givenUp[a.post.Key] = true
				}
			case a.step == "":
				slack = append(slack, a.post.Key)
				a.step = "sending"
			case how == "break": // the answer to the request was lost
				done()
				overtaken(t, a, w.db.Unsure(ctx, a.post, how, c.now.Add(lease/2)))
			default:
				done()
				if err := w.db.Sent(ctx, a.post.Key, "ts of "+a.post.Key, c.now); err != nil {
					t.Fatal(err)
				}
			}
		}
		enqueued := 0
		t.Repeat(map[string]func(*rapid.T){
			"enqueue": func(t *rapid.T) {
				key := fmt.Sprintf("%03d", enqueued)
				lane := rapid.SampledFrom([]string{"C", "D"}).Draw(t, "channel")
				again := enqueued > 0 && rapid.Bool().Draw(t, "again")
				if again {
					key = fmt.Sprintf("%03d", rapid.IntRange(0, enqueued-1).Draw(t, "which"))
				} else {
					enqueued++
					lanes[key] = lane
				}
				p, fresh, err := c.worker(t).db.Enqueue(ctx, Post{Key: key, Method: "m", Channel: lane}, c.now)
				if err != nil || fresh == again || p.Channel != lanes[key] {
					t.Fatalf("%+v, fresh %v, %v", p, fresh, err)
				}
			},
			"take":   func(t *rapid.T) { take(t, c.worker(t)) },
			"step":   func(t *rapid.T) { step(t, c.worker(t), "") },
			"break":  func(t *rapid.T) { step(t, c.worker(t), "break") },
			"refuse": func(t *rapid.T) { step(t, c.worker(t), "refuse") },
			"die":    func(t *rapid.T) { c.kill(c.worker(t)) },
			"time":   c.pass,
			"renew": func(t *rapid.T) {
				w := c.worker(t)
				if err := w.db.Renew(ctx, w.name, c.now, lease); err != nil {
					t.Fatal(err)
				}
				for _, a := range w.posts { // one whose lease had run out may be another's by now
					if a.until.After(c.now) {
						a.until = c.now.Add(lease)
					}
				}
			},
		})
		for _, w := range c.workers {
			c.kill(w)
		}
		c.now = c.now.Add(2 * lease)
		for take(t, c.workers[0]) {
			for len(c.workers[0].posts) > 0 {
				step(t, c.workers[0], "")
			}
		}
		counts, last := map[string]int{}, map[string]string{}
		for _, key := range slack {
			counts[key]++
			if lane := lanes[key]; key < last[lane] {
				t.Fatalf("%s came after %s: %v", key, last[lane], slack)
			} else {
				last[lane] = key
			}
		}
		for key := range lanes {
			p, err := c.handles[0].PostByKey(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			if want := p.State == Sent; counts[key] > 1 || counts[key] == 1 != want || !want && (p.State != Failed || !givenUp[key]) {
				t.Fatalf("%+v is %d times in Slack, given up %v", p, counts[key], givenUp[key])
			}
		}
	})
}
