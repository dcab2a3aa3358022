package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite"

	"spendbot/analysis"
	"spendbot/analysis/store"
)

func TestMain(m *testing.M) {
	if store.IsGuest(os.Args) {
		os.Exit(store.Guest(os.Stdin, os.Stdout))
	}
	// Much of what the tests do is to wait, for the pace of posts and for processes that start: more of them run at once than there are cores.
	if !long() {
		if err := flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0)))); err != nil {
			panic(err)
		}
	}
	testscript.Main(tidyRun{m}, map[string]func(){"spendbot": main, "spendbot-tethered": tethered})
}

// TestScripts runs the scripts of testdata/script: each is a session at the command line in a folder of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("SPENDBOT_NOW", "2026-11-23T09:00:00Z")
			e.Setenv("GOGC", "400") // hundreds of short processes, each of which collects nothing but what its packages began with
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"bill": bill, "company": company, "exits": exits, "json": jsonAt, "keep": keep, "tamper": tamper},
	})
}

// founded is the demo company as the program makes it where no store is configured, made once per run.
var founded struct {
	once  sync.Once
	cache string // the folder around it
	err   error
}

// company puts the demo company where the program looks for it, so that a script need not wait for another to be made.
func company(ts *testscript.TestScript, _ bool, _ []string) {
	f := &founded
	f.once.Do(func() {
		if f.cache, f.err = os.MkdirTemp("", "spendbot-company-"); f.err != nil {
			return
		}
		was := ts.Getenv("XDG_CACHE_HOME")
		ts.Setenv("XDG_CACHE_HOME", f.cache)
		f.err = ts.Exec("spendbot", "status")
		ts.Setenv("XDG_CACHE_HOME", was)
	})
	ts.Check(f.err)
	ts.Check(copyStore(f.cache, ts.Getenv("XDG_CACHE_HOME")))
}

// exits runs a program and expects an exit code: exits 2 spendbot --bogus.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil || neg {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\n[stdout]\n%s[stderr]\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// jsonAt checks the JSON on standard output: json PATH [PATTERN] matches the value's compact form against the whole
// pattern. PATH is keys and indices joined by dots.
func jsonAt(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := lookUp(ts, args[0])
	pattern := ".*"
	if len(args) > 1 {
		pattern = args[1]
	}
	var text string
	if ok {
		text = compact(v)
		ok = regexp.MustCompile("^(?s:" + pattern + ")$").MatchString(text)
	}
	if ok == neg {
		ts.Fatalf("%s is %s; pattern %q, expected match %v", args[0], text, pattern, !neg)
	}
}

// keep sets a variable to a text of the JSON on standard output: keep NAME PATH.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	v, ok := lookUp(ts, args[1])
	s, isText := v.(string)
	if !ok || !isText {
		ts.Fatalf("no text at %s", args[1])
	}
	ts.Setenv(args[0], s)
}

func lookUp(ts *testscript.TestScript, path string) (any, bool) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.UseNumber()
	var v any
	ts.Check(d.Decode(&v))
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[key]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n")
}

// tamper changes the kept hash of an answer's first query: tamper STORE ID.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", filepath.Join(ts.MkAbs(args[0]), store.DatabaseFile))
	ts.Check(err)
	defer db.Close()
	r, err := db.Exec("UPDATE traces SET sha256 = 'f' || substr(sha256, 2) WHERE answer_id = ? AND ordinal = 1 AND sha256 NOT LIKE 'f%'", args[1])
	ts.Check(err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		_, err = db.Exec("UPDATE traces SET sha256 = '0' || substr(sha256, 2) WHERE answer_id = ? AND ordinal = 1", args[1])
		ts.Check(err)
	}
}

// bill writes a small FOCUS bill: bill FILE [FACTOR]. Three services in two accounts over September to 22 November 2026;
// from 18 November on, NAT traffic in shop-prod is four times what it was. Everything costs FACTOR times as much.
func bill(ts *testscript.TestScript, _ bool, args []string) {
	factor := decimal.New(1, 0)
	if len(args) > 1 {
		factor = decimal.RequireFromString(args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), smallBill(factor), 0o644))
}

func smallBill(factor decimal.Decimal) []byte {
	var b bytes.Buffer
	b.WriteString("BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeFrequency,BilledCost,EffectiveCost,ListCost,ContractedCost," +
		"BillingCurrency,PricingQuantity,PricingUnit,ProviderName,PublisherName,InvoiceIssuerName,ServiceName,ServiceCategory,SkuId,SkuMeter,SubAccountId,SubAccountName,RegionId,ResourceId,Tags\n")
	type line struct{ service, meter, account, name, resource, team string }
	lines := []line{
		{"Amazon Virtual Private Cloud", "NatGateway-Bytes", "111", "shop-prod", "nat-1", "shop"},
		{"Amazon Elastic Compute Cloud", "BoxUsage:m5.large", "111", "shop-prod", "i-1", "shop"},
		{"Amazon Elastic Compute Cloud", "BoxUsage:m5.large", "222", "search-prod", "i-2", "search"},
		{"Amazon Simple Storage Service", "TimedStorage-ByteHrs", "222", "search-prod", "bucket-2", "search"},
	}
	day, end := analysis.Day(2026, 9, 1), analysis.Day(2026, 11, 23)
	for ; day.Before(end); day = day.AddDate(0, 0, 1) {
		month := analysis.Day(day.Year(), day.Month(), 1)
		for i, l := range lines {
			quantity := 100 * (i + 1)
			if i == 0 && !day.Before(analysis.Day(2026, 11, 18)) {
				quantity *= 4
			}
			cost := factor.Mul(decimal.New(int64(quantity)*100+25, -2)).String()
			fmt.Fprintf(&b, "payer,%s,%s,%s,%s,Usage,Usage-Based,%s,%s,%s,%s,USD,%d,Units,AWS,AWS,AWS,%s,Other,%s,%s,%s,%s,us-east-1,%s,\"{\"\"team\"\":\"\"%s\"\"}\"\n",
				stamp(month), stamp(month.AddDate(0, 1, 0)), stamp(day), stamp(day.AddDate(0, 0, 1)), cost, cost, cost, cost, quantity,
				l.service, l.meter, l.meter, l.account, l.name, l.resource, l.team)
		}
	}
	return b.Bytes()
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }
