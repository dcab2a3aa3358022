package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// settings are the lines of the example that are commented out: a setting or a list's entry behind "# ".
var settings = regexp.MustCompile(`(?m)^( *)# ((?: {2})*(?:[a-z_]+:(?: .*)?|- .*))$`)

// TestExampleConfiguration: the example is a configuration as it stands, which changes nothing, and one with every comment
// taken off.
func TestExampleConfiguration(t *testing.T) {
	read := func(text string) (config, error) {
		path := filepath.Join(t.TempDir(), "spendbot.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return readConfig(path)
	}
	asIs, err := read(exampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	none, err := readConfig("")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []struct {
		name       string
		got, unset any
	}{
		{"mode", asIs.Slack.Mode, none.Slack.Mode}, {"listen", asIs.Slack.Listen, none.Slack.Listen},
		{"command", asIs.Slack.Command, none.Slack.Command}, {"follow_threads", asIs.Slack.FollowThreads, none.Slack.FollowThreads},
	} {
		if d.got != d.unset {
			t.Errorf("%s is %v in the example and %v when unset: the example says it shows the defaults", d.name, d.got, d.unset)
		}
	}
	text := settings.ReplaceAllString(exampleConfig, "$1$2")
	if n := strings.Count(text, "\n# "); n == strings.Count(exampleConfig, "\n# ") {
		t.Fatal("no setting was uncommented")
	}
	full, err := read(text)
	if err != nil {
		t.Fatalf("with every setting on: %v\n%s", err, text)
	}
	if full.Memory != "1GB" || len(full.Access.Scopes) != 2 || len(full.Access.People) != 2 || len(full.Access.Channels) != 2 || full.DayFirst == nil ||
		len(full.Access.SharedChannels.Allow) != 1 || full.Slack.URL == "" || full.FiscalYearStart != "April" || full.Declare == nil || len(full.Declare.Owners) != 1 {
		t.Errorf("not every setting was read: %+v", full)
	}
	for _, bad := range []string{"slack: {mode: carrier-pigeon}", "slack: {lease: 1s}", "slack: {command: spend}", "slack: {url: example.com}", "slack: {workers: -1}",
		"slack: {tocken: x}", "declare: {every: 1m}", "declare: {emojy: pin}", "declare: {emoji: 'a b'}", "declare: {finops: {users: [ana]}}", "declare: {owners: {payments: {groups: ['@']}}}", "access: {people: [{groups: [a], scope: nowhere}]}"} {
		if _, err := read(bad); err == nil || !strings.Contains(err.Error(), "spendbot.yaml") {
			t.Errorf("%s: error %v; want one that names the file", bad, err)
		}
	}
}
