package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"pgregory.net/rapid"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// bill is a FOCUS file of one month: a row per day and service, each with the given cost.
func bill(account, month string, days int, cost string, services ...string) string {
	var b strings.Builder
	b.WriteString("BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ProviderName,PublisherName,InvoiceIssuerName,ServiceName,ServiceCategory,SubAccountId,ChargeDescription\n")
	start, err := time.Parse("2006-01", month)
	if err != nil {
		panic(err)
	}
	if len(services) == 0 {
		services = []string{"Amazon EC2"}
	}
	for d := range days {
		day := start.AddDate(0, 0, d)
		for _, s := range services {
			fmt.Fprintf(&b, "%s,%s,%s,%s,USD,%s,%s,%s,%s,%s,Usage,AWS,AWS,AWS,%s,Compute,%s-1,hours\n", cost, cost, cost, cost, account,
				start.Format(time.RFC3339), start.AddDate(0, 1, 0).Format(time.RFC3339), day.Format(time.RFC3339), day.AddDate(0, 0, 1).Format(time.RFC3339), s, account)
		}
	}
	return b.String()
}

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// later is when files that a test writes have settled.
func later() time.Time { return time.Now().Add(time.Hour) }

func put(t testing.TB, b *blob.Bucket, files map[string]string) {
	t.Helper()
	for k, v := range files {
		if err := b.WriteAll(t.Context(), k, []byte(v), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func report(assembly string, keys ...string) string {
	b, _ := json.Marshal(map[string]any{"assemblyId": assembly, "reportKeys": keys, "billingPeriod": map[string]string{"start": "20261001T000000.000Z", "end": "20261101T000000.000Z"}})
	return string(b)
}

func newStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "store"), store.Limits{Memory: "512MB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func look(t testing.TB, s *Source, st *store.Store, now time.Time) *Look {
	t.Helper()
	loads, err := st.Loads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Look(t.Context(), loads, now)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func states(l *Look) string {
	var out []string
	for _, f := range l.Found {
		out = append(out, f.Key+" "+string(f.State))
	}
	return strings.Join(out, ", ")
}

// loadAll looks and loads what is ready, and returns the deliveries' states after it.
func loadAll(t testing.TB, s *Source, st *store.Store) []Outcome {
	t.Helper()
	out, err := s.Load(t.Context(), st, look(t, s, st, later()), ingest.Options{Now: noon}, true)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// table is the store's rollup in words.
func table(t testing.TB, st *store.Store) string {
	t.Helper()
	sn, err := st.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.Close()
	rows, _, err := sn.Query(t.Context(), "all", `SELECT x_Source, BillingPeriodStart, ChargeDate, ServiceName, sum(BilledCost), sum(EffectiveCost), sum(x_Rows)
FROM daily GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows.Values {
		fmt.Fprintln(&b, r...)
	}
	return b.String()
}

func TestMonthly(t *testing.T) {
	for dir, want := range map[string]string{
		".":                               ".",
		"bills":                           "bills",
		"report/20241001-20241101":        "report/20241001-20241101",
		"report/20241001-20241101/asm":    "report/20241001-20241101",
		"e/data/BILLING_PERIOD=2024-10":   "e/data/BILLING_PERIOD=2024-10",
		"e/data/BILLING_PERIOD=2024-10/x": "e/data/BILLING_PERIOD=2024-10",
		"focus/year=2024/month=10/day=7":  "focus/year=2024/month=10",
		"FOCUS Reports/2024/10/01":        "FOCUS Reports/2024/10",
		"focus/2024-10-07":                "focus/2024-10",
		"focus/20241007/a":                "focus/2024-10",
		"focus/202410":                    "focus/202410",
		"focus/2024":                      "focus/2024",
		"focus/2024/99":                   "focus/2024/99",
		"account-123456789012":            "account-123456789012",
		"date=2024-10-07/account=1":       "2024-10",
	} {
		if got := monthly(dir); got != want {
			t.Errorf("monthly(%q) = %q, want %q", dir, got, want)
		}
	}
}

func TestLooseKeys(t *testing.T) {
	for key, want := range map[string]string{
		"aws/2026-10.csv.gz":              "aws/2026-10",
		"aws/focus-2026-10.part1.parquet": "aws/2026-10",
		"2026-10-07.csv":                  "2026-10",
		"aws/0001000000202610.csv.gz":     "aws",
		"aws/x-2026-13.csv":               "aws",
		"aws/2026-10/2026-11.csv":         "aws/2026-10",
		"aws/run-1202-10-05.csv":          "aws",
		"aws/2026-10-07-15.csv":           "aws",
		"bill.csv":                        ".",
	} {
		if got := looseKey(key); got != want {
			t.Errorf("looseKey(%q) = %q, want %q", key, got, want)
		}
	}
}

func TestManifests(t *testing.T) {
	for _, c := range []struct {
		name, json, want string
	}{
		{"report", report("a-1", "r/20261001-20261101/a-1/r-00001.csv.gz"), `AWS Cost and Usage Report "a-1" [{r/20261001-20261101/a-1/r-00001.csv.gz -1}]`},
		{"data export", `{"executionId":"x","assemblyId":"y","dataFiles":["s3://b/e/data/BILLING_PERIOD=2026-10/e-1.parquet"]}`, `AWS Data Export "x" [{s3://b/e/data/BILLING_PERIOD=2026-10/e-1.parquet -1}]`},
		{"azure", `{"runInfo":{"runId":"g","submittedTime":"2026-10-05T01:02:03.4567891"},"blobs":[{"blobName":"d/e/20261001-20261031/g/part_0_0001.csv","byteCount":7}]}`,
			`Azure export "g" [{d/e/20261001-20261031/g/part_0_0001.csv 7}]`},
		{"web app", `{"name":"x","icons":[]}`, "error: it names no export's files"},
		{"list", `[]`, "error: it names no export's files"},
		{"cut", `{"assemblyId":"a","reportKeys":["r/2026`, "error: it is not JSON, or ends in the middle"},
		{"empty", `{"reportKeys":[]}`, "error: it names no files"},
		{"numbers", `{"reportKeys":[1]}`, `error: it is no report's manifest: "reportKeys" is a JSON number`},
		{"twice", report("a", "r/x.csv", "r/x.csv"), `error: it names "r/x.csv" twice`},
	} {
		got := ""
		if m, err := parseManifest([]byte(c.json)); err != nil {
			got = "error: " + err.Error()
		} else {
			got = fmt.Sprintf("%s %q %v", m.kind, m.version, m.files)
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestPublishedManifests(t *testing.T) {
	for name, want := range map[string]string{"cur1_manifest.json": "20240101-20240131/MockTestReport-00001.csv.zip", "cur2_manifest.json": "s3://mock-cur-v2-bucket/data/BILLING_PERIOD=2024-09/MockTestReportV2-00001.csv.gz"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "aws", "keboola", name))
		if err != nil {
			t.Skipf("the published samples are not at hand: %v", err)
		}
		m, err := parseManifest(b)
		if err != nil || len(m.files) != 1 || m.files[0].key != want {
			t.Errorf("%s: %+v, %v; want %s", name, m, err, want)
		}
	}
}

func TestManifestsNameOnlyWhatLiesBelow(t *testing.T) {
	have := map[string]Object{"r/x.csv": {}, "x.csv": {}, "passwd": {}}
	for _, c := range []struct {
		raw, prefix string
		nearby      bool
		want        string
	}{
		{"bills/r/x.csv", "bills/", false, "r/x.csv true"},
		{"bills/r/y.csv", "bills/", false, "r/y.csv false"},
		{"s3://elsewhere/bills/r/x.csv", "bills/", false, "r/x.csv true"}, // a replicated export
		{"other/r/x.csv", "bills/", false, "error"},
		{"/etc/passwd", "", false, "error"},
		{"/etc/passwd", "", true, "error"},
		{"../r/x.csv", "", true, "error"},
		{"r/../../x.csv", "", true, "error"},
		{"bills/../r/x.csv", "bills/", false, "error"},
		{`r\x.csv`, "", true, "error"},
		{"r//x.csv", "", false, "error"},
		{"https://evil/x.csv", "", false, "error"},
		{"file:///etc/passwd", "", true, "error"},
		{"", "", false, "error"},
		{"prefix/of/the/bucket/r/x.csv", "", true, "r/x.csv true"},
	} {
		key, ok, err := resolve(c.raw, c.prefix, c.nearby, have)
		got := fmt.Sprintf("%s %t", key, ok)
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("resolve(%q, %q, nearby %t) = %s (%v), want %s", c.raw, c.prefix, c.nearby, got, err, c.want)
		}
	}
}

// A bucket's life: a first load, nothing new, a restatement, an upload under way, a damaged manifest, an old version beside.
func TestReportsOfABucket(t *testing.T) {
	b := memblob.OpenBucket(nil)
	defer b.Close()
	s := OpenBucket(b, "mem://bills", "", Options{})
	st := newStore(t)
	dir := "r/20261001-20261101/"
	put(t, b, map[string]string{
		dir + "a-1/r-1.csv":                   bill("111", "2026-10", 2, "1.5", "Amazon EC2"),
		dir + "a-1/r-2.csv":                   bill("111", "2026-10", 2, "0.25", "Amazon S3"),
		dir + "a-1/r-Manifest.json":           report("a-1", dir+"a-1/r-1.csv", dir+"a-1/r-2.csv"),
		dir + "r-Manifest.json":               report("a-1", dir+"a-1/r-1.csv", dir+"a-1/r-2.csv"),
		"r/20260901-20261001/r-1.csv":         bill("111", "2026-09", 2, "1"),
		"r/20260901-20261001/r-Manifest.json": report("s-1", "r/20260901-20261001/r-1.csv"),
	})
	if got, want := states(look(t, s, st, noon)), "r/20260901-20261001 ready, r/20261001-20261101 ready"; got != want {
		t.Fatalf("states %s, want %s", got, want)
	}
	out := loadAll(t, s, st)
	if len(out) != 2 || out[0].Err != nil || out[1].Err != nil {
		t.Fatalf("first load: %+v", out)
	}
	rec := out[1].Result.Load
	if rec.Delivery == nil || rec.Delivery.Version != "a-1" || rec.Files[0].ETag == "" || rec.Files[0].Path != dir+"a-1/r-1.csv" {
		t.Errorf("record %+v %+v", rec.Delivery, rec.Files)
	}
	if got, want := states(look(t, s, st, noon)), "r/20260901-20261001 current, r/20261001-20261101 current"; got != want {
		t.Errorf("after the first load %s, want %s", got, want)
	}

	// A new version whose files are not all there.
	put(t, b, map[string]string{dir + "a-2/r-1.csv": bill("111", "2026-10", 3, "1.75", "Amazon EC2"), dir + "r-Manifest.json": report("a-2", dir+"a-2/r-1.csv", dir+"a-2/r-2.csv")})
	l := look(t, s, st, later())
	if f := l.Found[1]; f.State != Waiting || !strings.Contains(f.Why, "partial upload: ") || !strings.Contains(f.Why, dir+"a-2/r-2.csv") {
		t.Errorf("partial upload: %s: %s", f.State, f.Why)
	}
	put(t, b, map[string]string{dir + "a-2/r-2.csv": bill("111", "2026-10", 3, "0.25", "Amazon S3")})
	out = loadAll(t, s, st)
	if len(out) != 1 || out[0].Err != nil {
		t.Fatalf("restated: %+v", out)
	}
	re := out[0].Result.Load.Restated
	if len(re) != 1 || re[0].First != "2026-10-01" || re[0].Last != "2026-10-02" || re[0].Effective().String() != "0.5" || len(re[0].Services) != 1 ||
		re[0].Services[0].Service != "Amazon EC2" || re[0].Rest == nil || re[0].Rest.Service != "1 further service, unchanged in sum" {
		t.Errorf("restatement %+v", re)
	}

	put(t, b, map[string]string{dir + "r-Manifest.json": `{"assemblyId":"a-3","reportKeys":["` + dir})
	if f := look(t, s, st, later()).Found; f[1].State != Refused && f[0].State != Refused {
		t.Errorf("a cut manifest: %s", states(look(t, s, st, later())))
	}
	put(t, b, map[string]string{dir + "r-Manifest.json": report("a-3", "../../etc/passwd")})
	if l := look(t, s, st, later()); !strings.Contains(states(l), "refused") || l.Count(Ready) != 0 {
		t.Errorf("a climbing manifest: %s", states(l))
	}
}

func TestDataExportsAndAzureRuns(t *testing.T) {
	b := memblob.OpenBucket(nil)
	defer b.Close()
	s := OpenBucket(b, "mem://bills", "", Options{})
	st := newStore(t)
	az := func(run, at string, size int, keys ...string) string {
		var blobs []string
		for _, k := range keys {
			blobs = append(blobs, fmt.Sprintf(`{"blobName":%q,"byteCount":%d}`, k, size))
		}
		return fmt.Sprintf(`{"runInfo":{"runId":%q,"submittedTime":%q},"blobs":[%s]}`, run, at, strings.Join(blobs, ","))
	}
	old, new := bill("az", "2026-10", 1, "1"), bill("az", "2026-10", 2, "1")
	put(t, b, map[string]string{
		"exp/data/BILLING_PERIOD=2026-10/exp-1.csv":             bill("222", "2026-10", 1, "2"),
		"exp/data/BILLING_PERIOD=2026-09/exp-1.csv":             bill("222", "2026-09", 1, "2"),
		"exp/metadata/BILLING_PERIOD=2026-10/exp-Manifest.json": `{"executionId":"e1","dataFiles":["s3://b/exp/data/BILLING_PERIOD=2026-10/exp-1.csv"]}`,
		"d/az/20261001-20261031/run-1/part_0_0001.csv":          old,
		"d/az/20261001-20261031/run-1/manifest.json":            az("run-1", "2026-10-02T00:00:00", len(old), "d/az/20261001-20261031/run-1/part_0_0001.csv"),
		"site/manifest.json":                                    `{"name":"a web page"}`,
		"notes.md":                                              "not a bill",
	})
	put(t, b, map[string]string{"d/az/20261001-20261031/run-2/part_0_0001.csv": new})
	put(t, b, map[string]string{"d/az/20261001-20261031/run-2/manifest.json": az("run-2", "2026-10-03T00:00:00", len(new), "d/az/20261001-20261031/run-2/part_0_0001.csv")})
	l := look(t, s, st, later())
	if got, want := states(l), "d/az/20261001-20261031 ready, exp/data/BILLING_PERIOD=2026-10 ready"; got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	if l.Found[0].Version != "run-2" || l.Passed != 2 {
		t.Errorf("version %s, %d passed; want run-2, 2", l.Found[0].Version, l.Passed)
	}
	put(t, b, map[string]string{"d/az/20261001-20261031/run-2/part_0_0001.csv": new + "x"})
	if f := look(t, s, st, later()).Found[0]; f.State != Waiting || !strings.Contains(f.Why, fmt.Sprintf("has %d of %d bytes", len(new)+1, len(new))) {
		t.Errorf("another size: %s %s", f.State, f.Why)
	}
}

func TestLooseFilesSettle(t *testing.T) {
	b := memblob.OpenBucket(nil)
	defer b.Close()
	s := OpenBucket(b, "mem://bills", "", Options{})
	st := newStore(t)
	put(t, b, map[string]string{"focus/2026-10-01/a.csv": bill("1", "2026-10", 1, "1"), "focus/2026-10-02/a.csv": bill("1", "2026-10", 2, "3"), "focus/2026-09-30/a.csv": bill("1", "2026-09", 1, "1")})
	l := look(t, s, st, time.Now())
	if got, want := states(l), "focus/2026-09 waiting, focus/2026-10 waiting"; got != want {
		t.Errorf("at once: %s, want %s", got, want)
	}
	if got, want := states(look(t, s, st, later())), "focus/2026-09 ready, focus/2026-10 ready"; got != want {
		t.Errorf("later: %s, want %s", got, want)
	}
	if got, want := states(look(t, OpenBucket(b, "mem://bills", "", Options{Together: true}), st, later())), ". ready"; got != want {
		t.Errorf("together: %s, want %s", got, want)
	}
}

// vanishing is a bucket whose files go or grow once they are listed.
type vanishing struct {
	place
	after func()
	n     int
}

func (v *vanishing) list(ctx context.Context) ([]Object, error) {
	out, err := v.place.list(ctx)
	if v.n++; v.n == 1 {
		v.after()
	}
	return out, err
}

func TestChangesWhileFetching(t *testing.T) {
	for name, after := range map[string]func(b *blob.Bucket){
		"vanishes": func(b *blob.Bucket) { b.Delete(context.Background(), "x/a.csv") },
		"grows": func(b *blob.Bucket) {
			b.WriteAll(context.Background(), "x/a.csv", []byte(bill("1", "2026-10", 9, "1")), nil)
		},
		"same size": func(b *blob.Bucket) {
			b.WriteAll(context.Background(), "x/a.csv", []byte(bill("1", "2026-10", 1, "2")), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := memblob.OpenBucket(nil)
			defer b.Close()
			s := OpenBucket(b, "mem://bills", "", Options{Settle: -1})
			put(t, b, map[string]string{"x/a.csv": bill("1", "2026-10", 1, "1")})
			s.place = &vanishing{place: s.place, after: func() { after(b) }}
			st := newStore(t)
			out := loadAll(t, s, st)
			if len(out) != 1 || !errors.Is(out[0].Err, ErrChanged) {
				t.Fatalf("%+v, want ErrChanged", out)
			}
			if loads, _ := st.Loads(t.Context()); len(loads) != 0 {
				t.Errorf("%d loads, want none", len(loads))
			}
			if left, _ := os.ReadDir(filepath.Join(st.Dir(), "incoming")); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestWhatAKilledFetchLeftIsThrownAway(t *testing.T) {
	st := newStore(t)
	left := filepath.Join(st.Dir(), "incoming", "delivery-1")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "half.csv"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, done, err := incoming(t.Context(), st.Dir(), false)
	if err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
	if _, _, err := incoming(t.Context(), st.Dir(), false); !errors.Is(err, ErrBusy) {
		t.Errorf("a second one at once: %v, want ErrBusy", err)
	}
	done()
}

func TestDeliveriesThatHoldTheSameMonthAreRefused(t *testing.T) {
	b := memblob.OpenBucket(nil)
	defer b.Close()
	s := OpenBucket(b, "mem://bills", "", Options{Settle: -1})
	st := newStore(t)
	put(t, b, map[string]string{"a/x.csv": bill("1", "2026-10", 1, "1"), "b/y.csv": bill("1", "2026-10", 1, "2")})
	out := loadAll(t, s, st)
	if len(out) != 2 || out[0].Err != nil || out[1].Err == nil || !strings.Contains(out[1].Err.Error(), "together: true") {
		t.Fatalf("%+v", out)
	}
	both := OpenBucket(b, "mem://bills", "", Options{Settle: -1, Together: true})
	if out := loadAll(t, both, st); len(out) != 1 || out[0].Err != nil || out[0].Result.Load.Rows != 2 {
		t.Errorf("together: %+v", out)
	}
}

func TestOtherJSONIsNoBill(t *testing.T) {
	b := memblob.OpenBucket(nil)
	defer b.Close()
	s := OpenBucket(b, "mem://bills", "", Options{Settle: -1})
	put(t, b, map[string]string{"a/x.csv": bill("1", "2026-10", 1, "1"), "a/events.json": `{"events":[]}`, "site/settings.json": `{"dark":true}`})
	st := newStore(t)
	l := look(t, s, st, later())
	out, err := s.Load(t.Context(), st, l, ingest.Options{Now: noon}, true)
	if err != nil || len(out) != 1 || out[0].Err != nil || len(out[0].Result.Load.Files) != 1 || l.Found[1].State != NoBill {
		t.Errorf("%+v, %v; %s", out, err, states(l))
	}
}

func TestALaterLoadByHandIsLeftAlone(t *testing.T) {
	b := memblob.OpenBucket(nil)
	defer b.Close()
	s := OpenBucket(b, "mem://bills", "", Options{Settle: -1})
	st := newStore(t)
	put(t, b, map[string]string{"a/x.csv": bill("1", "2026-10", 1, "1")})
	loadAll(t, s, st)
	by := filepath.Join(t.TempDir(), "corrected.csv")
	if err := os.WriteFile(by, []byte(bill("1", "2026-10", 1, "9")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ingest.Load(t.Context(), st, by, ingest.Options{Now: noon}); err != nil {
		t.Fatal(err)
	}
	if f := look(t, s, st, noon).Found[0]; f.State != Replaced {
		t.Errorf("state %s: %s; want replaced", f.State, f.Why)
	}
}

// A folder by its path, and the same folder as fileblob has it, hold the same.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"r/20261001-20261101/r-1.csv": bill("1", "2026-10", 1, "1"), "r/20261001-20261101/r-Manifest.json": report("a", "bucket-prefix/r/20261001-20261101/r-1.csv"),
		".hidden/x.csv": "x", "loose/y.csv": bill("2", "2026-10", 1, "1")}
	for k, v := range files {
		p := filepath.Join(dir, filepath.FromSlash(k))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(v), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), dir, Options{Settle: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	st := newStore(t)
	if got, want := states(look(t, s, st, noon)), "loose ready, r/20261001-20261101 ready"; got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	for _, o := range loadAll(t, s, st) {
		if o.Err != nil {
			t.Error(o.Err)
		}
	}
	if got, want := states(look(t, s, st, noon)), "loose current, r/20261001-20261101 current"; got != want {
		t.Errorf("after: %s, want %s", got, want)
	}
	if err := os.RemoveAll(filepath.Join(dir, "loose")); err != nil {
		t.Fatal(err)
	}
	if got, want := states(look(t, s, st, noon)), "r/20261001-20261101 current, loose gone"; got != want {
		t.Errorf("after it went: %s, want %s", got, want)
	}

	fb, err := fileblob.OpenBucket(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer fb.Close()
	viaBlob := OpenBucket(fb, "file-bucket", "", Options{Settle: -1})
	// Of a bucket the manifest's key is the bucket's own: this one's was another.
	if got, want := states(look(t, viaBlob, newStore(t), noon)), "bucket-prefix/r/20261001-20261101 waiting"; got != want {
		t.Errorf("through fileblob: %s, want %s", got, want)
	}
}

// TestLinks: a link within the folder is followed; one that leads out of it is not read, whatever it is a link to.
func TestLinks(t *testing.T) {
	elsewhere, dir := t.TempDir(), t.TempDir()
	at := func(parts ...string) string { return filepath.Join(parts...) }
	write := func(p, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, p string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, p); err != nil {
			t.Fatal(err)
		}
	}
	write(at(elsewhere, "secret.csv"), bill("secret", "2026-10", 1, "7"))
	write(at(elsewhere, "r-Manifest.json"), report("a", "described/20261001-20261101/r-1.csv"))
	write(at(dir, "kept/a.csv"), bill("1", "2026-10", 1, "1"))
	link("../kept/a.csv", at(dir, "inside/a.csv"))
	link(at(elsewhere, "secret.csv"), at(dir, "out/a.csv"))
	link("../out/a.csv", at(dir, "twice/a.csv")) // a link inside to one that leads out
	write(at(dir, "described/20261001-20261101/r-1.csv"), bill("2", "2026-10", 1, "1"))
	link(at(elsewhere, "r-Manifest.json"), at(dir, "described/20261001-20261101/r-Manifest.json"))
	write(at(dir, "named/20261001-20261101/n-Manifest.json"), report("a", "bucket/named/20261001-20261101/n-1.csv"))
	link(at(elsewhere, "secret.csv"), at(dir, "named/20261001-20261101/n-1.csv"))
	root := at(t.TempDir(), "bills") // a folder may itself be named by a link
	link(dir, root)
	s, err := Open(t.Context(), root, Options{Settle: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := look(t, s, newStore(t), noon)
	want := "described/20261001-20261101 refused, inside ready, kept ready, named/20261001-20261101 refused, out refused, twice refused"
	if got := states(l); got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	for _, f := range l.Found {
		if f.State == Refused && !strings.Contains(f.Why, "is a link that leads out of the folder") {
			t.Errorf("%s is refused for %q", f.Key, f.Why)
		}
	}
	if _, err := s.place.open(t.Context(), "out/a.csv"); !errors.Is(err, errAway) {
		t.Errorf("what a link leads out to was opened: %v", err)
	}
	one, err := Open(t.Context(), at(dir, "out/a.csv"), Options{Settle: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if got, want := states(look(t, one, newStore(t), noon)), ". ready"; got != want {
		t.Errorf("a link that the address itself names: %s, want %s", got, want)
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"http://x/y":                             "bills are not fetched over http",
		"s3://":                                  "it names no bucket",
		"s3://key:s3cretvalue@bucket/x":          "credentials in its address",
		"s3://b/x?secret_access_key=s3cretvalue": "credentials in its address",
		"azblob://c?sig=s3cretvalue":             "credentials in its address",
		"s3://b\x7f?x=s3cretvalue":               "it is no address",
		"/no/such/folder":                        "no such file or folder",
	} {
		_, err := Open(t.Context(), address, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", address, err, want)
		} else if strings.Contains(err.Error(), "s3cretvalue") {
			t.Errorf("%s: the error quotes the secret: %v", address, err)
		}
		if bad := Check(address); err != nil && Remote(address) && (bad == nil || bad.Error() != err.Error()) {
			t.Errorf("%s: before it is opened: %v, want %v", address, bad, err)
		}
	}
}

func TestErrorsQuoteNoSecret(t *testing.T) {
	s := &Source{Address: "azblob://bills", secrets: []string{"wJalrXUtnFEMI/K7MDENG"}}
	err := s.fail("list it", errors.New(`GET http://acct.blob/bills?sv=2020&sig=abc%2Bdef: Authorization: SharedKey wJalrXUtnFEMI/K7MDENG`))
	for _, secret := range []string{"abc%2Bdef", "wJalrXUtnFEMI"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%v quotes %s", err, secret)
		}
	}
}

// Deliveries loaded in any order, and whatever was loaded before, give one table.
func TestAnyOrderGivesOneTable(t *testing.T) {
	n := 0
	var want string
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > 3 { // each makes a store
			return
		}
		b := memblob.OpenBucket(nil)
		defer b.Close()
		keys := []string{"r/2026-08/a.csv", "r/2026-08/b.csv", "r/2026-09/a.csv", "r/2026-10/a.csv"}
		rows := map[string]string{}
		for i, k := range keys {
			rows[k] = bill("1", k[2:9], 2, fmt.Sprintf("%d.5", i+1), []string{"EC2", "S3", "EC2", "RDS"}[i])
		}
		st := newStore(t)
		s := OpenBucket(b, "mem://bills", "", Options{Settle: -1})
		for _, k := range rapid.Permutation(keys).Draw(rt, "order") {
			put(t, b, map[string]string{k: rows[k]})
			for _, o := range loadAll(t, s, st) {
				if o.Err != nil {
					rt.Fatal(o.Err)
				}
			}
		}
		got := table(t, st)
		if want == "" {
			want = got
		}
		if got != want || strings.Count(got, "\n") != 8 {
			rt.Fatalf("another table:\n%s\nwant\n%s", got, want)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(report("a", "r/x.csv", "/etc/passwd", "../x")), "bills/", true)
	f.Add([]byte(`{"dataFiles":["s3://b/x"]}`), "", false)
	f.Add([]byte(`{"runInfo":{},"blobs":[{"blobName":"a/b.csv","byteCount":-5}]}`), "a/", false)
	f.Add([]byte("{\"reportKeys\":[\"\\u0000\"]}"), "", true)
	f.Fuzz(func(t *testing.T, b []byte, prefix string, nearby bool) {
		m, err := parseManifest(b)
		if err != nil {
			return
		}
		have := map[string]Object{"x": {}, "r/x.csv": {}}
		for _, n := range m.files {
			key, ok, err := resolve(n.key, prefix, nearby, have)
			if err != nil {
				continue
			}
			if _, is := have[key]; ok != is {
				t.Fatalf("%q: %q is there: %t, said %t", n.key, key, is, ok)
			}
			if ok && (!filepath.IsLocal(filepath.FromSlash(key)) || bytes.ContainsAny([]byte(key), "\x00\\") || slices.Contains(strings.Split(key, "/"), "..")) {
				t.Fatalf("%q resolves to %q, which leads out", n.key, key)
			}
		}
	})
}

func FuzzMonthly(f *testing.F) {
	f.Add("a/2026-10-01/b")
	f.Add("year=2026/month=10")
	f.Fuzz(func(t *testing.T, dir string) {
		if once := monthly(dir); monthly(once) != once {
			t.Fatalf("monthly(%q) = %q, and again %q", dir, once, monthly(once))
		}
	})
}
