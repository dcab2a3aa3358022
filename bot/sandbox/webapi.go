package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxBody bounds the body of a call.
const maxBody = 4 << 20

// method is one method of the Web API.
type method struct {
	scope    []string // any one of them is enough; none needed where empty
	app      bool     // takes the app-level token, not the bot's
	either   bool     // takes both
	anyone   bool     // takes calls without a token
	required []string // arguments
	run      func(*call) (reply, error)
}

func anyOf(scopes ...string) []string { return scopes }

// methods is the Web API: every method that there is.
var methods = func() map[string]method {
	all := map[string]method{}
	for _, family := range []map[string]method{authAPI, chatAPI, streamAPI, conversationsAPI, usersAPI, viewsAPI, filesAPI, reactionsAPI, assistantAPI, roomsAPI} {
		maps.Copy(all, family)
	}
	return all
}()

// call is one call under way. It holds the lock of the Sandbox.
type call struct {
	*Sandbox
	method string
	args   args
	token  string
	from   string // base URL by which the caller reached us
}

// args are a call's arguments, each as the text of a form field; structured ones as JSON text.
type args map[string]string

func (a args) is(name string) bool { return a[name] == "true" || a[name] == "1" }

func (a args) has(name string) bool { _, ok := a[name]; return ok }

// reply is the body of a good answer, less "ok".
type reply map[string]any

// refusal is an answer with "ok": false.
type refusal struct {
	code             string
	messages         []string
	needed, provided string
}

func (r *refusal) Error() string {
	if len(r.messages) == 0 {
		return r.code
	}
	return r.code + ": " + strings.Join(r.messages, "; ")
}

func refuse(code string, messages ...string) error { return &refusal{code: code, messages: messages} }

// need refuses a call whose token lacks all of some scopes.
func (s *Sandbox) need(scopes ...string) error {
	for _, scope := range scopes {
		if slices.Contains(s.app.Scopes, scope) {
			return nil
		}
	}
	return &refusal{code: "missing_scope", needed: strings.Join(scopes, ","), provided: strings.Join(s.app.Scopes, ",")}
}

// serveAPI answers /api/METHOD.
func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	when := s.wall()
	a, token, warnings, err := parseCall(w, r)

	s.mu.Lock()
	f := s.faultFor(name)
	down, cut := s.faults.Down || s.closed, s.faults.Cut
	s.mu.Unlock()

	status, body := http.StatusOK, reply{}
	switch {
	case cut:
		s.hangUp(w, name)
		return
	case down:
		status = http.StatusServiceUnavailable
	case f.limit != nil:
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(max(f.limit.RetryAfter.Seconds(), 1)))))
		status, body = http.StatusTooManyRequests, reply{"ok": false, "error": "ratelimited"}
	default:
		lost := f.fail != nil
		if !lost || f.fail.AfterEffect {
			if err == nil {
				body, err = s.run(name, a, token, baseOf(r))
			}
			if err != nil {
				status, body = refusalBody(err)
			} else {
				if body == nil {
					body = reply{}
				}
				body["ok"] = true
			}
		}
		switch {
		case lost && f.fail.Cut:
			s.hangUp(w, name)
			return
		case lost && f.fail.Status != 0:
			status = f.fail.Status
		case lost:
			body = reply{"ok": false, "error": f.fail.Code}
		}
	}
	if status == http.StatusOK && len(warnings) > 0 {
		body["warning"] = strings.Join(warnings, ",")
		meta, _ := body["response_metadata"].(map[string]any)
		if meta == nil {
			meta = map[string]any{}
		}
		meta["warnings"] = warnings
		body["response_metadata"] = meta
	}
	if status == http.StatusOK {
		w.Header().Set("X-OAuth-Scopes", strings.Join(s.app.Scopes, ","))
		if m, ok := methods[name]; ok && len(m.scope) > 0 {
			w.Header().Set("X-Accepted-OAuth-Scopes", strings.Join(m.scope, ","))
		}
	}
	code, _ := body["error"].(string)
	if status/100 == 5 {
		code = "http_" + strconv.Itoa(status)
	}
	s.noteCall(Call{Method: name, When: when, Status: status, Error: code})
	if status/100 == 5 {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><body>Server error</body></html>") // as Slack: no JSON with 5xx; a lost write is the caller's loss
		return
	}
	writeJSON(w, status, body)
}

// hangUp closes the connection without an answer.
func (s *Sandbox) hangUp(w http.ResponseWriter, name string) {
	s.noteCall(Call{Method: name, When: s.wall(), Error: "connection cut"})
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // HTTP/2: the server's own way to abort
}

// run carries out a call.
func (s *Sandbox) run(name string, a args, token, from string) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := methods[name]
	if !ok {
		return nil, refuse("unknown_method")
	}
	if err := s.admit(m, token); err != nil {
		return nil, err
	}
	if token != "" {
		s.learned = from
	}
	var missing []string
	for _, arg := range m.required {
		if strings.TrimSpace(a[arg]) == "" {
			missing = append(missing, "[ERROR] missing required field: "+arg)
		}
	}
	if len(missing) > 0 {
		return nil, refuse("invalid_arguments", missing...)
	}
	return m.run(&call{Sandbox: s, method: name, args: a, token: token, from: from})
}

// admit checks a token and its scopes.
func (s *Sandbox) admit(m method, token string) error {
	switch {
	case m.anyone && token == "":
		return nil
	case token == "":
		return refuse("not_authed")
	case token == s.app.AppToken:
		if !m.app && !m.either && !m.anyone {
			return refuse("not_allowed_token_type")
		}
		return nil
	case token != s.app.BotToken:
		return refuse("invalid_auth")
	case s.app.Revoked:
		return refuse("account_inactive")
	case m.app:
		return refuse("not_allowed_token_type")
	case len(m.scope) > 0:
		return s.need(m.scope...)
	}
	return nil
}

func refusalBody(err error) (int, reply) {
	var r *refusal
	if !errors.As(err, &r) {
		return http.StatusOK, reply{"ok": false, "error": "internal_error"}
	}
	body := reply{"ok": false, "error": r.code}
	if len(r.messages) > 0 {
		body["response_metadata"] = map[string]any{"messages": r.messages}
	}
	if r.code == "missing_scope" {
		body["needed"], body["provided"] = r.needed, r.provided
	}
	return http.StatusOK, body
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // a caller that went away needs no answer
}

// parseCall reads arguments and token from a request: a form, a JSON object, or the query of a GET. The token is a bearer
// token or, in forms, the field "token".
func parseCall(w http.ResponseWriter, r *http.Request) (a args, token string, warnings []string, err error) {
	a = args{}
	for k, v := range r.URL.Query() {
		a[k] = v[0]
	}
	if r.Method == http.MethodPost {
		body := http.MaxBytesReader(w, r.Body, maxBody)
		header := r.Header.Get("Content-Type")
		kind, params, kindErr := mime.ParseMediaType(header)
		if charset := strings.ToLower(params["charset"]); charset != "" && charset != "utf-8" && charset != "iso-8859-1" {
			err = refuse("invalid_charset")
		}
		switch {
		case kind == "application/json":
			if params["charset"] == "" {
				warnings = append(warnings, "missing_charset")
			}
			fields := map[string]json.RawMessage{}
			data, readErr := io.ReadAll(body)
			if readErr != nil {
				err = refuse("request_timeout")
			} else if len(strings.TrimSpace(string(data))) > 0 {
				if e := decode(data, &fields); e != nil || fields == nil {
					err = refuse("json_not_object")
					if !json.Valid(data) {
						err = refuse("invalid_json")
					}
				}
			}
			maps.Copy(a, jsonArgs(fields))
			delete(a, "token") // only forms may carry it
		case kind == "application/x-www-form-urlencoded":
			if params["charset"] != "" {
				warnings = append(warnings, "superfluous_charset")
			}
			data, readErr := io.ReadAll(body)
			form, formErr := url.ParseQuery(string(data))
			if readErr != nil {
				err = refuse("request_timeout")
			} else if formErr != nil {
				err = refuse("invalid_form_data")
			}
			for k, v := range form {
				a[k] = v[0]
			}
		case kind == "multipart/form-data":
			r.Body = body
			if e := r.ParseMultipartForm(maxBody); e != nil {
				err = refuse("invalid_form_data")
				break
			}
			for k, v := range r.MultipartForm.Value {
				a[k] = v[0]
			}
		case header == "" && r.ContentLength == 0:
		case header == "":
			err = refuse("missing_post_type")
		case kindErr != nil || kind != "text/plain":
			err = refuse("invalid_post_type")
		}
	}
	token = a["token"]
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	delete(a, "token")
	return a, token, warnings, err
}

// jsonArgs turns the fields of a JSON object into arguments.
func jsonArgs(fields map[string]json.RawMessage) args {
	a := args{}
	for k, v := range fields {
		var text string
		switch {
		case string(v) == "null":
		case json.Unmarshal(v, &text) == nil:
			a[k] = text
		default:
			a[k] = string(v)
		}
	}
	return a
}
