package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// notice tells a page what to fetch again.
type notice struct {
	Type    string `json:"type"` // message, update, ephemeral, modal, home, status, channel, prompts, acked, failed, reload
	Channel string `json:"channel,omitempty"`
	Thread  string `json:"thread,omitempty"`
	TS      string `json:"ts,omitempty"`
	View    string `json:"view_id,omitempty"`
}

// backlog is how many notices wait for a slow page before it is told to fetch everything again.
const backlog = 256

// heartbeat keeps idle event streams open through proxies.
const heartbeat = 15 * time.Second

// viewers are the pages that are open, by person.
type viewers map[string]map[*viewer]bool

type viewer struct{ notices chan notice }

// show tells a person's pages that something changed for them. The caller holds the lock.
func (s *Sandbox) show(user string, n notice) {
	for v := range s.viewers[user] {
		select {
		case v.notices <- n:
		default: // too slow: what is queued says less than one "reload"
			for len(v.notices) > 0 {
				<-v.notices
			}
			v.notices <- notice{Type: "reload"}
		}
	}
	s.changed.Broadcast()
}

// showRoom tells everybody who sees a room. In an assistant thread the page's name for that thread is told as well.
func (s *Sandbox) showRoom(r *room, n notice) {
	n.Channel = r.ID
	for user := range s.viewers {
		if !s.sees(user, r) {
			continue
		}
		s.show(user, n)
		root := n.Thread
		if root == "" {
			root = n.TS
		}
		if id := r.ID + ":" + root; s.assistants[id] != nil {
			also := n
			also.Channel = id
			s.show(user, also)
		}
	}
	s.changed.Broadcast()
}

// appEvents streams notices to a page as server-sent events.
func (s *Sandbox) appEvents(w http.ResponseWriter, r *http.Request, u *User) {
	v := &viewer{notices: make(chan notice, backlog)}
	s.mu.Lock()
	if s.viewers[u.ID] == nil {
		s.viewers[u.ID] = map[*viewer]bool{}
	}
	s.viewers[u.ID][v] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.viewers[u.ID], v)
		if len(s.viewers[u.ID]) == 0 {
			delete(s.viewers, u.ID)
		}
	}()

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 1000\n\n")
	if out.Flush() != nil {
		return
	}
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		case <-ticker.C:
			fmt.Fprint(w, ": still here\n\n")
		case n := <-v.notices:
			fmt.Fprintf(w, "data: %s\n\n", encode(n))
		}
		if out.Flush() != nil {
			return
		}
	}
}
