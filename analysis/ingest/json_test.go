package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spendbot/analysis/ingest"
)

// line is a row of a Google export as JSON, with more keys.
func line(more string) string {
	if more != "" {
		more = "," + more
	}
	return `{"billing_account_id":"B","service":{"description":"S"},"usage_start_time":"2026-10-05 00:00:00 UTC","currency":"USD","cost":1.5,"credits":[]` + more + "}\n"
}

func TestJSONLines(t *testing.T) {
	deep := strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)
	for _, c := range []struct {
		name, text string
		billed     string // what the store holds of it
		warning    string
	}{
		{"blank lines, spaces and CRLF", "\n" + line("") + "\r\n  \n" + strings.TrimSpace(line("")) + "\r\n" + strings.TrimSpace(line("")), "4.5", ""},
		{"keys that no row before had", line("") + line(`"cost_at_list":2,"location":{"region":"r"},"unheard_of":{"of":[1,{"x":null}]}`), "3", ""},
		{"nulls", line(`"labels":null,"project":null,"location":{"region":null},"cost_at_list":null`), "1.5", ""},
		{"numbers as text are exact", line("") + strings.Replace(line(""), "1.5", `"0.123456789012345678"`, 1), "1.623456789012345678", ""},
		{"numbers are floating-point numbers", line("") + strings.Replace(line(""), "1.5", "0.1000000000000000055511151231257827", 1), "1.6", "more digits than a floating-point number holds"},
		{"an exponent", strings.Replace(line(""), "1.5", "5e-06", 1) + strings.Replace(line(""), "1.5", "-1E+2", 1), "-99.999995", ""},
		{"whole numbers of any length", strings.Replace(line(""), "1.5", "12345678901234567890", 1), "12345678901234567890", ""},
		{"escapes in keys and texts", strings.Replace(line(`"labels":[{"key":"a\"b","value":"c\\d\u00e9"}]`), `"cost"`, `"co\u0073t"`, 1), "1.5", ""},
		{"a field of ten megabytes", line(`"project":{"name":"` + strings.Repeat("x", 10<<20) + `"}`), "1.5", ""},
		{"credits whose amounts are texts", line("") + strings.Replace(line(""), "[]", `[{"name":"n","amount":"-0.25"},{"amount":null},{"type":"T","amount":-1e-3}]`, 1), "2.749", ""},
		{"credits with long numbers", strings.Replace(line(""), "[]", `[{"amount":-0.10000000000000000555}]`, 1), "1.4", ""},
		{"brackets in texts", line(`"sku":{"description":"` + strings.Repeat("[{", 2000) + `"}`), "1.5", ""},
		{"a label with a value that is null", line(`"labels":[{"key":"k","value":null},{"key":"n","value":7}]`), "1.5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			r := load(t, s, file(t, "rows.jsonl", c.text))
			if got := ask(t, s, "SELECT rtrim(rtrim(CAST(sum(BilledCost) AS VARCHAR), '0'), '.') FROM charges"); got != strings.TrimSuffix(c.billed, "0") && got != c.billed {
				t.Errorf("billed is %s, expected %s", got, c.billed)
			}
			if all := strings.Join(r.Load.Warnings, "\n"); !strings.Contains(all, c.warning) {
				t.Errorf("warnings are %q", all)
			}
		})
	}
	for _, c := range []struct{ name, text, want string }{
		{"no object", line("") + "[1]\n", `line 2: "[1]" is no JSON object; expected one object a line`},
		{"broken", line("") + line("") + `{"cost":`, `line 3: "{\"cost\":" is no JSON object`},
		{"a number that is none", line("") + strings.Replace(line(""), "1.5", `"12,40"`, 1), `line 2, field cost: "12,40" is not a decimal number; expected digits with a dot`},
		{"an object for a number", line("") + strings.Replace(line(""), "1.5", `{"a":1}`, 1), `line 2, field cost: "{\"a\":1}" is no plain value`},
		{"true for a number", strings.Replace(line(""), "1.5", "true", 1), `line 1, field cost: "true" is not a decimal number`},
		{"too large a number", strings.Replace(line(""), "1.5", "1e25", 1), `line 1, field cost: "1e25" does not fit the store`},
		{"no time", line("") + strings.Replace(line(""), "2026-10-05 00:00:00 UTC", "yesterday", 1), `line 2, field usage_start_time: "yesterday" is not a date and time`},
		{"a key twice", line("") + line(`"cost":2`), "line 2, field cost: it is there twice"},
		{"a column at two paths", line("") + line(`"service_description":"T"`), "are both Google Cloud billing export's service_description"},
		{"a column at two paths, in two rows", strings.Repeat(line(""), 300) + strings.Replace(line(""), `"service":{"description":"S"}`, `"service_description":"T"`, 1), "are one column"},
		{"an object in one row and none in another", line("") + line(`"sku":{"id":"1"}`) + line(`"sku":"1"`), "sku is an object in some rows and none in others"},
		{"a month that is none", line("") + line(`"invoice":{"month":"soon"}`), `line 2, field invoice.month: "soon" is not a month`},
		{"credits that are none", strings.Replace(line(""), "[]", `{"amount":1}`, 1), `line 1, field credits: "{\"amount\":1}" is not a list of amounts`},
		{"a credit hidden in a name", strings.Replace(line(""), "[]", `[{"name":"'amount': 5","amount":1}]`, 1), "has a text in it that reads as an amount"},
		{"labels without a key", line(`"labels":[{"value":"v"}]`), "line 1, field labels: \"[{\\\"value\\\":\\\"v\\\"}]\" has an entry without a key"},
		{"deep", line("") + line(`"x":`+deep), "line 2: it has more than 64 lists and objects inside one another"},
		{"a line of twenty megabytes", line("") + line(`"x":"`+strings.Repeat("y", 20<<20)+`"`), "more than 16 MiB"},
		{"no UTF-8", line("") + line("\"x\":\"\xff\""), "line 2: "},
		{"a byte order mark", "\xef\xbb\xbf" + line(""), "begins with a byte order mark"},
		{"rows that no format has", `{"a":1,"b":{"c":2}}` + "\n" + `{"a":3}` + "\n", `its columns are "a, b.c"`},
		{"FOCUS", `{"BilledCost":1,"BillingCurrency":"USD","ChargeCategory":"Usage","ChargePeriodStart":"2026-10-01T00:00:00Z","ServiceName":"S","ProviderName":"P"}` + "\n", "FOCUS written as JSON lines"},
		{"other JSON", "{\n \"a\": 1\n}\n", "neither rows nor an answer of an allocation API"},
		{"a list", "[" + strings.TrimSpace(line("")) + "]", "neither rows nor an answer of an allocation API"},
		{"no currency", strings.Replace(line(""), `"USD"`, `""`, 1), "line 1, field currency: there is no currency"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t)
			if got := refused(t, s, file(t, "rows.jsonl", c.text)).Error(); !strings.Contains(got, c.want) || !strings.HasPrefix(got, "rows.jsonl: ") {
				t.Errorf("it says %q, expected %q", got, c.want)
			}
		})
	}
	t.Run("truncated gzip", func(t *testing.T) {
		z := gzipped(strings.Repeat(line(""), 2000))
		if got := refused(t, newStore(t), file(t, "rows.json.gz", z[:len(z)-20])).Error(); !strings.Contains(got, "truncated") {
			t.Errorf("it says %q", got)
		}
	})
}

// TestManyJSONLines is about pieces that are read side by side, with keys that come late.
func TestManyJSONLines(t *testing.T) {
	var b strings.Builder
	const rows = 4000
	for i := range rows {
		more := ""
		if i > 3500 {
			more = `"sku":{"id":"` + fmt.Sprint(i) + `"},"cost_at_list":7`
		}
		b.WriteString(line(`"project":{"id":"p` + fmt.Sprint(i%7) + `","name":"` + strings.Repeat("n", 800) + `"}` + map[bool]string{true: ",", false: ""}[more != ""] + more))
	}
	s := newStore(t)
	r := load(t, s, file(t, "rows.json", b.String()))
	if r.Load.Rows != rows || r.Load.Totals["USD"].Billed.String() != "6000" || r.Load.Totals["USD"].List.String() != "8744.5" {
		t.Errorf("loaded %d rows, billed %v, list %v", r.Load.Rows, r.Load.Totals["USD"].Billed, r.Load.Totals["USD"].List)
	}
	if got := ask(t, s, "SELECT count(*), count(SkuId), count(DISTINCT SubAccountId) FROM charges"); got != "4000|499|7" {
		t.Errorf("the store holds %s", got)
	}
	// The first thing that is wrong is told, whichever piece it is in.
	bad := b.String()[:3_000_000]
	bad = bad[:strings.LastIndexByte(bad, '\n')+1] + "oops\n" + b.String() + "oops\n"
	at := strings.Count(bad[:strings.Index(bad, "oops")], "\n") + 1
	if got := refused(t, newStore(t), file(t, "rows.json", bad)).Line; got != int64(at) {
		t.Errorf("it is said to be in line %d, and is in %d", got, at)
	}
}

// TestJSONBesideBills tells bills from what describes them.
func TestJSONBesideBills(t *testing.T) {
	answer := `{"code":200,"data":[{"a":{"name":"a","window":{"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"},"totalCost":1}}]}`
	for name, c := range map[string]struct {
		file, text string
		is         bool
	}{
		"rows":                      {"000000000000.json", line(""), true},
		"rows, packed":              {"000000000000.json.gz", gzipped(line("")), true},
		"rows whose first is bare":  {"0.json", `{"currency":"USD"}` + "\n" + line(""), true},
		"allocations":               {"day.json", answer, true},
		"allocations of no day":     {"day.json", `{"code":200,"data":null}`, true},
		"AWS's manifest":            {"mayfly-Manifest.json", `{"assemblyId":"a","reportKeys":["b"]}`, false},
		"AWS's manifest, in lines":  {"mayfly-Manifest.json", "{\n  \"assemblyId\": \"a\"\n}", false},
		"Azure's manifest":          {"manifest.json", `{"manifestVersion":"2024-04-01","dataFormat":"csv","blobs":[]}`, false},
		"nothing":                   {"x.json", "{}", false},
		"a list":                    {"x.json", "[1,2]", false},
		"rows of something else":    {"log.json", `{"level":"info"}` + "\n" + `{"level":"warn"}` + "\n", false},
		"lines of something else":   {"log.jsonl", `{"level":"info"}` + "\n", true},
		"no JSON though it says so": {"x.json", "hello", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ingest.IsData(file(t, c.file, c.text)); got != c.is {
				t.Errorf("it is taken for data: %v", got)
			}
		})
	}
	dir := filepath.Dir(file(t, "000000000000.json", line("")))
	for name, text := range map[string]string{"manifest.json": `{"manifestVersion":"1"}`, "events.json": "{\n}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r := load(t, newStore(t), dir); r.Load.Rows != 1 || len(r.Load.Files) != 1 || r.Load.Files[0].Format != "Google Cloud billing export jsonl" {
		t.Errorf("loaded %d rows of %v", r.Load.Rows, r.Load.Files)
	}
}

func TestAllocations(t *testing.T) {
	one := func(name, properties, more string) string {
		return `"` + name + `":{"name":"` + name + `","properties":` + properties + `,"window":{"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"},"pvs":null` + more + `}`
	}
	answer := `{"code":200,"status":"success","data":[null,{},{` + strings.Join([]string{
		one("c1/web/deployment:front", `{"cluster":"c1","namespace":"web","controller":"front","controllerKind":"deployment","pod":"front-1","container":"nginx","labels":{"team":"a","app_kubernetes_io_name":"front"},"namespaceLabels":{"team":"b","cost_center":"7"}}`, `,"totalCost":10.123456789012345678`),
		one("c1/web/lb", `{"cluster":"c1","namespace":"web"}`, `,"loadBalancerCostAdjustment":-0.100147,"totalCost":-0.100147`),
		one("c1/__idle__", `{"cluster":"c1"}`, `,"totalCost":5.5`),
		one("c1/__unmounted__", `{"cluster":"c1","namespace":"__unmounted__"}`, `,"totalCost":0.25`),
		one("__unallocated__", `{"cluster":"c1"}`, `,"totalCost":1e-7`),
	}, ",") + `}, {"gone":null}]}`
	s := newStore(t)
	r := load(t, s, file(t, "answer.json", answer))
	got := ask(t, s, `SELECT ResourceName, ResourceType, SubAccountId, rtrim(CAST(EffectiveCost AS VARCHAR), '0'), BilledCost = 0, Tags, ChargeDescription FROM charges WHERE ChargeCategory = 'Usage' ORDER BY ResourceId`)
	want := `unallocated|Cluster|c1|0.0000001|true|{"namespace":"__unallocated__"}|Cost that belongs to no workload
idle|Cluster|c1|5.5|true|{"namespace":"__idle__"}|Idle: what of the nodes no workload asked for
unmounted volumes|Cluster|c1|0.25|true|{"namespace":"__unmounted__"}|Volumes that no workload had mounted
web|Namespace|c1|-0.100147|true|{"namespace":"web"}|web
front-1|Container|c1|10.123456789012345678|true|{"app_kubernetes_io_name":"front","cost_center":"7","team":"a","namespace":"web","controller":"front","controller_kind":"deployment"}|web/front/front-1/nginx`
	if sorted(got) != sorted(want) {
		t.Errorf("rows are\n%s\nwant\n%s", got, want)
	}
	if got := ask(t, s, `SELECT ResourceName, count(*), rtrim(CAST(sum(EffectiveCost) AS VARCHAR), '0') FROM charges WHERE ChargeCategory = 'Adjustment' GROUP BY ALL`); got != "nodes of c1|5|-15.773309889012345678" {
		t.Errorf("what balances them is %s", got)
	}
	if r.Load.Rows != 10 || r.Load.Files[0].Format != "OpenCost allocations json" {
		t.Errorf("loaded %d rows of %q", r.Load.Rows, r.Load.Files[0].Format)
	}
	load(t, newStore(t), file(t, "answer.json.gz", gzipped(answer)), ingest.Options{Currency: "EUR"})

	for _, c := range []struct{ name, text, want string }{
		{"no cost", `{"data":[{"a":{"window":{"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"}}}]}`, `field data[0]["a"].totalCost: there is no value`},
		{"no time", `{"data":[{"a":{"totalCost":1}}]}`, "there is no value"},
		{"a bad time", `{"data":[{"a":{"window":{"start":"x","end":"2026-10-02T00:00:00Z"},"totalCost":1}}]}`, `field data[0]["a"].window.start: "x" is not a date and time`},
		{"a cost that is text", `{"data":[{"a":{"window":{"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"},"totalCost":"much"}}]}`, "field data[0]: invalid number literal"},
		{"too large a cost", `{"data":[{"a":{"window":{"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"},"totalCost":1e30}}]}`, "is no number that the store can hold"},
		{"empty", `{"code":200,"data":[null,{}]}`, "has no allocations"},
		{"cut off", `{"code":200,"data":[{"a":{"totalCost":`, "the file is truncated"},
		{"two", `{"data":null} {"data":null}`, "something follows the answer"},
		{"no list", `{"data":[1]}`, "field data[0]: it is no object"},
		{"broken", `{"data":[{"a":{]}]}`, "it is no JSON from byte"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := refused(t, newStore(t), file(t, "answer.json", c.text)).Error(); !strings.Contains(got, c.want) {
				t.Errorf("it says %q, expected %q", got, c.want)
			}
		})
	}
	t.Run("a bomb", func(t *testing.T) {
		bomb := gzipped(`{"code":200,"data":[{` + strings.Repeat(" ", 100<<20))
		if got := refused(t, newStore(t), file(t, "answer.json.gz", bomb)).Error(); !strings.Contains(got, "MiB") && !strings.Contains(got, "unpacks") {
			t.Errorf("it says %q", got)
		}
	})
}

func sorted(lines string) string { return strings.Join(sortedLines([]string{lines}), "\n") }
