package tracker

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
)

// Delivery is a webhook that waits to be sent.
type Delivery struct {
	Event string
	Body  []byte
}

type changed struct{ field, from, to string }

// tell adds a webhook.
func (t *Tracker) tell(event string, i *Issue, who Person, list []changed, c *Comment) {
	body := map[string]any{"timestamp": t.o.Now().UnixMilli(), "webhookEvent": event, "issue": t.json(i, nil)}
	if c == nil {
		body["user"] = t.person(who)
	} else {
		body["comment"] = t.commentJSON(*c)
	}
	if list != nil {
		var items []any
		for _, x := range list {
			items = append(items, map[string]any{"field": x.field, "fieldId": x.field, "fromString": x.from, "toString": x.to})
		}
		body["changelog"] = map[string]any{"items": items}
	}
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // values that came as JSON, and our own
	}
	t.deliveries = append(t.deliveries, Delivery{Event: event, Body: b})
}

// Deliveries takes the webhooks that wait.
func (t *Tracker) Deliveries() []Delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.deliveries
	t.deliveries = nil
	return out
}

// Request is a delivery as a request to an address, signed as Jira signs it (X-Hub-Signature, HMAC with SHA-256) where there is a secret.
func (d Delivery) Request(address, secret string) (*http.Request, error) {
	r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if secret != "" {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(d.Body)
		r.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return r, nil
}
