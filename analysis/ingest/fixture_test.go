package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/shopspring/decimal"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// bill is a FOCUS file in the making: a header and rows that name only what matters to the test.
type bill struct {
	columns []string
	rows    []map[string]string
}

// usual are the columns of a bill where a test names no others.
var usual = []string{"ProviderName", "BillingAccountId", "SubAccountId", "BillingPeriodStart", "ChargePeriodStart", "ChargeCategory",
	"BillingCurrency", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ServiceName", "Tags"}

var usualValues = map[string]string{"ProviderName": "AWS", "BillingAccountId": "payer", "SubAccountId": "007",
	"BillingPeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodStart": "2026-10-05T00:00:00Z", "ChargeCategory": "Usage",
	"BillingCurrency": "USD", "BilledCost": "1", "EffectiveCost": "1", "ListCost": "1", "ContractedCost": "1", "ServiceName": "EC2"}

// billOf is a bill with a row per list of "Column=value"; columns that are not usual are added.
func billOf(rows ...string) *bill {
	b := &bill{columns: usual}
	for _, r := range rows {
		b.add(r)
	}
	return b
}

func (b *bill) add(row string) {
	m := map[string]string{}
	for k, v := range usualValues {
		m[k] = v
	}
	for _, kv := range strings.Split(row, "|") {
		k, v, ok := strings.Cut(kv, "=")
		if !ok {
			continue
		}
		m[k] = v
		found := false
		for _, c := range b.columns {
			found = found || c == k
		}
		if !found {
			b.columns = append(b.columns[:len(b.columns):len(b.columns)], k)
		}
	}
	b.rows = append(b.rows, m)
}

func (b *bill) String() string { return b.text(",", "\n") }

func (b *bill) text(comma, newline string) string {
	var s strings.Builder
	s.WriteString(strings.Join(b.columns, comma) + newline)
	for _, r := range b.rows {
		for i, c := range b.columns {
			if i > 0 {
				s.WriteString(comma)
			}
			v := r[c]
			if strings.ContainsAny(v, "\"\n\r"+comma) {
				v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
			}
			s.WriteString(v)
		}
		s.WriteString(newline)
	}
	return s.String()
}

// mixedBreaks ends each record in its own way: the header with the first, and so on.
func mixedBreaks(b *bill, breaks ...string) string {
	const mark = "\x00"
	parts := strings.SplitAfter(b.text(",", mark), mark)
	for i, k := range breaks {
		parts[i] = strings.TrimSuffix(parts[i], mark) + k
	}
	return strings.Join(parts, "")
}

// file writes text to a file of the given name in a folder of its own.
func file(t testing.TB, name, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func gzipped(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	w.Close()
	return b.String()
}

func zstded(text string) string {
	e, _ := zstd.NewWriter(nil)
	return string(e.EncodeAll([]byte(text), nil))
}

func load(t testing.TB, s *store.Store, path string, o ...ingest.Options) *ingest.Result {
	t.Helper()
	opt := ingest.Options{Now: now}
	if len(o) > 0 {
		opt = o[0]
		opt.Now = now
	}
	r, err := ingest.Load(context.Background(), s, path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// refused loads what must not load, and checks that the store stays as it is.
func refused(t testing.TB, s *store.Store, path string) *ingest.Error {
	t.Helper()
	before := state(t, s)
	_, err := ingest.Load(context.Background(), s, path, ingest.Options{Now: now})
	if err == nil {
		t.Fatalf("%s was loaded", filepath.Base(path))
	}
	var bad *ingest.Error
	if !errors.As(err, &bad) {
		t.Fatalf("%s was refused with a %T: %v", filepath.Base(path), err, err)
	}
	if after := state(t, s); after != before {
		t.Errorf("the store was %s and is %s", before, after)
	}
	return bad
}

// state tells stores apart: the newest snapshot and the loads.
func state(t testing.TB, s *store.Store) string {
	t.Helper()
	ctx := context.Background()
	var id int64
	sn, err := s.Snapshot(ctx, 0)
	if err == nil {
		id = sn.ID
	} else if !errors.Is(err, store.ErrEmpty) {
		t.Fatal(err)
	}
	loads, err := s.Loads(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(loads))
	for i, l := range loads {
		ids[i] = l.ID
	}
	return fmt.Sprintf("snapshot %d, loads %v", id, ids)
}

// ask runs a query on the newest snapshot and writes its rows a line each, "|" between cells, "-" for null.
func ask(t testing.TB, s *store.Store, query string) string {
	t.Helper()
	return askAt(t, s, 0, query)
}

func askAt(t testing.TB, s *store.Store, id int64, query string) string {
	t.Helper()
	sn, err := s.Snapshot(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	rows, _, err := sn.Query(context.Background(), "test", query)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range rows.Values {
		cells := make([]string, len(r))
		for i, v := range r {
			switch v := v.(type) {
			case nil:
				cells[i] = "-"
			case decimal.Decimal:
				cells[i] = v.String()
			case time.Time:
				cells[i] = v.Format("2006-01-02 15:04:05")
			default:
				cells[i] = fmt.Sprint(v)
			}
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return strings.Join(lines, "\n")
}
