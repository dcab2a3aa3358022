package runbooks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"spendbot/analysis"
)

// Required are the sections a runbook must have, in this order; it may have others between them.
var Required = []string{"What you see", "First check", "Ask the bot", "Look closer", "Contain", "Prevent", "Saving", "Verify"}

// Lint says what is wrong with a library's runbooks, a sentence each with the runbook's name.
func (l *Library) Lint() []string {
	var out []string
	for _, r := range l.books {
		for _, p := range r.lint() {
			out = append(out, r.Slug+": "+p)
		}
		for _, to := range links.FindAllStringSubmatch(r.Body, -1) {
			target := strings.TrimSuffix(to[1], ".md")
			if strings.Contains(to[1], "://") {
				continue
			}
			if _, ok := l.Get(target); !ok {
				out = append(out, fmt.Sprintf("%s: it links to %q, which is no runbook", r.Slug, to[1]))
			}
		}
	}
	return out
}

var links = regexp.MustCompile(`\]\(([^)]+)\)`)

func (r Runbook) lint() []string {
	var out []string
	bad := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }
	at := -1
	for _, want := range Required {
		i := slices.IndexFunc(r.Sections, func(s Section) bool { return s.Title == want })
		switch {
		case i < 0:
			bad("the section %q is missing", want)
		case i < at:
			bad("the section %q is not in its place", want)
		case r.Sections[i].Text == "":
			bad("the section %q is empty", want)
		}
		at = max(at, i)
	}
	f := r.Front
	if len(f.Services)+len(f.UsageTypes)+len(f.Categories)+len(f.Effects) == 0 {
		bad("the front matter names no services, usage types, categories or effects: nothing leads to it")
	}
	for _, e := range f.Effects {
		if !slices.Contains(analysis.Effects, e) {
			bad("%q is no effect of a change", e)
		}
	}
	if len(f.Words) == 0 {
		bad("the front matter has no words to find it by")
	}
	if !slices.Contains([]string{"low", "medium", "high"}, f.Severity) {
		bad("severity is %q; write low, medium or high", f.Severity)
	}
	if !slices.Contains([]string{"hours", "days", "weeks"}, f.Effort) {
		bad("effort is %q; write hours, days or weeks: how much work its steps usually are", f.Effort)
	}
	if !slices.Contains([]string{"low", "medium", "high"}, f.Risk) {
		bad("risk is %q; write low, medium or high: how much can go wrong with its steps", f.Risk)
	}
	if f.Rollback = strings.TrimSpace(f.Rollback); f.Rollback == "" || strings.Contains(f.Rollback, "\n") {
		bad("rollback is %q; say in a sentence how its steps are undone", f.Rollback)
	}
	if f.Owner == "" {
		bad("owner is missing: the role that keeps it")
	}
	if _, err := time.Parse(time.DateOnly, f.Reviewed); err != nil {
		bad("reviewed is %q; write a day, as 2026-11-25", f.Reviewed)
	}
	if len(r.Questions()) == 0 {
		bad("%q has no question: write each as a list entry in backticks", "Ask the bot")
	}
	for _, c := range r.Commands() {
		if !readOnly(c) {
			bad("%q in %q may change something; it is for looking", c, "Look closer")
		}
	}
	for _, q := range r.Questions() {
		for _, b := range Blanks(q) {
			if !slices.Contains(Fillable, b) {
				bad("the question %q leaves <%s> to be filled in; the bot knows of %s", q, b, strings.Join(Fillable, ", "))
			}
		}
	}
	closer := r.Section("Look closer")
	for _, cloud := range []string{"AWS", "Azure", "Google Cloud"} {
		if !r.Own && !strings.Contains(closer, cloud) { // a company need not be in all of them
			bad("%q says nothing about %s", "Look closer", cloud)
		}
	}
	for _, step := range steps(r.Section("Contain")) {
		if !strings.Contains(step, "Risk:") || !strings.Contains(step, "Rollback:") {
			bad("a step of %q has no Risk: or no Rollback: (%.40q)", "Contain", step)
		}
	}
	if len(steps(r.Section("Contain"))) == 0 {
		bad("%q has no steps: write each as a list entry", "Contain")
	}
	return out
}

var question = regexp.MustCompile("(?m)^- `([^`]+)`")

// Questions are what the runbook would have one ask the bot; <...> in them is to be filled in.
func (r Runbook) Questions() []string {
	var out []string
	for _, m := range question.FindAllStringSubmatch(r.Section("Ask the bot"), -1) {
		out = append(out, m[1])
	}
	return out
}

// Commands are the command lines of the runbook's code blocks for looking closer; those of SQL blocks are queries.
func (r Runbook) Commands() []string {
	var out []string
	fence := ""
	more := false
	for line := range strings.Lines(r.Section("Look closer")) {
		line = strings.TrimRight(line, "\n")
		if lang, ok := strings.CutPrefix(strings.TrimSpace(line), "```"); ok {
			if fence == "" {
				fence = "x" + lang
			} else {
				fence = ""
			}
			more = false
			continue
		}
		if fence != "xsh" || strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		if more {
			out[len(out)-1] += " " + strings.TrimSpace(line)
		} else {
			out = append(out, strings.TrimSpace(line))
		}
		last := &out[len(out)-1]
		if more = strings.HasSuffix(*last, `\`); more {
			*last = strings.TrimSpace(strings.TrimSuffix(*last, `\`))
		}
	}
	return out
}

// looking are the verbs of command lines that only look.
var looking = regexp.MustCompile(`^(aws [a-z0-9-]+ (describe|get|list|head|lookup|filter|search|batch-get)-?[a-z0-9-]*|aws s3 ls|aws s3api (list|get|head)-[a-z-]+|aws logs (start-query|get-query-results|describe-[a-z-]+)|az ([a-z0-9-]+ )+(list|show|query|list-[a-z-]+|show-[a-z-]+|get-[a-z-]+)|az graph query|gcloud ([a-z0-9-]+ )+(list|describe|read|get-[a-z-]+|search-all-resources)|gsutil (ls|du)|gcloud storage (ls|du)|bq (query|ls|show)|kubectl (get|top|describe|logs)|kubectl cost|spendbot (ask|sql|trace|showback|reconcile|quality))\b`)

var blanks = regexp.MustCompile(`'[^']*'|"[^"]*"|<[a-zA-Z0-9 +_-]+>`)

// readOnly reports whether a command line, and every one that it is piped into, only looks.
func readOnly(line string) bool {
	line = blanks.ReplaceAllString(line, "x") // what stands in quotes and what is to be filled in
	if strings.ContainsAny(line, "><;&`$") {
		return false
	}
	first, rest, _ := strings.Cut(line, " | ")
	if !looking.MatchString(first) {
		return false
	}
	for _, p := range strings.Split(rest, " | ") {
		name, _, _ := strings.Cut(strings.TrimSpace(p), " ")
		if name != "" && !slices.Contains([]string{"jq", "sort", "uniq", "head", "tail", "grep", "wc", "awk", "column", "cut"}, name) {
			return false
		}
	}
	return true
}

// steps are the list entries of a text, with the lines that belong to them.
func steps(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "* "), numbered.MatchString(line):
			out = append(out, line)
		case len(out) > 0 && (strings.HasPrefix(line, "  ") || strings.TrimSpace(line) == ""):
			out[len(out)-1] += line
		}
	}
	return out
}

var numbered = regexp.MustCompile(`^\d+\. `)
