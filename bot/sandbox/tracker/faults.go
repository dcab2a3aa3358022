package tracker

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

// Fault is how requests go wrong.
type Fault struct {
	// Method and Path say which requests; "" is any. Path is a part of the path, as "/comment".
	Method, Path string
	// Times is how many requests it strikes; below 0 for ever.
	Times int
	// Status is what is answered; 0 cuts the connection.
	Status int
	// RetryAfter is a header that goes with it.
	RetryAfter string
	// Done says that the work is done before it goes wrong.
	Done bool
	// Garbled says that the answer is as it should be but for its body, which cannot be read.
	Garbled bool
	// Hold is closed when a slow answer may go on; nil for none.
	Hold <-chan struct{}
}

// Break makes requests go wrong from now on.
func (t *Tracker) Break(f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, &f)
}

// Mend ends all faults.
func (t *Tracker) Mend() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

// strikes takes a fault that a request meets.
func (t *Tracker) strikes(r *http.Request) *Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.faults {
		if f.Times == 0 || f.Method != "" && f.Method != r.Method || !strings.Contains(r.URL.Path, f.Path) {
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return f
	}
	return nil
}

// ServeHTTP answers a request of the bot's.
func (t *Tracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := t.strikes(r)
	if f == nil {
		t.mux.ServeHTTP(w, r)
		return
	}
	if f.Hold != nil {
		select {
		case <-f.Hold:
		case <-r.Context().Done():
			return
		}
	}
	var done *httptest.ResponseRecorder
	if f.Done || f.Garbled || f.Hold != nil && f.Status == 0 {
		done = httptest.NewRecorder()
		t.mux.ServeHTTP(done, r)
	}
	switch {
	case f.Garbled:
		w.WriteHeader(done.Code)
		_, _ = w.Write([]byte("<html>a proxy's page"))
	case f.Hold != nil && f.Status == 0:
		w.WriteHeader(done.Code)
		_, _ = w.Write(done.Body.Bytes())
	case f.Status == 0:
		panic(http.ErrAbortHandler)
	default:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		t.refuse(w, f.Status, "")
	}
}
