package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// FuzzAmounts: what is read of a list that is JSON is what encoding/json reads of it.
func FuzzAmounts(f *testing.F) {
	for _, s := range []string{
		`[]`, `[{"name":"a","amount":-1.5},{"amount":2}]`, `[{'name': 'x', 'amount': -5e-06, 'full_name': None, 'id': "it's", 'type': 'PROMOTION'}]`,
		`[{'amount': Decimal('1.50')}]`, `[{'amount': Decimal('')}]`, `[{"amount":null}]`, `[{"amount":"1.5"}]`, `[{"name":"'amount': 5","amount":1}]`, `[{"a":[[[{"amount":1}]]]}]`,
		`[`, `[{"amount":1e400}]`, strings.Repeat("[", 100), `[{"amount":0.12345678901234567890123}]`,
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, floats bool) {
		sum, ok, err := sumAmounts(b, floats)
		if err != nil || floats {
			return
		}
		var list []struct {
			Amount json.RawMessage `json:"amount"`
		}
		// Keys in other letters are the same to encoding/json, and of one that is there twice it takes the last.
		if strings.Count(strings.ToLower(string(b)), "amount") != bytes.Count(b, []byte(`"amount"`)) || json.Unmarshal(b, &list) != nil {
			return
		}
		want, n := decimal.Zero, 0
		for _, e := range list {
			if len(e.Amount) == 0 || string(e.Amount) == "null" {
				continue
			}
			d, err := decimal.NewFromString(strings.Trim(string(e.Amount), `"`))
			if err != nil {
				return
			}
			want, n = want.Add(d.Round(18)), n+1
		}
		if n != amountsSeen(b) {
			return
		}
		if ok != (n > 0) || !sum.decimal().Equal(want) {
			t.Errorf("%s adds up to %s, %v; expected %s of %d", b, sum.decimal(), ok, want, n)
		}
	})
}

// FuzzPairs: what is taken for labels as Python writes them is JSON once its quotes are double.
func FuzzPairs(f *testing.F) {
	for _, s := range []string{`[]`, `[{"key":"a","value":"b"}]`, `[{'key': 'a', 'value': None, 'inherited': True}]`, `[{"value":"b"}]`, `[{'key': 'a"b'}]`, `[1]`, `[{"key":null}]`, `[{'key': 'a', 'value': 'x: None'}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		python, err := checkPairs(b)
		if err != nil {
			return
		}
		if !python {
			if !json.Valid(b) {
				t.Errorf("%s is taken for JSON", b)
			}
			return
		}
		l := literal{b: bytes.ReplaceAll(b, []byte{'\''}, []byte{'"'})}
		if err := l.whole(l.skip); err != nil {
			t.Errorf("%s with double quotes: %v", b, err)
		}
	})
}

// FuzzStructFields: the fields of a struct, put together again, are the same struct.
func FuzzStructFields(f *testing.F) {
	for _, s := range []string{`VARCHAR`, `STRUCT(id VARCHAR, "name" VARCHAR, labels STRUCT("key" VARCHAR, "value" VARCHAR)[])`, `STRUCT("a ""b"" (c" DECIMAL(38,9), e ENUM('x', 'y,)'), m MAP(VARCHAR, STRUCT(a INTEGER)))`,
		`STRUCT(`, `STRUCT()`, `STRUCT(a)`, `STRUCT(a INTEGER)[]`, strings.Repeat("STRUCT(a ", 100) + "INTEGER" + strings.Repeat(")", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typ string) {
		fields, is, err := structFields(typ)
		if err != nil || !is {
			return
		}
		again := make([]string, len(fields))
		for i, f := range fields {
			again[i] = ident(f.name) + " " + f.typ
		}
		other, is, err := structFields("STRUCT(" + strings.Join(again, ", ") + ")")
		if err != nil || !is || len(other) != len(fields) {
			t.Fatalf("%q is %q, and that is %q, %v, %v", typ, fields, other, is, err)
		}
		for i := range fields {
			if fields[i] != other[i] {
				t.Errorf("%q: the field %q becomes %q", typ, fields[i], other[i])
			}
		}
		_, _ = flatten([]string{"c"}, []string{typ})
		_ = listOf(typ + "[]")
	})
}

// FuzzJSONLines: any text is tallied or refused with an error for people, by many readers as by one.
func FuzzJSONLines(f *testing.F) {
	const row = `{"billing_account_id":"B","service":{"description":"S"},"usage_start_time":"2026-10-05 00:00:00 UTC","currency":"USD","cost":1.5,"credits":[{"amount":-1}],"labels":[{"key":"a","value":"b"}]}` + "\n"
	for _, s := range []string{row, row + row, row + "{", row + "[]\n", "{}\n", row + `{"service":"S","usage":{"amount":1},"cost":"x"}`, row + `{"cost":1,"cost":2}`, row + "\n\n" + strings.ReplaceAll(row, "1.5", "1e-30"),
		row + strings.Repeat("[", 2000), `{"service":{"description":{"a":1}},"cost":{"x":2}}`, row + strings.Replace(row, `"cost"`, `"\u0063ost"`, 1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "rows.json")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		src, err := open0(path)
		if err != nil {
			return
		}
		_ = IsData(path)
		src.lines = true
		one, err := tallyLines(context.Background(), src, Options{Now: time.Unix(0, 0)}, 1)
		many, err2 := tallyLines(context.Background(), src, Options{Now: time.Unix(0, 0)}, 4)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("one reader says %v, four say %v", err, err2)
		}
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Fatalf("it is refused with a %T: %v", err, err)
			}
			return
		}
		if one.rows != many.rows || one.paths.relation(src, make([]string, len(one.columns))) != many.paths.relation(src, make([]string, len(one.columns))) {
			t.Errorf("one reader finds %d rows, four %d", one.rows, many.rows)
		}
	})
}

// FuzzAllocations: any text becomes a table, each row of it with a cost and a time, or is refused with an error for people.
func FuzzAllocations(f *testing.F) {
	const one = `{"name":"a","properties":{"cluster":"c","namespace":"n","labels":{"a":"b"}},"window":{"start":"2026-10-01T00:00:00Z","end":"2026-10-02T00:00:00Z"},"totalCost":1.5}`
	for _, s := range []string{`{"code":200,"data":[{"a":` + one + `},null,{}]}`, `{"data":{"a":` + one + `}}`, `{"data":null}`, `{"data":[`, `{"data":[{"a":{"totalCost":"x"}}]}`, `{"data":[{"a":null}]}`, `{"data":[[]]}`, `{"x":` + strings.Repeat("[", 20000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "answer.json")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		src, err := open0(path)
		if err != nil {
			return
		}
		_ = formOf(b, true)
		if err := src.unfold(context.Background(), dir, 0); err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) {
				t.Fatalf("it is refused with a %T: %v", err, err)
			}
			return
		}
		file, err := os.Open(src.at)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		rows, err := csv.NewReader(file).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows[1:] {
			if _, ok := parseTime(r[1]); !ok || r[len(r)-1] == "" {
				t.Errorf("a row is %q", r)
			}
		}
	})
}
