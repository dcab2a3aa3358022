package bot

import (
	"context"
	"io"
	"net/http"
	"time"
)

// readyTime bounds the look at readiness.
const readyTime = 5 * time.Second

// Handler serves /healthz (the process is alive), /readyz (it can answer now) and /metrics, and by routes what else is to be
// received: what Slack sends, reports of events, Jira's webhooks.
func (b *Bot) Handler(routes map[string]http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if err := b.Ready(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	mux.Handle("GET /metrics", b.metrics.Handler())
	for path, h := range routes {
		mux.Handle(path, h)
	}
	return mux
}
