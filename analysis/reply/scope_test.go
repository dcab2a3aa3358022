package reply_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"spendbot/analysis"
	"spendbot/analysis/ask"
	"spendbot/analysis/focus"
	"spendbot/analysis/randombill"
	"spendbot/analysis/reply"
	"spendbot/analysis/survey"
)

func only(d analysis.Dimension, values ...string) analysis.Filter {
	return analysis.Filter{Dimension: d, Values: values}
}

const tagTeam, tagEnv = analysis.Dimension("tag:team"), analysis.Dimension("tag:env")

// within is the company as a scope lets see it.
func (c *company) within(t testing.TB, scope []analysis.Filter) *company {
	t.Helper()
	sv, err := survey.Within(context.Background(), c.store, c.sn, scope)
	if err != nil {
		t.Fatal(err)
	}
	return &company{store: c.store, sn: c.sn, survey: sv, reader: ask.NewReader(&sv.Vocabulary, ask.Options{})}
}

// corpora are the questions of the reader's own corpus, follow-ups with how many questions back they refer, and those of the
// collection beside the checkout, where there is one.
func corpora(t testing.TB) []asked {
	t.Helper()
	f, err := os.Open("../ask/testdata/questions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []asked
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		q, follows := strings.CutPrefix(line, "> ")
		out = append(out, asked{q, follows})
	}
	if f, err := os.Open("../../../shared/facts/questions.tsv"); err == nil {
		defer f.Close()
		sc := bufio.NewScanner(f)
		for sc.Scan(); sc.Scan(); {
			q, _, _ := strings.Cut(sc.Text(), "\t")
			out = append(out, asked{question: q})
		}
	} else {
		t.Log("no collection of real questions beside this checkout")
	}
	return out
}

// sample is every fourth conversation of the corpora, which is what there is time for when a test is run by hand; all of them
// with SPENDBOT_LONG.
func sample(t testing.TB) []asked {
	all := corpora(t)
	if os.Getenv("SPENDBOT_LONG") != "" {
		return all
	}
	var out []asked
	n := -1
	for _, q := range all {
		if !q.follows {
			n++
		}
		if n%4 == 0 {
			out = append(out, q)
		}
	}
	return out
}

type asked struct {
	question string
	follows  bool
}

// foreign are the names that only the rest of the company has.
type foreign struct {
	exact   map[string]bool // whole values, as cells, keys and parameters have them
	telling []string        // those that cannot be taken for ordinary words, in lower case
}

func foreignTo(all, seen *ask.Vocabulary) foreign {
	f := foreign{exact: map[string]bool{}}
	own := map[string]bool{}
	var ownText strings.Builder
	each := func(v *ask.Vocabulary, do func(string)) {
		lists := [][]ask.Term{v.Providers, v.Services, v.Accounts, v.BillingAccounts, v.Regions, v.UsageTypes, v.InstanceTypes, v.Skus, v.Resources,
			v.Publishers, v.Categories, v.Commitments}
		for _, terms := range v.Tags {
			lists = append(lists, terms)
		}
		for _, l := range lists {
			for _, t := range l {
				do(t.Value)
				if t.Name != "" {
					do(t.Name)
				}
			}
		}
	}
	each(seen, func(s string) { own[s] = true; ownText.WriteString(strings.ToLower(s) + "\n") })
	text := ownText.String()
	each(all, func(s string) {
		if own[s] || f.exact[s] {
			return
		}
		f.exact[s] = true
		if low := strings.ToLower(s); len(s) >= 8 && strings.ContainsAny(s, "-:/.0123456789 ") && !strings.Contains(text, low) {
			f.telling = append(f.telling, low)
		}
	})
	return f
}

// focusValues takes the values that FOCUS lists out of a query's text, in lower case and quoted as the rules of package conform
// have them.
var focusValues = func() *strings.Replacer {
	var pairs []string
	for _, c := range focus.Columns() {
		for _, v := range c.Allowed {
			pairs = append(pairs, "'"+strings.ToLower(v)+"'", "''")
		}
	}
	return strings.NewReplacer(pairs...)
}()

// leaks are the foreign names in an answer: in its texts, its keys and cells, what it was read as, and its queries. What the
// question says itself tells the asker nothing.
func (f foreign) leaks(a *analysis.Answer) []string {
	said := strings.ToLower(a.Question)
	var out []string
	var walk func(path string, v reflect.Value)
	check := func(path, s string) {
		low := strings.ToLower(s)
		if strings.HasSuffix(path, ".SQL") { // rules name FOCUS's own values, the same for everybody; names of the bill are parameters
			low = focusValues.Replace(low)
		}
		if f.exact[s] && !strings.Contains(said, low) {
			out = append(out, path+" is "+s)
			return
		}
		for _, name := range f.telling {
			if strings.Contains(low, name) && !strings.Contains(said, name) {
				out = append(out, fmt.Sprintf("%s has %s: %s", path, name, s))
			}
		}
	}
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Interface, reflect.Pointer:
			if !v.IsNil() {
				walk(path, v.Elem())
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Question" {
					walk(path+"."+v.Type().Field(i).Name, v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				walk(path+"."+k.String(), v.MapIndex(k))
			}
		case reflect.String:
			check(path, v.String())
		}
	}
	walk("answer", reflect.ValueOf(a))
	return out
}

// island is the demo company's bills cut down to a scope's rows, in a store of their own.
func (d *mayfly) island(t *testing.T, keep func(map[string]string) bool) *company {
	t.Helper()
	bills := t.TempDir()
	whole := filepath.Join(scratch, "demo", "bills")
	err := filepath.WalkDir(whole, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".csv.gz") {
			return err
		}
		rel, err := filepath.Rel(whole, path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(bills, rel)), 0o755); err != nil {
			return err
		}
		return cutDown(path, filepath.Join(bills, rel), keep)
	})
	if err != nil {
		t.Fatal(err)
	}
	return companyOf(t, bills)
}

// cutDown copies some rows of a gzipped CSV file; there is no copy when that is none.
func cutDown(path, to string, keep func(map[string]string) bool) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	r := csv.NewReader(z)
	header, err := r.Read()
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	zw := gzip.NewWriter(out)
	w := csv.NewWriter(zw)
	if err := w.Write(header); err != nil {
		return err
	}
	rows := 0
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		row := map[string]string{}
		for i, h := range header {
			row[h] = rec[i]
		}
		if keep(row) {
			rows++
			if err := w.Write(rec); err != nil {
				return err
			}
		}
	}
	w.Flush()
	if err := errors.Join(w.Error(), zw.Close()); err != nil {
		return err
	}
	if rows == 0 {
		return os.Remove(to)
	}
	return nil
}

// kept tells from a bill's own row whether a scope lets see it.
func kept(scope []analysis.Filter) func(map[string]string) bool {
	return func(row map[string]string) bool {
		return !slices.ContainsFunc(scope, func(f analysis.Filter) bool { return slices.Contains(f.Values, valueOf(row, f.Dimension)) == f.Not })
	}
}

// valueOf is what a bill's row says of a dimension, read without the product.
func valueOf(row map[string]string, d analysis.Dimension) string {
	if key, ok := d.TagKey(); ok {
		var tags map[string]string
		_ = json.Unmarshal([]byte(row["Tags"]), &tags)
		return tags[key]
	}
	if d == analysis.DimChargeCategory && row["ChargeClass"] == "Correction" {
		return "Correction"
	}
	if d == analysis.DimProvider {
		return row["ProviderName"]
	}
	return row[d.Column()]
}

// seen is what is told apart in an answer, without what must differ: ids, times, and the SQL, which holds the scope.
type seen struct {
	Headline, Currency string
	Parts              []analysis.Part
	Caveats            []string
	Actions            []analysis.Action
	Through            []analysis.ProviderThrough
	Queries            []string // name, rows and hash of each
}

func look(a *analysis.Answer) seen {
	s := seen{a.Headline, a.Currency, a.Parts, a.Caveats, a.Actions, a.Through, nil}
	for _, q := range a.Trace.Queries {
		s.Queries = append(s.Queries, fmt.Sprintf("%s: %d rows, %s", q.Name, q.Rows, q.SHA256))
	}
	return s
}

const saysNothing = "Nothing in your scope ("

// TestNothingFromOutsideOfAScope asks every question of the corpora under a scope. The answers name nothing that lies outside,
// in text, reading, trace or parameters; and each is, hashes of the query results included, the one that a store gives which
// never held anything but the scope's rows: so nothing outside has any influence on it.
func TestNothingFromOutsideOfAScope(t *testing.T) {
	d := demoCompany(t)
	ctx := context.Background()
	for _, scope := range [][]analysis.Filter{
		{only(tagTeam, "payments")},
		{only(analysis.DimAccount, "004512778301", "481516234210"), only(tagEnv, "prod")},
		{only(analysis.DimProvider, "Google Cloud")},
	} {
		if os.Getenv("SPENDBOT_LONG") == "" && scope[0].Dimension != tagTeam {
			continue
		}
		t.Run(analysis.ScopeWords(scope), func(t *testing.T) {
			c, island := d.within(t, scope), d.island(t, kept(scope))
			strange := foreignTo(&d.survey.Vocabulary, &c.survey.Vocabulary)
			if len(strange.exact) < 50 || len(strange.telling) < 20 || len(c.survey.Vocabulary.Services) < 3 {
				t.Fatalf("the scope leaves %d names out (%d telling) and %d services in: not much of a test", len(strange.exact), len(strange.telling), len(c.survey.Vocabulary.Services))
			}
			if diff := cmp.Diff(island.survey.Vocabulary, c.survey.Vocabulary, cmpopts.EquateApprox(1e-9, 1e-9), cmpopts.IgnoreFields(ask.Vocabulary{}, "First", "Through")); diff != "" {
				t.Errorf("the vocabulary is not the scope's (-island +scope):\n%.3000s", diff)
			}
			if diff := cmp.Diff(island.survey.Months, c.survey.Months); diff != "" {
				t.Errorf("the months are not the scope's (-island +scope):\n%.3000s", diff)
			}
			island.survey.Providers = c.survey.Providers // how far a feed reaches is told by all of it
			island.survey.Vocabulary.First, island.survey.Vocabulary.Through = c.survey.Vocabulary.First, c.survey.Vocabulary.Through
			island.reader = ask.NewReader(&island.survey.Vocabulary, ask.Options{})
			counts := map[analysis.Intent]int{}
			nothing := 0
			done := map[string]bool{} // many questions are read as one plan
			first := func(p analysis.Plan) bool {
				p.Notes, p.Declined = nil, nil // those of the two readings are the same
				b, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				again := done[string(b)]
				done[string(b)] = true
				return !again
			}
			var before, beforeAll *analysis.Plan
			for _, q := range sample(t) {
				if !q.follows {
					before, beforeAll = nil, nil
				}
				p := c.reader.Read(q.question, now, before)
				all := d.reader.Read(q.question, now, beforeAll)
				alone := island.reader.Read(q.question, now, before)
				if p.Scope != nil || all.Scope != nil {
					t.Errorf("%q: reading wrote a scope", q.question)
				}
				if diff := cmp.Diff(alone, p); diff != "" {
					t.Errorf("%q is read differently on the island (-island +scope):\n%s", q.question, diff)
				}
				counts[p.Intent]++
				own, carried := p, all.For(scope) // a button or a thread brings along a plan of somebody who sees everything
				if own.Scope = scope; first(own) {
					a, err := c.carryOut(ctx, q.question, own)
					if err != nil {
						t.Fatalf("%q: %v", q.question, err)
					}
					for _, s := range strange.leaks(a) {
						t.Errorf("%q: %s", q.question, s)
					}
					b, err := island.carryOut(ctx, q.question, alone)
					if err != nil {
						t.Fatalf("%q: %v", q.question, err)
					}
					if strings.HasPrefix(a.Headline, saysNothing) {
						nothing++
					} else if p.Intent != analysis.Freshness && p.Intent != analysis.Showback {
						// Freshness says how it is judged. Of shared costs a scope is told less than its rows alone would tell.
						a.Caveats = slices.DeleteFunc(slices.Clone(a.Caveats), func(s string) bool { return strings.HasPrefix(s, "invoices are of whole accounts") })
						// A scope hears that invoices are of no part, whether there are any or not; on the island there are none.
						a.Headline = strings.Replace(a.Headline, "invoices are of whole accounts and not compared with a part", "there are no invoice totals to compare with", 1)
						if diff := cmp.Diff(look(b), look(a), cmpopts.EquateEmpty()); diff != "" {
							t.Errorf("%q (-island +scope):\n%.3000s", q.question, diff)
						}
					}
				}
				if first(carried) {
					a, err := c.carryOut(ctx, q.question, carried)
					if err != nil {
						t.Fatalf("%q carried over: %v", q.question, err)
					}
					for _, s := range strange.leaks(a) {
						t.Errorf("%q carried over: %s", q.question, s)
					}
				}
				if !p.Current.IsZero() {
					p, all := p, all
					p.Scope, all.Scope = scope, scope // which a follow-up must not carry over
					before, beforeAll = &p, &all
				}
			}
			t.Logf("%v, nothing within the scope %d times", counts, nothing)
			for _, in := range []analysis.Intent{analysis.ExplainChange, analysis.Compare, analysis.SpendTotal, analysis.TopN, analysis.Breakdown, analysis.Freshness, analysis.Provenance} {
				if counts[in] == 0 {
					t.Errorf("no question of the kind %s", in)
				}
			}
		})
	}
}

// TestScopedIsAlone holds on random bills: the answer under a scope is the answer without one of a store that holds only the
// scope's rows.
func TestScopedIsAlone(t *testing.T) {
	forRandomBillsOf(t, func(rt *rapid.T, b randombill.Bill) {
		scope := drawScope(rt)
		var rest randombill.Bill
		for _, r := range b {
			if kept(scope)(r) {
				rest = append(rest, r)
			}
		}
		whole := loadBill(rt, b)
		defer whole.close()
		if len(rest) == 0 {
			p := drawPlan(rt)
			p.Intent, p.Scope = analysis.SpendTotal, scope
			if a := whole.scoped(rt, scope).must(rt, p); !strings.HasPrefix(a.Headline, saysNothing) || len(a.Trace.Queries) > 0 {
				rt.Errorf("nothing lies within %s: %s", analysis.ScopeWords(scope), a.Headline)
			}
			return
		}
		alone := loadBill(rt, rest)
		defer alone.close()
		c := whole.scoped(rt, scope)
		c.survey.Providers, alone.survey.Providers = steady(alone), steady(alone)
		c.survey.Vocabulary.First = alone.survey.Vocabulary.First
		alone.reader = nil // as c has none: these plans are drawn, not read
		for range 6 {
			p := drawPlan(rt)
			p.Intent = rapid.SampledFrom([]analysis.Intent{analysis.ExplainChange, analysis.ExplainChange, analysis.Compare, analysis.Breakdown, analysis.TopN, analysis.SpendTotal}).Draw(rt, "intent")
			p.Filters = slices.DeleteFunc(p.Filters, func(f analysis.Filter) bool { // what lies outside is not repeated, which is another test's matter
				return slices.ContainsFunc(f.Values, func(v string) bool { return !holds(alone.survey, f.Dimension, v) })
			})
			if p.Intent != analysis.ExplainChange {
				p.GroupBy = rapid.SliceOfNDistinct(rapid.SampledFrom(append(slices.Clone(analysis.Dimensions), tagTeam, tagEnv)), 0, 1, rapid.ID).Draw(rt, "group by")
			}
			b := alone.must(rt, p)
			p.Scope = scope
			a := c.must(rt, p)
			if strings.HasPrefix(a.Headline, saysNothing) {
				for _, part := range b.Parts {
					if part.Bridge != nil && !part.Bridge.Change.Delta.IsZero() || part.Table != nil && part.Table.Total != nil && len(part.Table.Rows) > 0 {
						rt.Errorf("%+v\n%s, and alone: %s", p, a.Headline, b.Headline)
					}
				}
				continue
			}
			if diff := cmp.Diff(look(b), look(a), cmpopts.EquateEmpty()); diff != "" {
				rt.Errorf("%+v (-alone +scope):\n%.3000s", p, diff)
			}
		}
	})
}

func holds(sv *survey.Survey, d analysis.Dimension, v string) bool {
	p := analysis.Plan{Intent: analysis.OutOfScope, Filters: []analysis.Filter{only(d, v)}, Scope: []analysis.Filter{only(d, v)}}
	own := *sv
	own.Scope = analysis.ScopeKey(p.Scope)
	a, err := (&reply.Replier{Survey: &own, Now: now}).Answer(context.Background(), "", "", p)
	return err == nil && len(a.Reading.Filters) == 1
}

func drawScope(t *rapid.T) []analysis.Filter {
	pool := map[analysis.Dimension][]string{
		tagTeam: {"a", "b", "", `c"d`, `$."team"`}, tagEnv: {"a", "b"}, analysis.TagDimension("it's"): {"a", "日本"}, analysis.DimAccount: {"111", "222", "0333", `4'4`, ""},
		analysis.DimService: {"Compute", "Storage", "x'; DROP TABLE daily; --"}, analysis.DimProvider: {"AWS", "Microsoft"}, analysis.DimRegion: {"us-east-1", ""},
		analysis.DimChargeCategory: {"Usage", "Credit", "Tax", "Correction"},
	}
	dims := []analysis.Dimension{tagTeam, tagEnv, analysis.TagDimension("it's"), analysis.DimAccount, analysis.DimService, analysis.DimProvider, analysis.DimRegion, analysis.DimChargeCategory}
	var out []analysis.Filter
	for _, d := range rapid.SliceOfNDistinct(rapid.SampledFrom(dims), 1, 2, rapid.ID).Draw(t, "scope") {
		out = append(out, only(d, rapid.SliceOfNDistinct(rapid.SampledFrom(pool[d]), 1, 3, rapid.ID).Draw(t, "scope values")...))
	}
	return out
}

// steady is a company's providers with all days whole.
func steady(c *loaded) []survey.Provider {
	out := slices.Clone(c.survey.Providers)
	for i := range out {
		out[i].Through, out[i].Monthly = c.survey.Vocabulary.Through, true
	}
	return out
}

// loaded is a company of a random bill.
type loaded struct {
	*company
	dir string
}

func (l *loaded) close() {
	l.sn.Close()
	l.store.Close()
	os.RemoveAll(l.dir)
}

func (l *loaded) scoped(t *rapid.T, scope []analysis.Filter) *company {
	sv, err := survey.Within(context.Background(), l.store, l.sn, scope)
	if err != nil {
		t.Fatal(err)
	}
	return &company{store: l.store, sn: l.sn, survey: sv}
}

func TestAPlanNeedsItsOwnSurvey(t *testing.T) {
	d := demoCompany(t)
	scope := []analysis.Filter{only(tagTeam, "payments")}
	p := d.reader.Read("what did we spend last week?", now, nil)
	if _, err := d.within(t, scope).carryOut(context.Background(), "", p); err == nil {
		t.Error("a plan without a scope was answered with a scope's names")
	}
	p.Scope = scope
	if a, err := d.carryOut(context.Background(), "", p); err == nil {
		t.Errorf("a plan with a scope was answered with everybody's names: %s", a.Headline)
	}
	p.Scope = []analysis.Filter{only(analysis.DimResource, "i-1")}
	sv := *d.survey
	sv.Scope = analysis.ScopeKey(p.Scope)
	if a, err := (&reply.Replier{Snapshot: d.sn, Survey: &sv, Now: now}).Answer(context.Background(), "", "", p); err == nil {
		t.Errorf("a scope that the rollup cannot hold was answered: %s", a.Headline)
	}
}

// TestWhereANumberCameFrom is told to whoever may see all that it came from.
func TestWhereANumberCameFrom(t *testing.T) {
	d := demoCompany(t)
	payments, prod := []analysis.Filter{only(tagTeam, "payments")}, []analysis.Filter{only(tagTeam, "payments"), only(tagEnv, "prod")}
	plan := d.reader.Read("how did you get that number?", now, nil)
	for _, c := range []struct {
		asker, previous []analysis.Filter
		told            bool
	}{{nil, nil, true}, {nil, payments, true}, {payments, payments, true}, {payments, prod, true}, {payments, nil, false}, {prod, payments, false}} {
		before := &analysis.Answer{ID: "Q-AAAAAA", Headline: "Spend on search-prod rose.", Reading: analysis.Plan{Intent: analysis.SpendTotal, Scope: c.previous}}
		who := d.within(t, c.asker)
		p := plan
		p.Scope = c.asker
		a, err := (&reply.Replier{Snapshot: d.sn, Survey: who.survey, Now: now, Previous: before}).Answer(context.Background(), "Q-BBBBBB", "", p)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(fmt.Sprint(a.Headline, a.Parts), "search-prod"); got != c.told {
			t.Errorf("asked by %s, given to %s: %s", analysis.ScopeWords(c.asker), analysis.ScopeWords(c.previous), a.Headline)
		}
	}
}
