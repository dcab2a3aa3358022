package slack

import (
	"errors"
	"net/http"
	"testing"

	"github.com/slack-go/slack"
)

// TestErrors tells what the errors of Slack mean for the bot: whether it goes on at all, whether something may have come of the
// call, and whether asking again helps.
func TestErrors(t *testing.T) {
	code := func(c string) error { return slack.SlackErrorResponse{Err: c} }
	status := func(n int) error { return slack.StatusCodeError{Code: n, Status: http.StatusText(n)} }
	for _, c := range []struct {
		method                  string
		err                     error
		fatal, answered, denied bool
	}{
		{methodIdentify, code("invalid_auth"), true, true, false},
		{MethodPost, code("token_revoked"), true, true, false},
		{"users.info", code("account_inactive"), true, true, false},
		{methodSocket, code("missing_scope"), true, true, true},
		{methodIdentify, code("not_allowed_token_type"), true, true, true},
		// Of one channel, person or method: the bot goes on with the others.
		{MethodPost, code("no_permission"), false, true, true},
		{MethodPost, code("access_denied"), false, true, true},
		{MethodPost, code("not_in_channel"), false, true, false},
		{"users.info", code("missing_scope"), false, true, true},
		{"usergroups.list", code("unknown_method"), false, true, true},
		{MethodFile, status(http.StatusNotFound), false, true, true},
		// Something may have come of it.
		{MethodPost, code("internal_error"), false, false, false},
		{MethodPost, code("fatal_error"), false, false, false},
		{MethodPost, errors.New("internal_error"), false, false, false},
		{MethodPost, status(http.StatusInternalServerError), false, false, false},
		{MethodPost, status(http.StatusServiceUnavailable), false, false, false},
		{MethodPost, errors.New("EOF"), false, false, false},
		{methodIdentify, code("org_login_required"), false, true, false}, // while the workspace is being moved
	} {
		err := (&Client{}).failed(c.method, c.err)
		if got := Fatal(err); got != c.fatal {
			t.Errorf("%v: fatal is %v", err, got)
		}
		if got := answered(err); got != c.answered {
			t.Errorf("%v: answered is %v", err, got)
		}
		if got := Denied(err); got != c.denied {
			t.Errorf("%v: denied is %v", err, got)
		}
		if c.fatal && FatalHint(err) == "" {
			t.Errorf("%v: no hint", err)
		}
	}
	if Fatal(nil) || Denied(nil) {
		t.Error("no error is none")
	}
}
