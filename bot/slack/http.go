package slack

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/slack-go/slack"
)

// maxBody bounds a request of Slack's; the largest, a view submission, stays well below.
const maxBody = 1 << 20

// HTTP is the handler of Slack's signed requests: /slack/events, /slack/interactive and /slack/commands. A request whose
// signature is wrong or older than five minutes gets 401 and nothing else.
func HTTP(c *Client, sink Sink) http.Handler {
	h := &receiver{client: c, sink: sink, log: c.log}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /slack/events", h.signed(h.events))
	mux.HandleFunc("POST /slack/interactive", h.signed(h.interactive))
	mux.HandleFunc("POST /slack/commands", h.signed(h.command))
	return mux
}

type receiver struct {
	client *Client
	sink   Sink
	log    *slog.Logger
}

// signed checks the signature before anything of the body is looked at.
func (h *receiver) signed(next func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "body too large or cut off", http.StatusRequestEntityTooLarge)
			return
		}
		v, err := slack.NewSecretsVerifier(r.Header, h.client.cfg.SigningSecret.Reveal())
		if err == nil {
			if _, err = v.Write(body); err == nil {
				err = v.Ensure()
			}
		}
		if err != nil {
			h.log.Warn("request refused: its signature is wrong, missing or old", "path", r.URL.Path)
			http.Error(w, "signature", http.StatusUnauthorized)
			return
		}
		next(w, r, body)
	}
}

func (h *receiver) events(w http.ResponseWriter, r *http.Request, body []byte) {
	var hello struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(body, &hello) == nil && hello.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, hello.Challenge)
		return
	}
	e, err := parseEvents(body)
	h.take(w, r, e, err)
}

func (h *receiver) interactive(w http.ResponseWriter, r *http.Request, body []byte) {
	f, err := url.ParseQuery(string(body))
	var e Event
	if err == nil {
		e, err = parseInteraction([]byte(f.Get("payload")))
	}
	h.take(w, r, e, err)
}

func (h *receiver) command(w http.ResponseWriter, r *http.Request, body []byte) {
	f, err := url.ParseQuery(string(body))
	var e Event
	if err == nil {
		e, err = parseCommand(f)
	}
	h.take(w, r, e, err)
}

// take keeps an event and answers 200; 500 makes Slack deliver it again.
func (h *receiver) take(w http.ResponseWriter, r *http.Request, e Event, err error) {
	begin := h.client.now()
	if err == nil {
		e.Received = begin
		if err := h.sink.keep(r.Context(), e); err != nil {
			h.log.Error("event not kept; Slack will deliver it again", "kind", string(e.Kind), "error", err)
			http.Error(w, "not kept", http.StatusInternalServerError)
			return
		}
	} else if !errors.Is(err, errIgnored) {
		h.log.Warn("event not understood", "error", err)
	}
	w.WriteHeader(http.StatusOK)
	h.client.metrics.Ack(h.client.now().Sub(begin))
}
