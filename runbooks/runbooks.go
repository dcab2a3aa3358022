// Package runbooks is what to do about a cost: one Markdown file for each kind of problem, with front matter that says which
// drivers of a change it is about.
//
// In: the files beside this one, and a folder of the company's own, which may override them by name or add to them. Out: a
// [Library] that finds the runbooks for a driver, by name, or by words. [Lint] says what is wrong with a runbook.
package runbooks

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"spendbot/analysis"
)

//go:embed *.md
var files embed.FS

// Runbook is one of them.
type Runbook struct {
	Slug  string // the file's name without .md: "nat-and-data-transfer"
	Front Front
	// Sections are the parts under second-level headings, in order; Body is the whole text below the front matter.
	Sections []Section
	Body     string
	// Own says that it is the company's.
	Own bool
}

// Front is a runbook's front matter.
type Front struct {
	Title string `yaml:"title"`
	// Services, UsageTypes and Categories say which drivers it is about: globs over ServiceName, x_UsageType (or the SKU's words)
	// and ChargeCategory, in any letter case.
	Services   []string `yaml:"services"`
	UsageTypes []string `yaml:"usage_types"`
	Categories []string `yaml:"categories"`
	// Effects are the effects of a change it is about; none is any.
	Effects []analysis.Effect `yaml:"effects"`
	// Words find it when asked for: "nat", "egress".
	Words    []string `yaml:"words"`
	Severity string   `yaml:"severity"` // low, medium or high: how bad it usually is
	// Effort is how much work its steps usually are: hours, days or weeks. Risk is how much can go wrong with them: low, medium or high. Rollback says in a sentence how they are
	// undone, or what cannot be. What an opportunity is worth for a day of work rests on the first two.
	Effort   string `yaml:"effort"`
	Risk     string `yaml:"risk"`
	Rollback string `yaml:"rollback"`
	Owner    string `yaml:"owner"`    // the role that keeps it
	Reviewed string `yaml:"reviewed"` // the day somebody last went through it, as 2026-11-25
}

// Section is a part of a runbook.
type Section struct{ Title, Text string }

// Section returns the text of a section; "" when there is none.
func (r Runbook) Section(title string) string {
	for _, s := range r.Sections {
		if strings.EqualFold(s.Title, title) {
			return s.Text
		}
	}
	return ""
}

// Library is a set of runbooks, by slug.
type Library struct{ books []Runbook }

// Built is the library of the runbooks that come with the program.
func Built() (*Library, error) { return (&Library{}).add(files, false) }

// With is the library with a company's own runbooks: the files of a folder, those of a name that there is already in its place.
func (l *Library) With(dir string) (*Library, error) {
	st, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("runbooks: %w", err)
	}
	if !st.IsDir() {
		return nil, fmt.Errorf("runbooks: %s is no folder", dir)
	}
	return l.add(os.DirFS(dir), true)
}

// mostBytes bounds a runbook: some pages.
const mostBytes = 256 << 10

func (l *Library) add(from fs.FS, own bool) (*Library, error) {
	out := &Library{books: slices.Clone(l.books)}
	names, err := fs.Glob(from, "*.md")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.EqualFold(name, "README.md") {
			continue
		}
		b, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("runbooks: %w", err)
		}
		if len(b) > mostBytes {
			return nil, fmt.Errorf("runbooks: %s is %d bytes long; at most %d", name, len(b), mostBytes)
		}
		r, err := Parse(strings.TrimSuffix(path.Base(name), ".md"), string(b))
		if err != nil {
			return nil, fmt.Errorf("runbooks: %s: %w", name, err)
		}
		r.Own = own
		if i := slices.IndexFunc(out.books, func(o Runbook) bool { return o.Slug == r.Slug }); i >= 0 {
			out.books[i] = r
		} else {
			out.books = append(out.books, r)
		}
	}
	slices.SortFunc(out.books, func(a, b Runbook) int { return cmp.Compare(a.Slug, b.Slug) })
	return out, nil
}

var slugs = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Parse reads a runbook.
func Parse(slug, text string) (Runbook, error) {
	r := Runbook{Slug: slug}
	if !slugs.MatchString(slug) {
		return r, fmt.Errorf("the name %q is not of small letters, digits and dashes", slug)
	}
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	rest, ok := strings.CutPrefix(text, "---\n")
	front, body, closed := strings.Cut(rest, "\n---\n")
	if !ok || !closed {
		return r, errors.New("there is no front matter: begin with a line --- and end it with another")
	}
	if err := yaml.UnmarshalWithOptions([]byte(front), &r.Front, yaml.Strict()); err != nil {
		return r, fmt.Errorf("front matter: %s", strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	if r.Front.Title == "" {
		return r, errors.New("front matter: title is missing")
	}
	r.Body = strings.TrimSpace(body)
	fenced := false
	for line := range strings.Lines(r.Body) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if title, ok := strings.CutPrefix(line, "## "); ok && !fenced {
			r.Sections = append(r.Sections, Section{Title: strings.TrimSpace(title)})
			continue
		}
		if n := len(r.Sections); n > 0 {
			r.Sections[n-1].Text += line
		}
	}
	for i := range r.Sections {
		r.Sections[i].Text = strings.TrimSpace(r.Sections[i].Text)
	}
	return r, nil
}

// All lists the runbooks by name.
func (l *Library) All() []Runbook { return slices.Clone(l.books) }

// Get finds a runbook by its name.
func (l *Library) Get(slug string) (Runbook, bool) {
	i := slices.IndexFunc(l.books, func(r Runbook) bool { return r.Slug == strings.ToLower(strings.TrimSpace(slug)) })
	if i < 0 {
		return Runbook{}, false
	}
	return l.books[i], true
}

// Match is a runbook for a driver, with what of the driver it is about.
type Match struct {
	Runbook Runbook
	Because string // "usage type NatGateway-Bytes"
	score   int
}

// How much it says about a driver that a part of the front matter fits. A usage type says what happens, a service only where.
const (
	usageTypeScore = 8
	categoryScore  = 4
	serviceScore   = 3
	effectScore    = 2
	leastScore     = 3 // an effect alone is too little to go by
)

// For finds the runbooks for a driver of a change, the most telling first. effect is what carries most of the driver's change.
func (l *Library) For(d analysis.Driver) []Match {
	effect := mainEffect(d)
	var out []Match
	for _, r := range l.books {
		m := Match{Runbook: r}
		add := func(score int, why string) {
			if m.score += score; m.Because == "" {
				m.Because = why
			}
		}
		if v := d.Slice["x_UsageType"]; fits(r.Front.UsageTypes, v) {
			add(usageTypeScore, "usage type "+v)
		} else if v := d.Label; len(r.Front.UsageTypes) > 0 && v != "" && d.Slice["x_UsageType"] == "" && fits(r.Front.UsageTypes, v) {
			add(usageTypeScore, v)
		}
		if v := d.Slice["ChargeCategory"]; fits(r.Front.Categories, v) {
			add(categoryScore, strings.ToLower(v))
		}
		if v := d.Slice["ServiceName"]; fits(r.Front.Services, v) {
			add(serviceScore, v)
		}
		if slices.Contains(r.Front.Effects, effect) {
			add(effectScore, strings.ReplaceAll(string(effect), "_", " "))
		} else if len(r.Front.Effects) > 0 && m.score < usageTypeScore {
			continue // it is about another kind of change
		}
		if m.score >= leastScore {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b Match) int { return cmp.Compare(b.score, a.score) })
	return out
}

// mainEffect is the effect that carries most of a driver's change.
func mainEffect(d analysis.Driver) analysis.Effect {
	var best analysis.EffectAmount
	for _, e := range d.Effects {
		if e.Amount.Abs().GreaterThan(best.Amount.Abs()) {
			best = e
		}
	}
	return best.Effect
}

// fits reports whether a value is what one of some globs means.
func fits(globs []string, value string) bool {
	if value == "" {
		return false
	}
	return slices.ContainsFunc(globs, func(g string) bool { return glob(strings.ToLower(g), strings.ToLower(value)) })
}

// glob matches a text against a pattern in which * is any run of characters. Unlike path.Match it knows no other signs, which
// usage types are full of.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return strings.HasSuffix(text, last)
}

// Scores of a word that a search finds: in a runbook's own words, in its title or name, in its text, nowhere.
const (
	inWords = 8
	inTitle = 4
	inText  = 1
	nowhere = -2
)

// Search finds runbooks by words: in their words, titles and names first, then in their text.
func (l *Library) Search(query string) []Runbook {
	books, _ := l.search(query)
	return books
}

// Find is the runbook that a name or words mean, and the others they may mean. best is nil where none is meant more than the others:
// a word that only stands in texts means no runbook.
func (l *Library) Find(query string) (best *Runbook, others []Runbook) {
	if r, ok := l.Get(strings.ReplaceAll(strings.TrimSpace(query), " ", "-")); ok {
		return &r, nil
	}
	books, scores := l.search(query)
	if len(books) > 0 && scores[0] >= inTitle*len(strings.Fields(query)) && (len(books) == 1 || scores[0] > scores[1]) {
		for i := range scores { // those that the words name too
			if i > 0 && scores[i] >= inTitle {
				others = append(others, books[i])
			}
		}
		return &books[0], others
	}
	return nil, books
}

// names takes apart what is written in one.
var names = strings.NewReplacer("-", " ", ",", " ")

func (l *Library) search(query string) ([]Runbook, []int) {
	words := strings.Fields(strings.ToLower(query))
	type found struct {
		r     Runbook
		score int
	}
	var out []found
	for _, r := range l.books {
		score := 0
		for _, w := range words {
			switch {
			case slices.ContainsFunc(r.Front.Words, func(x string) bool { return strings.EqualFold(x, w) }):
				score += inWords
			case strings.Contains(" "+names.Replace(strings.ToLower(r.Front.Title+" "+r.Slug+" "+strings.Join(r.Front.Words, " "))), " "+w):
				score += inTitle
			case strings.Contains(strings.ToLower(r.Body), w):
				score += inText
			default:
				score += nowhere
			}
		}
		if score > 0 {
			out = append(out, found{r, score})
		}
	}
	slices.SortStableFunc(out, func(a, b found) int { return cmp.Compare(b.score, a.score) })
	books, scores := make([]Runbook, len(out)), make([]int, len(out))
	for i, f := range out {
		books[i], scores[i] = f.r, f.score
	}
	return books, scores
}

// Summary is the text before the first section: what it is about.
func (r Runbook) Summary() string {
	before, _, _ := strings.Cut("\n"+r.Body, "\n## ")
	return strings.TrimSpace(before)
}

// StaleAfter is how long a review counts: what a cloud's console and prices look like changes within a year.
const StaleAfter = 365 * 24 * time.Hour

// Stale lists the runbooks that nobody has gone through for [StaleAfter].
func (l *Library) Stale(now time.Time) []Runbook {
	var out []Runbook
	for _, r := range l.books {
		if day, err := time.Parse(time.DateOnly, r.Front.Reviewed); err != nil || now.Sub(day) > StaleAfter {
			out = append(out, r)
		}
	}
	return out
}
