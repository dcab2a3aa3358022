// Package survey tells what a snapshot holds: the vocabulary that questions are read with, and how far each provider's data
// is complete. For an asker who may not see everything it tells what their scope lets see, and nothing else. It depends on
// the snapshot, with the loads it was made from, and on the scope alone, so it is kept in the store's cache folder and made once for both.
package survey

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
	"spendbot/analysis/ask"
	"spendbot/analysis/query"
	"spendbot/analysis/store"
)

// Survey is what a snapshot holds, as far as a scope lets see.
type Survey struct {
	Snapshot int64 `json:"snapshot,string"`
	// Scope is the key of the scope ([analysis.ScopeKey]) that everything here lies within; "" is no scope.
	Scope string `json:"scope,omitempty"`
	// Lens is the key of the lens that the snapshot was looked at through ([query.Lens]); "" is none.
	Lens       string         `json:"lens,omitempty"`
	Vocabulary ask.Vocabulary `json:"vocabulary"`
	Providers  []Provider     `json:"providers"`
	Months     []Month        `json:"months"`
	// Version of the layout; a cached survey of another version is made anew.
	Version int `json:"version"`
}

const version = 6

// Provider is a provider's coverage.
type Provider struct {
	Name  string    `json:"name"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"` // last day with any row
	// Through is the last complete day: by the history of how days arrive where there is enough of it (Settles), else by how full the
	// days are ([completeThrough]).
	Through time.Time `json:"through"`
	// Settles is what the history of loads tells of when days are complete; nil where it tells too little.
	Settles *Settling `json:"settles,omitempty"`
	// How says in words how Through was found.
	How string `json:"how"`
	// Monthly says that the provider bills by the month only, so that days say nothing about completeness.
	Monthly bool `json:"monthly"`
}

// Month is a provider's month in the store.
type Month struct {
	Provider string         `json:"provider"`
	Source   string         `json:"source"`
	Month    string         `json:"month"`
	Currency string         `json:"currency"`
	Rows     int64          `json:"rows"`
	Totals   [4]*amountText `json:"totals"` // billed, effective, list, contracted
}

type amountText = decimal.Decimal

// maxTerms bounds how many values of one dimension become vocabulary, the most expensive first.
const maxTerms = 20000

// Of returns the snapshot's survey, from the cache when there is one.
func Of(ctx context.Context, s *store.Store, sn *store.Snapshot) (*Survey, error) {
	return Within(ctx, s, sn, nil)
}

// Within returns the survey of what a scope lets see of the snapshot, from the cache when there is one. Names, months and
// amounts are those of the scope's rows. How far the data reaches and is complete is a matter of the provider's feed, which a
// few rows of it tell badly: it is taken from the whole feed, for the providers that the scope has rows of.
func Within(ctx context.Context, s *store.Store, sn *store.Snapshot, scope []analysis.Filter) (*Survey, error) {
	return Through(ctx, s, sn, scope, query.Lens{})
}

// Through is [Within] through a lens. What the lens calls teams and so on is vocabulary too.
func Through(ctx context.Context, s *store.Store, sn *store.Snapshot, scope []analysis.Filter, lens query.Lens) (*Survey, error) {
	key := analysis.ScopeKey(scope)
	path := filepath.Join(s.Dir(), "cache", fileName(sn.ID, key, lens.Key()))
	if b, err := os.ReadFile(path); err == nil {
		var sv Survey
		if json.Unmarshal(b, &sv) == nil && sv.Version == version && sv.Snapshot == sn.ID && sv.Scope == key && sv.Lens == lens.Key() {
			return &sv, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the survey: %w", err)
	}
	var feeds []Provider
	var loads []store.Load
	if key != "" {
		all, err := Of(ctx, s, sn)
		if err != nil {
			return nil, err
		}
		feeds = all.Providers
	} else {
		all, err := s.Loads(ctx)
		if err != nil {
			return nil, err
		}
		loads = upTo(all, sn.ID)
	}
	sight, err := sn.SeenThrough(scope, lens)
	if err != nil {
		return nil, err
	}
	sv, err := survey(ctx, sight, feeds, loads)
	if err != nil {
		return nil, err
	}
	sv.Snapshot, sv.Scope, sv.Lens, sv.Version = sn.ID, key, lens.Key(), version
	keep(path, sv)
	return sv, nil
}

// fileName is the cache's file for a snapshot, a scope's key and a lens's.
func fileName(snapshot int64, key, lens string) string {
	if key+lens == "" {
		return fmt.Sprintf("survey-%d.json", snapshot)
	}
	return fmt.Sprintf("survey-%d-%x.json", snapshot, sha256.Sum256([]byte(key+"\x00"+lens)))
}

// mostKept bounds how many surveys the cache folder keeps, over all snapshots and scopes.
const mostKept = 100

// keep writes a survey to the cache. A cache that cannot be written costs time, nothing else.
func keep(path string, sv *Survey) {
	b, err := json.Marshal(sv)
	if err != nil || os.MkdirAll(filepath.Dir(path), 0o755) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".survey-*") // of one's own: several processes may make the same survey
	if err != nil {
		return
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return
	}
	old, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "survey-*.json"))
	age := map[string]int64{}
	for _, f := range old {
		if info, err := os.Stat(f); err == nil {
			age[f] = info.ModTime().UnixNano()
		}
	}
	slices.SortFunc(old, func(a, b string) int { return cmp.Compare(age[b], age[a]) })
	for _, f := range old[min(len(old), mostKept):] {
		_ = os.Remove(f)
	}
}

// large are the powers of ten that a dollar is worth about, of currencies of which it takes many. They only tell which currency most of the
// spend is in, where a thousand yen are not more than a hundred dollars: no figure is made with them.
var large = map[string]int32{"SEK": 1, "NOK": 1, "DKK": 1, "CZK": 1, "MXN": 1, "ZAR": 1, "CNY": 1, "HKD": 1, "TWD": 1, "TRY": 1, "UAH": 1, "THB": 1, "EGP": 2, "PHP": 2, "INR": 2, "RUB": 2,
	"JPY": 2, "ISK": 2, "PKR": 2, "BDT": 2, "KES": 2, "LKR": 2, "HUF": 2, "RSD": 2, "CRC": 3, "KZT": 3, "CLP": 3, "KRW": 3, "ARS": 3, "NGN": 3, "COP": 4, "IDR": 4, "VND": 4}

const dimensionsSQL = `SELECT
  CASE grouping(ServiceProviderName, BillingAccountId, SubAccountId, RegionId, x_UsageType, x_InstanceType, SkuId, PublisherName, ServiceCategory, CommitmentDiscountId, BillingCurrency, ServiceName)
    WHEN 2047 THEN 'provider' WHEN 3071 THEN 'billing_account' WHEN 3583 THEN 'account' WHEN 3839 THEN 'region'
    WHEN 3967 THEN 'usage_type' WHEN 4031 THEN 'instance_type' WHEN 4063 THEN 'sku' WHEN 4079 THEN 'publisher'
    WHEN 4087 THEN 'category' WHEN 4091 THEN 'commitment' WHEN 4093 THEN 'currency' ELSE 'service' END AS dimension,
  CASE WHEN grouping(ServiceProviderName) = 0 THEN ServiceProviderName WHEN grouping(BillingAccountId) = 0 THEN BillingAccountId WHEN grouping(SubAccountId) = 0 THEN SubAccountId WHEN grouping(RegionId) = 0 THEN RegionId WHEN grouping(x_UsageType) = 0 THEN x_UsageType WHEN grouping(x_InstanceType) = 0 THEN x_InstanceType WHEN grouping(SkuId) = 0 THEN SkuId WHEN grouping(PublisherName) = 0 THEN PublisherName WHEN grouping(ServiceCategory) = 0 THEN ServiceCategory WHEN grouping(CommitmentDiscountId) = 0 THEN CommitmentDiscountId WHEN grouping(BillingCurrency) = 0 THEN BillingCurrency WHEN grouping(ServiceName) = 0 THEN ServiceName END AS value,
  CASE WHEN grouping(SubAccountId) = 0 THEN max(SubAccountName) WHEN grouping(BillingAccountId) = 0 THEN max(BillingAccountName) END AS name,
  sum(abs(CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END)) AS cost
FROM {daily}
GROUP BY GROUPING SETS ((ServiceProviderName), (BillingAccountId), (SubAccountId), (RegionId), (x_UsageType), (x_InstanceType), (SkuId), (PublisherName), (ServiceCategory), (CommitmentDiscountId), (BillingCurrency), (ServiceName))
ORDER BY 1, 4 DESC, 2`

// resourcesSQL reads the line items, the rollup having no resources; its limit is maxTerms.
const resourcesSQL = `SELECT ResourceId, max(ResourceName) AS name, sum(abs(CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END)) AS cost
FROM {charges} WHERE ResourceId IS NOT NULL GROUP BY ResourceId ORDER BY 3 DESC NULLS LAST, 1 LIMIT 20000`

const tagsSQL = `SELECT Tags, sum(abs(CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END)) AS cost FROM {daily} WHERE Tags IS NOT NULL GROUP BY Tags ORDER BY Tags`

// CoverageSQL counts, per provider and day, the line items of the day and all of them: what [Coverage] reads. It is a text
// for [query.Lens.Resolve], as all of them here.
const CoverageSQL = `SELECT ServiceProviderName, ChargeDate, CAST(sum(x_Rows) FILTER (WHERE x_SpanDays = 1) AS BIGINT) AS rows_daily, CAST(sum(x_Rows) AS BIGINT) AS rows_all
FROM {daily} GROUP BY 1, 2 ORDER BY 1, 2`

const monthsSQL = `SELECT ServiceProviderName, x_Source, CAST(date_trunc('month', BillingPeriodStart) AS DATE) AS month, BillingCurrency, CAST(sum(x_Rows) AS BIGINT),
  sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost)
FROM {daily} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`

// survey makes a survey. feeds is how far the providers' data reaches where that is known already; nil is to be found out, from the
// loads too, newest first.
func survey(ctx context.Context, sn *store.Sight, feeds []Provider, loads []store.Load) (*Survey, error) {
	sv := &Survey{}
	rows, _, err := sn.Query(ctx, "vocabulary", query.F(dimensionsSQL))
	if err != nil {
		return nil, err
	}
	v := &sv.Vocabulary
	lists := map[string]*[]ask.Term{
		"provider": &v.Providers, "billing_account": &v.BillingAccounts, "account": &v.Accounts, "region": &v.Regions,
		"usage_type": &v.UsageTypes, "instance_type": &v.InstanceTypes, "sku": &v.Skus, "publisher": &v.Publishers,
		"category": &v.Categories, "commitment": &v.Commitments, "service": &v.Services,
	}
	spent := map[string]decimal.Decimal{}
	for _, r := range rows.Values {
		value, ok := r[1].(string)
		if !ok || value == "" {
			continue
		}
		dim := r[0].(string)
		if dim == "currency" {
			v.Currencies = append(v.Currencies, value)
			spent[value], _ = r[3].(decimal.Decimal)
			continue
		}
		l := lists[dim]
		if len(*l) < maxTerms {
			name, _ := r[2].(string)
			*l = append(*l, ask.Term{Value: value, Name: name, Cost: float(r[3])})
		}
	}
	slices.SortStableFunc(v.Currencies, func(a, b string) int {
		return spent[b].Shift(-large[b]).Cmp(spent[a].Shift(-large[a]))
	})
	if rows, _, err = sn.Query(ctx, "resources", query.F(resourcesSQL)); err != nil {
		return nil, err
	}
	for _, r := range rows.Values {
		v.Resources = append(v.Resources, ask.Term{Value: str(r[0]), Name: str(r[1]), Cost: float(r[2])})
	}
	if err := tags(ctx, sn, v); err != nil {
		return nil, err
	}
	if err := owned(ctx, sn, v); err != nil {
		return nil, err
	}
	if err := sv.coverage(ctx, sn, feeds, loads); err != nil {
		return nil, err
	}
	rows, _, err = sn.Query(ctx, "months", query.F(monthsSQL))
	if err != nil {
		return nil, err
	}
	for _, r := range rows.Values {
		m := Month{Provider: str(r[0]), Source: str(r[1]), Month: r[2].(time.Time).Format("2006-01"), Currency: str(r[3]), Rows: r[4].(int64)}
		for i := range m.Totals {
			if d, ok := r[5+i].(decimal.Decimal); ok {
				m.Totals[i] = &d
			}
		}
		sv.Months = append(sv.Months, m)
	}
	return sv, nil
}

// owned asks for the values of the dimensions that the lens adds, if it does. The team of what nobody owns is always a word.
func owned(ctx context.Context, sn *store.Sight, v *ask.Vocabulary) error {
	if !sn.Lens().Has(analysis.DimTeam.Column()) {
		return nil
	}
	var sets, which, value []string
	for i, d := range analysis.OwnerDimensions {
		c := d.Column()
		sets = append(sets, "("+c+")")
		which = append(which, fmt.Sprintf("WHEN grouping(%s) = 0 THEN %d", c, i))
		value = append(value, fmt.Sprintf("WHEN grouping(%s) = 0 THEN %s", c, c))
	}
	rows, _, err := sn.Query(ctx, "owners", query.Fill(ownedSQL, map[string]query.Fragment{"which": query.F(strings.Join(which, " ")), "value": query.F(strings.Join(value, " ")), "sets": query.F(strings.Join(sets, ", "))}))
	if err != nil {
		return err
	}
	v.Owned = map[analysis.Dimension][]ask.Term{}
	for _, d := range analysis.OwnerDimensions {
		v.Owned[d] = []ask.Term{}
	}
	for _, r := range rows.Values {
		d := analysis.OwnerDimensions[r[0].(int64)]
		if s := str(r[1]); s != "" && len(v.Owned[d]) < maxTerms {
			v.Owned[d] = append(v.Owned[d], ask.Term{Value: s, Cost: float(r[2])})
		}
	}
	if teams := v.Owned[analysis.DimTeam]; !slices.ContainsFunc(teams, func(t ask.Term) bool { return t.Value == analysis.Unallocated }) {
		v.Owned[analysis.DimTeam] = append(teams, ask.Term{Value: analysis.Unallocated})
	}
	return nil
}

const ownedSQL = `SELECT CASE {which} END AS dimension, CASE {value} END AS value, sum(abs(CASE WHEN EffectiveCost IS NULL THEN BilledCost ELSE EffectiveCost END)) AS cost
FROM {daily} GROUP BY GROUPING SETS ({sets}) ORDER BY 1, 3 DESC, 2`

func tags(ctx context.Context, sn *store.Sight, v *ask.Vocabulary) error {
	rows, _, err := sn.Query(ctx, "tags", query.F(tagsSQL))
	if err != nil {
		return err
	}
	cost := map[string]map[string]float64{}
	for _, r := range rows.Values {
		var kv map[string]string
		if err := json.Unmarshal([]byte(r[0].(string)), &kv); err != nil {
			return fmt.Errorf("tags %q in the rollup: %w", r[0], err)
		}
		for k, val := range kv {
			if cost[k] == nil {
				cost[k] = map[string]float64{}
			}
			cost[k][val] += float(r[1])
		}
	}
	v.Tags = map[string][]ask.Term{}
	for k, vals := range cost {
		var terms []ask.Term
		for val, c := range vals {
			terms = append(terms, ask.Term{Value: val, Cost: c})
		}
		slices.SortFunc(terms, func(a, b ask.Term) int {
			switch {
			case a.Cost > b.Cost:
				return -1
			case a.Cost < b.Cost:
				return 1
			}
			return strings.Compare(a.Value, b.Value)
		})
		v.Tags[k] = terms
	}
	return nil
}

// Coverage tells how far each provider's data reaches from the rows of [CoverageSQL].
func Coverage(rows *store.Rows) []Provider {
	perDay := map[string]map[time.Time]int64{}
	var order []string
	bounds := map[string]*Provider{}
	for _, r := range rows.Values {
		name, day := str(r[0]), r[1].(time.Time)
		p := bounds[name]
		if p == nil {
			p = &Provider{Name: name, First: day}
			bounds[name] = p
			perDay[name] = map[time.Time]int64{}
			order = append(order, name)
		}
		p.Last = day
		if n, ok := r[2].(int64); ok {
			perDay[name][day] = n
		}
	}
	var out []Provider
	for _, name := range order {
		p := bounds[name]
		p.Through, p.Monthly = completeThrough(perDay[name], p.Last)
		out = append(out, *p)
	}
	return out
}

func (sv *Survey) coverage(ctx context.Context, sn *store.Sight, feeds []Provider, loads []store.Load) error {
	rows, _, err := sn.Query(ctx, "coverage", query.F(CoverageSQL))
	if err != nil {
		return err
	}
	for _, p := range Coverage(rows) {
		if len(feeds) == 0 {
			p.settle(loads)
		}
		if i := slices.IndexFunc(feeds, func(f Provider) bool { return f.Name == p.Name }); i >= 0 {
			p = feeds[i]
		}
		sv.Providers = append(sv.Providers, p)
	}
	v := &sv.Vocabulary
	for _, p := range sv.Providers {
		if v.First.IsZero() || p.First.Before(v.First) {
			v.First = p.First
		}
		if !p.Monthly && p.Through.After(v.Through) {
			v.Through = p.Through
		}
	}
	if v.Through.IsZero() { // monthly bills only: the last month counts as whole
		for _, p := range sv.Providers {
			if t := p.Through; t.After(v.Through) {
				v.Through = t
			}
		}
	}
	return nil
}

// Completeness where the loads' history does not tell it (see [Settling]). A day counts as complete when it has at least CompleteShare of the rows that the days of the same weekday
// had in the WeeksBack weeks before (the median of them), looking back over the last Recent days; older days are taken as
// they are. Providers deliver a day's rows over about a day and a half, so a short last day is one still arriving.
const (
	CompleteShare = 0.7
	WeeksBack     = 4
	Recent        = 7
)

// completeThrough finds the last complete day from how many daily rows each day has. Providers without daily rows are
// monthly: complete to the end of their last month.
func completeThrough(rows map[time.Time]int64, last time.Time) (through time.Time, monthly bool) {
	var end time.Time
	for d := range rows {
		if d.After(end) {
			end = d
		}
	}
	if end.IsZero() {
		return analysis.MonthOf(last).Last(), true
	}
	for d := end; end.Sub(d) < Recent*24*time.Hour; d = d.AddDate(0, 0, -1) {
		var past []int64
		for w := 1; w <= WeeksBack; w++ {
			if n, ok := rows[d.AddDate(0, 0, -7*w)]; ok {
				past = append(past, n)
			}
		}
		if len(past) == 0 {
			return d, false
		}
		slices.Sort(past)
		if float64(rows[d]) >= CompleteShare*float64(past[len(past)/2]) {
			return d, false
		}
	}
	return end, false
}

// Daily are the last complete days of the providers whose bills come by the day.
func (sv *Survey) Daily() []analysis.ProviderThrough {
	var out []analysis.ProviderThrough
	for _, p := range sv.Providers {
		if !p.Monthly {
			out = append(out, analysis.ProviderThrough{Provider: p.Name, Day: p.Through})
		}
	}
	return out
}

// MainCurrency is the currency most of the spend is in.
func (sv *Survey) MainCurrency() string {
	if c := sv.Vocabulary.Currencies; len(c) > 0 {
		return c[0]
	}
	return "USD"
}

// AccountName is the name of a sub account, or its id where it has none.
func (sv *Survey) AccountName(id string) string {
	for _, t := range sv.Vocabulary.Accounts {
		if t.Value == id && t.Name != "" {
			return t.Name
		}
	}
	return id
}

// ResourceName is the name of a resource, or its id where it has none.
func (sv *Survey) ResourceName(id string) string {
	for _, t := range sv.Vocabulary.Resources {
		if t.Value == id && t.Name != "" {
			return t.Name
		}
	}
	return id
}

// Missing tells which values of a scope no row here has, a sentence each: a scope is more often misspelt than meant to be empty.
func (sv *Survey) Missing(scope []analysis.Filter) []string {
	var out []string
	for _, f := range scope {
		terms := sv.Vocabulary.Terms(f.Dimension)
		for _, v := range f.Values {
			if v == "" || f.Dimension == analysis.DimChargeCategory || f.Dimension == analysis.DimCurrency && slices.Contains(sv.Vocabulary.Currencies, v) {
				continue
			}
			if slices.ContainsFunc(terms, func(t ask.Term) bool { return t.Value == v }) {
				continue
			}
			s := fmt.Sprintf("no row has the %s %q", f.Dimension.Words(), v)
			if k := slices.IndexFunc(terms, func(t ask.Term) bool { return t.Name == v }); k >= 0 {
				s = fmt.Sprintf("the %s %q is a name, which may change: write its id, %q", f.Dimension.Words(), v, terms[k].Value)
			} else if k := slices.IndexFunc(terms, func(t ask.Term) bool { return strings.EqualFold(t.Value, v) }); k >= 0 {
				s += fmt.Sprintf("; it is written %q", terms[k].Value)
			} else if _, tag := f.Dimension.TagKey(); tag && len(terms) == 0 {
				s = fmt.Sprintf("no row has the tag %q at all", f.Dimension.Words())
			}
			out = append(out, s)
		}
	}
	return out
}

func float(v any) float64 {
	if d, ok := v.(decimal.Decimal); ok {
		return d.InexactFloat64()
	}
	return 0
}

func str(v any) string {
	s, _ := v.(string)
	return s
}
