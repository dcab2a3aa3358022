package ingest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

var (
	benchRows = flag.Int("bench-rows", 200_000, "rows of the bill that BenchmarkLoad loads")
	benchCSV  = flag.String("bench-csv", "", "the bill that BenchmarkLoad loads, instead of one it makes")
)

// A process with this variable set is not a test run but one side of BenchmarkLoad, so that its peak memory is its own.
const benchSide = "SPENDBOT_TEST_BENCH_SIDE"

// BenchmarkLoad compares a load with DuckDB's bare COPY of the same file to Parquet, each in a process of its own:
//
//	go test ./analysis/ingest -run '^$' -bench '^BenchmarkLoad$' -benchtime 3x -bench-rows 2000000
func BenchmarkLoad(b *testing.B) {
	file := *benchCSV
	if file == "" {
		file = filepath.Join(b.TempDir(), "bill.csv")
		if err := makeBill(file, *benchRows); err != nil {
			b.Fatal(err)
		}
	}
	compareWithCopy(b, file)
}

// compareWithCopy loads a file and copies it bare, and reports how the two compare.
func compareWithCopy(b *testing.B, file string) {
	b.Helper()
	st, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	var bare, load side
	n := 0
	for b.Loop() {
		n++
		bare.add(b, "bare", file)
		load.add(b, "load", file)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(st.Size())/1e6, "MB")
	b.ReportMetric(bare.Seconds/float64(n), "bare-s")
	b.ReportMetric(load.Seconds/float64(n), "load-s")
	b.ReportMetric(load.Seconds/bare.Seconds, "ratio")
	b.ReportMetric(load.CPU/bare.CPU, "cpu-ratio")
	b.ReportMetric(load.peak, "load-peak-MiB")
	b.ReportMetric(bare.peak, "bare-peak-MiB")
}

// side is what one side of the benchmark took, summed over its runs.
type side struct {
	Seconds, CPU float64
	peak         float64 // MiB, of the largest run
}

func (s *side) add(b *testing.B, name, file string) {
	b.Helper()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(exe, file)
	cmd.Env = append(os.Environ(), benchSide+"="+name, "TMPDIR="+b.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(name, err)
	}
	var run side
	if err := json.Unmarshal(out, &run); err != nil {
		b.Fatalf("%s: %v: %s", name, err, out)
	}
	s.Seconds += run.Seconds
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	s.CPU += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	s.peak = max(s.peak, float64(usage.Maxrss)/1024)
}

// runSide is the main function of a side's process.
func runSide(name, file string) error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, dir, store.Limits{Threads: runtime.NumCPU()})
	if err != nil {
		return err
	}
	defer s.Close()
	var begin time.Time
	if name == "load" {
		begin = time.Now()
		_, err = ingest.Load(ctx, s, file, ingest.Options{Now: time.Now()})
	} else {
		var w *store.Writer
		if w, err = s.Begin(ctx); err != nil {
			return err
		}
		defer w.Close()
		if err := w.Exec(ctx, "SET preserve_insertion_order=true"); err != nil { // as DuckDB has it by itself
			return err
		}
		read := map[string]string{".jsonl": "read_json", ".parquet": "read_parquet"}[filepath.Ext(file)]
		begin = time.Now()
		err = w.Exec(ctx, fmt.Sprintf("COPY (FROM %s(%s)) TO %s (FORMAT parquet)", cmp.Or(read, "read_csv"), store.QuoteLiteral(file), store.QuoteLiteral(filepath.Join(dir, "bare.parquet"))))
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(side{Seconds: time.Since(begin).Seconds()})
}

// makeBill writes a month of hourly rows with 44 columns, of which a quarter are empty, as AWS exports have them.
func makeBill(path string, rows int) error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, dir, store.Limits{})
	if err != nil {
		return err
	}
	defer s.Close()
	w, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	return w.Exec(ctx, fmt.Sprintf(`COPY (SELECT
  'AWS' AS ProviderName, 'Amazon Web Services' AS PublisherName, 'Amazon Web Services' AS InvoiceIssuerName, '100000000002' AS BillingAccountId, 'Example payer' AS BillingAccountName,
  printf('%%012d', 200000000000 + i %% 25) AS SubAccountId, 'account-' || i %% 25 AS SubAccountName,
  '2026-10-01T00:00:00Z' AS BillingPeriodStart, '2026-11-01T00:00:00Z' AS BillingPeriodEnd,
  strftime(TIMESTAMP '2026-10-01' + to_hours(CAST(i %% 744 AS BIGINT)), '%%Y-%%m-%%dT%%H:%%M:%%SZ') AS ChargePeriodStart,
  strftime(TIMESTAMP '2026-10-01 01:00:00' + to_hours(CAST(i %% 744 AS BIGINT)), '%%Y-%%m-%%dT%%H:%%M:%%SZ') AS ChargePeriodEnd,
  'Usage' AS ChargeCategory, NULL AS ChargeClass, '$0.40 per thing in region number ' || i %% 100 AS ChargeDescription, 'Usage-Based' AS ChargeFrequency,
  printf('%%.10f', i * 7919 %% 100000 / 1000.0) AS BilledCost, printf('%%.10f', i * 7919 %% 100000 / 1000.0) AS EffectiveCost,
  printf('%%.10f', i * 7919 %% 100000 / 900.0) AS ListCost, printf('%%.10f', i * 7919 %% 100000 / 1000.0) AS ContractedCost,
  '0.0964' AS ListUnitPrice, '0.0867' AS ContractedUnitPrice, 'Standard' AS PricingCategory, printf('%%.6f', i %% 1000 / 7.0) AS PricingQuantity, 'Hours' AS PricingUnit,
  'USD' AS BillingCurrency, printf('%%.6f', i %% 1000 / 7.0) AS ConsumedQuantity, 'Hours' AS ConsumedUnit,
  'Service ' || i %% 40 AS ServiceName, 'Compute' AS ServiceCategory, 'SKU-' || i %% 150 AS SkuId, 'PRICE-' || i %% 150 AS SkuPriceId, '{"InstanceType":"m6i.large"}' AS SkuPriceDetails,
  'arn:aws:ec2:us-west-2:100000000002:instance/i-' || i * 31 %% 20000 AS ResourceId, 'res-' || i * 31 %% 20000 AS ResourceName, 'EC2 Instance' AS ResourceType,
  'us-west-' || i %% 4 AS RegionId, 'US West (Oregon)' AS RegionName, 'us-west-2a' AS AvailabilityZone,
  NULL AS CommitmentDiscountId, NULL AS CommitmentDiscountName, NULL AS CommitmentDiscountStatus, NULL AS CommitmentDiscountType,
  'USE1-BoxUsage:m5.large' AS x_UsageType, '{"team":"team-' || i %% 9 || '","env":"prod","app":"checkout","owner":"ana"}' AS Tags
FROM range(%d) t(i)) TO %s (HEADER)`, rows, store.QuoteLiteral(path)))
}
