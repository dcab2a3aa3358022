package slack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"spendbot/bot/slack"
)

// engine is a regular expression of the schema: it looks ahead, which Go's own cannot.
type engine struct{ *regexp2.Regexp }

func (e engine) MatchString(s string) bool {
	ok, err := e.Regexp.MatchString(s)
	return err == nil && ok
}

func compile(s string) (jsonschema.Regexp, error) {
	re, err := regexp2.Compile(s, regexp2.ECMAScript)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = time.Second
	return engine{re}, nil
}

// TestManifestIsValid holds the manifest against Slack's published schema, where it is at hand.
func TestManifestIsValid(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "specs", "manifest-schema", "schemas", "manifest.schema.2.0.0.json")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the manifest's schema is not at hand: ", path)
	}
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(compile)
	schema, err := c.Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]slack.ManifestOptions{
		"socket": {Command: "/spend", Shortcut: "explain_here"},
		"http, everything": {Name: "Spend", Command: "/costs", Shortcut: "explain_here", URL: "https://spendbot.example.com/", FollowThreads: true, Groups: true, Declare: "declare", DeclarePrivate: true, Ticket: "ticket",
			Prompts: []slack.Prompt{{Title: "Last week", Message: "why did spend change last week?"}}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(slack.Manifest(o))
			if err != nil {
				t.Fatal(err)
			}
			var v any
			if err := json.Unmarshal(b, &v); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); err != nil {
				t.Error(err)
			}
		})
	}
	bad := slack.Manifest(slack.ManifestOptions{Command: "spend", Shortcut: "x"})
	b, _ := json.Marshal(bad)
	var v any
	_ = json.Unmarshal(b, &v)
	if schema.Validate(v) == nil {
		t.Error("a command without its slash passed: the schema checks nothing")
	}
}

// TestDeclaringNeedsMore: who declares no billing incidents grants nothing for them, and private channels need no permission over public ones.
func TestDeclaringNeedsMore(t *testing.T) {
	names := func(o slack.ManifestOptions) (out []string) {
		for _, s := range slack.Scopes(o) {
			out = append(out, s.Name)
		}
		return out
	}
	without := names(slack.ManifestOptions{})
	for _, c := range []struct {
		o    slack.ManifestOptions
		want []string
	}{
		{slack.ManifestOptions{Declare: "declare"}, []string{"channels:manage", "pins:write", "reactions:read"}},
		{slack.ManifestOptions{Declare: "declare", DeclarePrivate: true}, []string{"groups:write", "pins:write", "reactions:read"}},
		{slack.ManifestOptions{Ticket: "ticket"}, []string{"reactions:read", "reactions:write"}},
	} {
		if got := names(c.o)[len(without):]; !slices.Equal(got, c.want) {
			t.Errorf("asks for %v beyond the usual, want %v", got, c.want)
		}
		if c.o.Declare == "" {
			if scope := slack.ScopeOf(slack.MethodReact, false); !slices.Contains(c.want, scope) {
				t.Errorf("%s needs %q, which is not asked for", slack.MethodReact, scope)
			}
			continue
		}
		for _, m := range []string{slack.MethodCreate, slack.MethodInvite, slack.MethodTopic, slack.MethodPurpose, slack.MethodPin, slack.MethodArchive} {
			if scope := slack.ScopeOf(m, c.o.DeclarePrivate); !slices.Contains(c.want, scope) {
				t.Errorf("%s needs %q, which is not asked for", m, scope)
			}
		}
	}
}
