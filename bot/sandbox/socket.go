package sandbox

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxSockets is how many an app may hold open.
const maxSockets = 10

// maxAck is the size from which Slack drops an ack unread.
const maxAck = 20 << 10

// ticketLife is how long a URL of apps.connections.open may be dialled.
const ticketLife = 30 * time.Second

// socket is one Socket Mode connection. Its queue never blocks the workspace.
type socket struct {
	name string
	conn *websocket.Conn

	mu     sync.Mutex
	queue  [][]byte
	wake   chan struct{} // capacity 1
	done   chan struct{}
	end    sync.Once
	ending bool // close once the queue is written
}

func (k *socket) push(data []byte) {
	k.mu.Lock()
	k.queue = append(k.queue, data)
	k.mu.Unlock()
	k.nudge()
}

// finish closes the socket after what is queued.
func (k *socket) finish() {
	k.mu.Lock()
	k.ending = true
	k.mu.Unlock()
	k.nudge()
}

func (k *socket) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *socket) close() {
	k.end.Do(func() {
		close(k.done)
		k.conn.Close()
	})
}

// write sends the queue and pings until the socket ends. It is the only writer.
func (k *socket) write(ping time.Duration) {
	defer k.close()
	ticker := time.NewTicker(ping)
	defer ticker.Stop()
	for {
		select {
		case <-k.done:
			return
		case <-ticker.C:
			if k.conn.WriteControl(websocket.PingMessage, []byte("Ping from sandbox"), time.Now().Add(10*time.Second)) != nil {
				return
			}
		case <-k.wake:
			k.mu.Lock()
			queue, ending := k.queue, k.ending
			k.queue = nil
			k.mu.Unlock()
			for _, data := range queue {
				k.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
				if k.conn.WriteMessage(websocket.TextMessage, data) != nil {
					return
				}
			}
			if ending {
				bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
				_ = k.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(10*time.Second)) // the socket is going either way
				return
			}
		}
	}
}

func (c *call) openConnection() (reply, error) {
	ticket := rand.Text()
	c.mail.tickets[ticket] = c.wall()
	return reply{"url": "ws" + strings.TrimPrefix(c.from, "http") + "/socket?ticket=" + ticket + "&app_id=" + c.app.ID}, nil
}

// The ticket is the credential; Slack's own clients send the Origin of Slack's API.
var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

func (s *Sandbox) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	issued, ok := s.mail.tickets[ticket]
	delete(s.mail.tickets, ticket)
	down := s.closed || s.faults.Down || s.faults.Cut
	s.mu.Unlock()
	switch {
	case down:
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	case !ok || s.wall().Sub(issued) > ticketLife:
		http.Error(w, "unknown, used or expired ticket", http.StatusForbidden)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	k := &socket{conn: conn, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.attach(k)
	defer s.detach(k)
	go k.write(s.timing.Ping)
	conn.SetReadLimit(1 << 20)
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if len(data) >= maxAck || json.Unmarshal(data, &ack) != nil || ack.EnvelopeID == "" {
			s.log.Warn("an ack that Slack would drop", "socket", k.name, "bytes", len(data))
			continue
		}
		s.mu.Lock()
		s.acknowledge(ack.EnvelopeID, ack.Payload)
		s.mu.Unlock()
	}
}

// attach greets a socket and gives it what waits.
func (s *Sandbox) attach(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail.opened++
	k.name = fmt.Sprintf("socket %d", s.mail.opened)
	if len(s.mail.sockets) >= maxSockets {
		k.push(disconnect("too_many_websockets"))
		k.finish()
		return
	}
	if s.closed {
		k.close()
		return
	}
	s.mail.sockets = append(s.mail.sockets, k)
	k.push(encode(map[string]any{"type": "hello", "num_connections": len(s.mail.sockets), "connection_info": map[string]any{"app_id": s.app.ID},
		"debug_info": map[string]any{"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060}}))
	s.unpark()
	s.changed.Broadcast()
}

func (s *Sandbox) detach(k *socket) {
	k.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail.sockets = slices.DeleteFunc(s.mail.sockets, func(x *socket) bool { return x == k })
	s.changed.Broadcast()
}

func disconnect(reason string) []byte {
	return encode(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-sandbox"}})
}

// DisconnectAll ends every open socket as Slack does and returns how many there were. Reasons: "warning" announces the end
// and follows with "refresh_requested" after Timing.Warning; "refresh_requested" and "link_disabled" close at once after the
// message; "" cuts the connections without a word, as a network does. Nothing new is sent over them.
func (s *Sandbox) DisconnectAll(reason string) int {
	s.mu.Lock()
	sockets := slices.Clone(s.mail.sockets)
	if reason != "warning" { // with a warning they stay in use until the end
		s.mail.sockets = nil
	}
	s.changed.Broadcast()
	s.mu.Unlock()
	for _, k := range sockets {
		switch reason {
		case "":
			k.close()
		case "warning":
			k.push(disconnect(reason))
			timer := time.AfterFunc(s.timing.Warning, func() {
				s.detachSoon(k)
				k.push(disconnect("refresh_requested"))
				k.finish()
			})
			go func() {
				<-k.done
				timer.Stop()
			}()
		default:
			k.push(disconnect(reason))
			k.finish()
		}
	}
	return len(sockets)
}

func (s *Sandbox) detachSoon(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail.sockets = slices.DeleteFunc(s.mail.sockets, func(x *socket) bool { return x == k })
}

// Sockets is how many Socket Mode connections the app holds open.
func (v *Snapshot) Sockets() int { return len(v.s.mail.sockets) }
