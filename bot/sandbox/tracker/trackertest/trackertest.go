// Package trackertest holds what goes between a client of Jira and the stand-in tracker, in tests, against the OpenAPI document that Atlassian publishes. The document lies beside
// the repository where it is at hand ("../shared/specs/jira"); elsewhere nothing is checked.
package trackertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Document is the path of Atlassian's document for Jira Cloud, version 2 of the API; ok is false where it is not at hand.
func Document() (path string, ok bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", false
		}
	}
	path = filepath.Join(filepath.Dir(dir), "shared", "specs", "jira", "jira-cloud-v2.derived.prism.json")
	_, err = os.Stat(path)
	return path, err == nil
}

// document is read once: it takes a second.
var document struct {
	once   sync.Once
	router routers.Router
	err    error
}

// Checked carries requests by next, and fails the test for each that the document does not know or that is not as it says, and for each answer of a success that is not. Where the
// document is not at hand it is next.
func Checked(t testing.TB, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	path, ok := Document()
	if !ok {
		t.Log("Atlassian's document is not at hand: requests are not held against it")
		return next
	}
	document.once.Do(func() {
		doc, err := openapi3.NewLoader().LoadFromFile(path)
		if err != nil {
			document.err = err
			return
		}
		doc.Servers = nil // wherever the tracker is
		document.router, document.err = gorillamux.NewRouter(doc)
	})
	if document.err != nil {
		t.Fatal(document.err)
	}
	return checked{t, next}
}

type checked struct {
	t    testing.TB
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	q := r.Clone(r.Context())
	q.Body = io.NopCloser(bytes.NewReader(body))
	what := r.Method + " " + r.URL.Path
	in, err := request(q)
	if err != nil {
		c.t.Errorf("%s: %v\n%s", what, err, body)
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := c.next.RoundTrip(r)
	if err != nil || in == nil || resp.StatusCode >= http.StatusMultipleChoices || resp.StatusCode == http.StatusNoContent {
		return resp, err
	}
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(said))
	if !json.Valid(said) { // a fault that a test planted
		return resp, nil
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(asDocumented(said))), Options: in.Options}
	if err := openapi3filter.ValidateResponse(context.WithoutCancel(r.Context()), out); err != nil {
		c.t.Errorf("the answer to %s: %v\n%s", what, err, said)
	}
	return resp, nil
}

// offset is a time zone as Jira writes it, without the colon of the document's format.
var offset = regexp.MustCompile(`(T[0-9:.]+[+-][0-9]{2})([0-9]{2})"`)

// asDocumented is an answer but for two ways in which the real Jira is otherwise than its document: fields that are empty are null, and times have their offset as +0000.
func asDocumented(body []byte) []byte {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	out, err := json.Marshal(withoutNulls(v))
	if err != nil {
		return body
	}
	return offset.ReplaceAll(out, []byte(`$1:$2"`))
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if v[k] = withoutNulls(x); x == nil {
				delete(v, k)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	}
	return v
}

// request says what is wrong with a request, by the document.
func request(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := document.router.FindRoute(r)
	if err != nil {
		return nil, fmt.Errorf("not in the document: %w", err)
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	var wrong []error
	known := slices.Concat(route.PathItem.Parameters, route.Operation.Parameters)
	for name := range r.URL.Query() {
		if !slices.ContainsFunc(known, func(p *openapi3.ParameterRef) bool { return p.Value.In == "query" && p.Value.Name == name }) {
			wrong = append(wrong, fmt.Errorf("it has no parameter %q", name))
		}
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") { // the document says only that there are parts
		in.Options.ExcludeRequestBody = true
	}
	return in, errors.Join(append(wrong, openapi3filter.ValidateRequest(context.WithoutCancel(r.Context()), in))...)
}
